/**
 * Programs and Workers that end while V8 compiles a function that calls now(). Nothing may be freed that
 * the compiler reads. The addon frees nothing; node:ffi does, and programs must wait for the compiler.
 */
// npm test: node26 (it is of Node, and the one that has node:ffi)
import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import process from "node:process";
import { test } from "node:test";
import { full, nodeMajor, run, runtime, statisticalTest } from "../support.ts";

const timeout = 300_000;
const node = ["--allow-natives-syntax"];

const PROGRAMS = 3;
/** By node:ffi, which frees too early, 6 of 6 processes died with 16 Workers, 3 of 4 with 8 (turbofan). */
const WORKERS = full ? 16 : 8;

const COMPILERS = nodeMajor >= 24 ? ["maglev", "turbofan"] as const : ["turbofan"] as const;

/** Of the programs that end, those in which the compiler still works when the library has seen to it. */
function compiling(compiler: string, addon: boolean): number {
  const outputs = Array.from({ length: PROGRAMS }, () => {
    const options = { node, addon };
    const { code, signal, stderr, stdout } = run("tests/fixtures/exit_hot.ts", [compiler], options);
    assertEquals([code, signal, stderr], [0, null, ""]);
    return stdout;
  });
  return outputs.filter((output) => output !== "false\n").length;
}

const skipUnlessNode = runtime !== "node" && "V8's compilers are seen in Node alone";

for (const compiler of COMPILERS) {
  statisticalTest(`programs end well while ${compiler} compiles a caller of the addon's now()`, {
    skip: skipUnlessNode || nodeMajor < 24 && "Node 22 itself waits for its compilers",
    timeout,
  }, () => assertGreater(compiling(compiler, true), 0, "none ended in the midst of it"));

  test(`Workers end well while ${compiler} compiles a caller of the addon's now()`, {
    skip: skipUnlessNode,
    timeout,
  }, () => {
    const options = { node, timeout };
    const fixture = "tests/fixtures/exit_hot_workers.ts";
    const result = run(fixture, [compiler, String(WORKERS)], options);
    assertEquals(result, { code: 0, signal: null, stdout: `${WORKERS}\n`, stderr: "" });
  });
}

// ---- By node:ffi ----

const skipUnlessFfi = nodeMajor < 26 && "node:ffi alone frees what the compiler still reads";

/** One may: the wait ends after a second, and a compiler may get too little of a CPU for that long. */
function assertSettled(): void {
  for (const compiler of COMPILERS) assertLessOrEqual(compiling(compiler, false), 1, compiler);
}

statisticalTest("programs that call now() end well while V8 compiles the caller", {
  skip: skipUnlessFfi,
  timeout,
}, assertSettled);

statisticalTest("programs that call now() end well where others take the CPUs", {
  skip: skipUnlessFfi || !full && "in the full tier: node:ffi is the second choice",
  timeout,
}, () => {
  const busy = "for (const end = Date.now() + 100_000; Date.now() < end;);";
  const others = Array.from(
    { length: availableParallelism() },
    () => spawn(process.execPath, ["-e", busy], { stdio: "ignore" }),
  );
  try {
    assertSettled();
  } finally {
    for (const other of others) other.kill("SIGKILL");
  }
});
