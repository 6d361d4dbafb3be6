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
 * How many of so many programs V8 was still at work for when the library had seen to their end: half
 * of them without settleBeforeExit() of ffi/node.ts, and one in twenty dies of it. One is none: it may
 * be V8 collecting garbage for the program that looks.
 */
function atWork(programs: number): number {
  let count = 0;
  for (let i = 0; i < programs; i++) {
    const calls = 2000 + Math.floor(i / programs * 30_000);
    const { code, signal, stderr, stdout } = run("tests/fixtures/exit_hot.ts", [String(calls)]);
    assertEquals([code, signal, stderr], [0, null, ""], `${calls} calls`);
    if (Number(stdout) > 0) count++;
  }
  return count;
}

test("programs that have just called now() some thousand times end well", options, () => {
  assertLessOrEqual(atWork(12), 1);
});

test("programs that call now() end well where others take the CPUs", options, () => {
  const busy = "for (const end = Date.now() + 100_000; Date.now() < end;);";
  const others = Array.from(
    { length: 2 * availableParallelism() },
    () => spawn(process.execPath, ["-e", busy], { stdio: "ignore" }),
  );
  try {
    assertLessOrEqual(atWork(16), 1);
  } finally {
    for (const other of others) other.kill("SIGKILL");
  }
});
