// both tiers: node22, node26 (it is for Node alone)
import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { callerFile } from "../../ffi/caller_file.ts";

const own = () => callerFile();
const skip = process.versions["bun"] || "Deno" in globalThis ? "it is for Node alone" : false;

test("callerFile() is the file of the function that calls it", { skip }, () => {
  assertEquals(own(), import.meta.url);
});

test("callerFile() leaves Error as it was", { skip }, () => {
  const looks = () => Object.entries(Object.getOwnPropertyDescriptors(Error));
  const before = looks();
  own();
  assertEquals(looks(), before);

  const prepareStackTrace = () => "mine";
  const { stackTraceLimit } = Error;
  Object.assign(Error, { prepareStackTrace, stackTraceLimit: 0 });
  try {
    assertEquals(own(), import.meta.url);
    const left = Error as { prepareStackTrace?: unknown };
    assertEquals([left.prepareStackTrace, Error.stackTraceLimit], [prepareStackTrace, 0]);
  } finally {
    Reflect.deleteProperty(Error, "prepareStackTrace");
    Error.stackTraceLimit = stackTraceLimit;
  }
});

test("callerFile() gives an accessor back what it had, as SES puts one there", { skip }, () => {
  const values = { prepareStackTrace: undefined as unknown, stackTraceLimit: 10 as unknown };
  const before = Object.getOwnPropertyDescriptors(Error) as Record<string, PropertyDescriptor>;
  for (const name of ["prepareStackTrace", "stackTraceLimit"] as const) {
    Object.defineProperty(Error, name, {
      configurable: true,
      get: () => values[name],
      set: (value: unknown) => {
        values[name] = value;
      },
    });
  }
  try {
    own();
    assertEquals(values, { prepareStackTrace: undefined, stackTraceLimit: 10 });
  } finally {
    for (const name of ["prepareStackTrace", "stackTraceLimit"]) {
      if (before[name]) Object.defineProperty(Error, name, before[name]);
      else Reflect.deleteProperty(Error, name);
    }
  }
});

test("callerFile() throws nothing where Error refuses, and where V8's own functions are gone", {
  skip,
}, () => {
  const before = Object.getOwnPropertyDescriptors(Error) as Record<string, PropertyDescriptor>;
  const refuse = () => {
    throw new RangeError("no");
  };
  try {
    Object.defineProperty(Error, "prepareStackTrace", {
      configurable: true,
      get: () => undefined,
      set: refuse,
    });
    assertEquals(own(), import.meta.url);
    Reflect.deleteProperty(Error, "captureStackTrace");
    assertEquals(own(), undefined);
  } finally {
    Object.defineProperty(Error, "captureStackTrace", before["captureStackTrace"] ?? {});
    Reflect.deleteProperty(Error, "prepareStackTrace");
    if (before["prepareStackTrace"]) {
      Object.defineProperty(Error, "prepareStackTrace", before["prepareStackTrace"]);
    }
  }
});

test("callerFile() leaves Error as it was where Object.prototype has a getter", { skip }, () => {
  const get = () => 1;
  Object.defineProperty(Object.prototype, "get", { configurable: true, value: get });
  try {
    assertEquals(own(), import.meta.url);
  } finally {
    Reflect.deleteProperty(Object.prototype, "get");
  }
  assertEquals(typeof new Error("text").stack, "string");
});

/** What it says in a program that begins so: to a function, to the module, and to text of eval(). */
function inFrozen(options: readonly string[], first: string): unknown {
  const module = JSON.stringify(new URL("../../ffi/caller_file.ts", import.meta.url).href);
  const program = `import { callerFile } from ${module};
    ${first}
    const named = () => callerFile();
    const evaluated = (0, eval)("callerFile => callerFile()");
    console.log(JSON.stringify([named(), callerFile(), evaluated(callerFile)]));`;
  const directory = mkdtempSync(join(tmpdir(), "vdso (caller) "));
  try {
    const path = join(directory, "of me.mjs");
    writeFileSync(path, program);
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ["--no-warnings", ...options, path],
      { encoding: "utf8" },
    );
    assert(stdout, stderr);
    const url = pathToFileURL(path).href;
    return (JSON.parse(stdout) as unknown[]).map((file) => file === url ? "own" : file);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("callerFile() goes by the stack's text where Error is frozen", { skip }, () => {
  assertEquals(inFrozen([], "Object.freeze(Error);"), ["own", "own", null]);
  assertEquals(inFrozen(["--frozen-intrinsics"], ""), ["own", "own", null]);
});
