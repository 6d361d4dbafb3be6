import { assertEquals, assertLessOrEqual } from "@std/assert";
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import process from "node:process";
import { test } from "node:test";
import { nodeMajor, run } from "./support.ts";

const options = {
  skip: nodeMajor < 26 && "node:ffi alone frees what the compiler still reads",
  timeout: 120_000,
};

/**
 * Of six programs that end while V8 compiles a function that calls now(), those in which it still
 * does when the library has seen to the end: nearly all without settleBeforeExit() of ffi/node.ts,
 * and one in twenty dies of it.
 */
function compiling(compiler: string): number {
  const outputs = Array.from({ length: 6 }, () => {
    const { code, signal, stderr, stdout } = run("tests/fixtures/exit_hot.ts", [compiler], {
      node: ["--allow-natives-syntax"],
    });
    assertEquals([code, signal, stderr], [0, null, ""]);
    return stdout;
  });
  return outputs.filter((output) => output !== "false\n").length;
}

/** One may: the wait ends after 100 ms, and a compiler may get too little of a CPU for that long. */
function assertSettled(): void {
  for (const compiler of ["maglev", "turbofan"]) {
    assertLessOrEqual(compiling(compiler), 1, compiler);
  }
}

test("programs that call now() end well while V8 compiles the caller", options, () => {
  assertSettled();
});

test("programs that call now() end well where others take the CPUs", options, () => {
  const busy = "for (const end = Date.now() + 100_000; Date.now() < end;);";
  const others = Array.from(
    { length: 2 * availableParallelism() },
    () => spawn(process.execPath, ["-e", busy], { stdio: "ignore" }),
  );
  try {
    assertSettled();
  } finally {
    for (const other of others) other.kill("SIGKILL");
  }
});
