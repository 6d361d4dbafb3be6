// both tiers: node22, node26 (it is for Node alone)
import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
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

test("callerFile() is undefined where Error is frozen", { skip }, () => {
  const module = JSON.stringify(new URL("../../ffi/caller_file.ts", import.meta.url).href);
  const program =
    `Object.freeze(Error); import(${module}).then((m) => console.log(m.callerFile()))`;
  const { stdout } = spawnSync(process.execPath, ["--no-warnings", "-e", program], {
    encoding: "utf8",
  });
  assertEquals(stdout.trim(), "undefined");
});
