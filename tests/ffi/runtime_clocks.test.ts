import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { test } from "node:test";
import type { Globals } from "../../ffi/runtime.ts";
import { runtimeClocks } from "../../ffi/runtime_clocks.ts";
import { now, type Sources } from "../../mod.ts";
import { run, runtime, WITHOUT_FFI } from "../support.ts";

const cpuUsage = () => ({ user: 3, system: 4 });
const processOf = (versions: { node?: string; bun?: string }) => ({
  platform: "linux",
  arch: "x64",
  argv: [],
  versions,
  hrtime: { bigint: () => 123_456_789_012n },
  cpuUsage,
  threadCpuUsage: cpuUsage,
  getBuiltinModule: () => ({ uptime: () => 1.25 }),
});
const performance = { now: () => 1.5 };
const node: Globals = { process: processOf({ node: "26.0.0" }), performance };
const bun: Globals = {
  process: processOf({ node: "24.0.0", bun: "1.4.5" }),
  Bun: { nanoseconds: () => 77 },
  performance,
};

function deno(granted: boolean | (() => boolean)): Globals {
  return {
    process: processOf({ node: "24.0.0" }),
    Deno: {
      dlopen: () => {},
      build: { os: "linux", arch: "aarch64" },
      permissions: {
        querySync: ({ name, kind }) => {
          assertEquals([name, kind], ["sys", "osUptime"]);
          const is = typeof granted === "function" ? granted() : granted;
          return { state: is ? "granted" : "prompt" };
        },
      },
      readTextFileSync: (path) => path,
      osUptime: () => 9,
    },
    performance,
  };
}

test("runtimeClocks() are in nanoseconds, and say whose timeline they are on", () => {
  const describe = (g: Globals) => {
    const { timeline, clocks: { CLOCK_MONOTONIC: clock } } = runtimeClocks(g);
    return [clock.name, timeline, clock.now(), clock.nowBigInt()];
  };
  assertEquals(describe(node), [
    "process.hrtime.bigint",
    "machine",
    123_456_789_012,
    123_456_789_012n,
  ]);
  assertEquals(describe(bun), ["Bun.nanoseconds", "context", 77, 77n]);
  assertEquals(describe(deno(true)), ["performance.now", "context", 1_500_000, 1_500_000n]);
  assertEquals(describe({ performance }), ["performance.now", "context", 1_500_000, 1_500_000n]);
});

test("runtimeClocks() has CPU time, and time with suspend, where the runtime has", () => {
  const { clocks } = runtimeClocks(deno(true));
  assertEquals(clocks.CLOCK_BOOTTIME?.now(), 9e9);
  assertEquals(clocks.CLOCK_PROCESS_CPUTIME_ID?.nowBigInt(), 7000n);
  assertEquals(clocks.CLOCK_THREAD_CPUTIME_ID?.now(), 7000);
  assertEquals(runtimeClocks(deno(false)).clocks.CLOCK_BOOTTIME, undefined);
  const { threadCpuUsage: _, ...old } = processOf({ node: "22.0.0" });
  const before = runtimeClocks({ process: old, performance }).clocks;
  assertEquals(before.CLOCK_THREAD_CPUTIME_ID, undefined);
  assertEquals(before.CLOCK_PROCESS_CPUTIME_ID?.name, "process.cpuUsage");
  assertEquals(runtimeClocks({ performance }).clocks.CLOCK_PROCESS_CPUTIME_ID, undefined);
});

test("runtimeClocks() have no time with suspend any more once the permission was dropped", () => {
  let granted = true;
  const { clocks } = runtimeClocks(deno(() => granted));
  assertEquals(clocks.CLOCK_BOOTTIME?.name, "Deno.osUptime");
  granted = false; // Deno.osUptime() would prompt
  assertEquals(clocks.CLOCK_BOOTTIME, undefined);
});

test("runtimeClocks() keep no function that somebody put there for a while", () => {
  const g = { process: processOf({ node: "26.0.0" }), performance: { now: () => 1.5 } };
  g.process.hrtime = { bigint: () => 1n }; // fake timers
  const { clocks } = runtimeClocks(g);
  assertEquals(clocks.CLOCK_MONOTONIC.now(), 1);
  g.process.hrtime = { bigint: () => 2n };
  assertEquals(clocks.CLOCK_MONOTONIC.nowBigInt(), 2n);
  const other = { performance: { now: () => 1 } };
  const { CLOCK_MONOTONIC } = runtimeClocks(other).clocks;
  other.performance = { now: () => 2 };
  assertEquals(CLOCK_MONOTONIC.now(), 2e6);
});

interface Report extends Pick<Sources, "ffi" | "timeline" | "clocks"> {
  outcomes: Record<string, unknown>;
}

test("every monotonic and CPU clock answers without an FFI, as sources() says", {
  skip: runtime === "bun" && "Bun has no permissions: it is without an FFI nowhere",
}, () => {
  const started = now();
  const { code, stdout, stderr } = run("tests/fixtures/clocks_without_ffi.ts", [], WITHOUT_FFI);
  assertEquals(code, 0, stderr);
  const { ffi, timeline, clocks = {}, outcomes } = JSON.parse(stdout) as Report;
  assertEquals(ffi, "none");
  for (const name of ["now", "nowRaw", "nowCoarse"]) {
    const value = Number(outcomes[name]);
    if (timeline === "machine") assert(started < value && value < now(), name);
    else assertGreater(value, 0, name);
  }
  assert(Number(outcomes["processCpuTime"]) >= 0);
  for (const [name, clock] of [["nowBoot", "BOOTTIME"], ["threadCpuTime", "THREAD_CPUTIME_ID"]]) {
    const has = clocks[`CLOCK_${clock}`] !== undefined;
    assertEquals(outcomes[name ?? ""] === "UnsupportedError", !has, name);
  }
  assertEquals(clocks["CLOCK_BOOTTIME"] === undefined, runtime === "deno");
  assertLess(Math.abs(Number(outcomes["realtimeMicros"]) / 1000 - Date.now()), 60_000);
  for (const name of ["cpu", "getcpu", "ticks", "ticksInfo", "inspect"]) {
    assertEquals(outcomes[name], "UnsupportedError", name);
  }
  assertEquals(typeof outcomes["randomU32"], "number");
  // What the guides show: docs/locked-down.md.
  assertEquals(
    clocks["CLOCK_MONOTONIC_RAW"],
    runtime === "deno" ? "performance.now" : "process.hrtime.bigint",
  );
});
