// npm test: node26 (pure computation)
import { assert, assertEquals } from "@std/assert";
import fs from "node:fs";
import { test } from "node:test";
import { compilerIsBusy, freesEarly, waitAtExit } from "../../ffi/node_exit.ts";

test("freesEarly() has an end, by version", () => {
  assert(freesEarly("26.0.0") && freesEarly("26.10.0") && freesEarly("27.1.0"));
  assertEquals(["26.9.9", "26.11.0", "26.12.1", "27.0.0"].map((v) => freesEarly(v, [26, 11])), [
    true,
    false,
    false,
    false,
  ]);
});

/** Threads as /proc tells of them: name, state, what they wait in. */
function threads(...all: [name: string, state: string, wchan: string][]) {
  const list = () => all.map((_, id) => String(id));
  const read = (path: string) => {
    const [, id, file] = /^\/proc\/self\/task\/(\d+)\/(\w+)$/.exec(path) ?? [];
    const [name, state, wchan] = all[Number(id)] ?? [];
    return file === "wchan" ? wchan ?? "" : `${id} (${name}) ${state} 1 2 3`;
  };
  return compilerIsBusy(list, read);
}

test("compilerIsBusy() looks at V8's threads alone", () => {
  assert(!threads(["node", "R", "0"], ["libuv-worker", "R", "0"], ["node-V8Worker", "S", "futex"]));
  assert(threads(["node", "S", "0"], ["node-V8Worker", "R", "0"]));
  assert(threads(["node-V8Worker", "D", "0"]));
  assert(threads(["node-V8Worker", "S", "hrtimer_nanosleep"]));
});

/** A process that has been told what to do at its end. */
function fakeProcess(version: string) {
  const listeners: Record<string, (() => void)[]> = { beforeExit: [], exit: [] };
  return {
    listeners,
    versions: { node: version },
    once: (event: string, listener: () => void) => void listeners[event]?.push(listener),
    cpuUsage: () => ({ user: 0, system: 0 }),
  };
}

test("waitAtExit() is there once in a process, however often the module is", () => {
  const process = fakeProcess("26.10.0");
  for (let i = 0; i < 12; i++) waitAtExit(process);
  assertEquals([process.listeners["exit"]?.length, process.listeners["beforeExit"]?.length], [
    1,
    1,
  ]);
  assertEquals(Object.keys(process), ["listeners", "versions", "once", "cpuUsage"]);
});

test("waitAtExit() is not there where Node has mended it", () => {
  const mended = fakeProcess("26.11.0");
  waitAtExit(mended, [26, 11]);
  assertEquals(mended.listeners["exit"], []);
  const broken = fakeProcess("26.10.9");
  waitAtExit(broken, [26, 11]);
  assertEquals(broken.listeners["exit"]?.length, 1);
});

/** Takes globals away while `fn` runs. */
function without<T>(globals: readonly string[], fn: () => T): T {
  const kept = globals.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
  for (const name of globals) Reflect.deleteProperty(globalThis, name);
  try {
    return fn();
  } finally {
    globals.forEach((name, i) => Object.defineProperty(globalThis, name, kept[i] ?? {}));
  }
}

/** Ends a process in which V8 never has an end; how often it was asked whether it has. */
function end(events: readonly string[], globals: readonly string[] = []): number {
  const process = fakeProcess("26.10.0");
  let looked = 0;
  const { readdirSync, readFileSync } = fs;
  Object.assign(fs, {
    readdirSync: () => ["1"],
    readFileSync: () => `1 (node-V8Worker) ${++looked > 0 ? "R" : "S"} 1 2 3`,
  });
  without(["Atomics", "SharedArrayBuffer"], () => waitAtExit(process)); // those of its import do
  Object.assign(fs, { readdirSync, readFileSync });
  process.cpuUsage = () => {
    throw new Error("mocked");
  };
  without(globals, () => {
    for (const event of events) {
      for (const listener of process.listeners[event] ?? []) listener();
    }
  });
  return looked;
}

test("waitAtExit() waits while V8 compiles, and not for ever", () => {
  assertEquals(end(["beforeExit", "exit"]), 1000);
});

test("waitAtExit() does not wait after process.exit(): nothing is freed then", () => {
  assertEquals(end(["exit"]), 0);
});

test("waitAtExit() needs no global but those of its import, and never throws", () => {
  const globals = ["Atomics", "SharedArrayBuffer", "process", "performance", "setTimeout"];
  assertEquals(end(["beforeExit", "exit"], globals), 1000);
  assertEquals(end(["exit"], globals), 0);
});
