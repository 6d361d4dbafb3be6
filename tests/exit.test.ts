import { assertEquals } from "@std/assert";
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import process from "node:process";
import { test } from "node:test";
import { nodeMajor, run } from "./support.ts";

const options = {
  skip: nodeMajor < 26 && "node:ffi alone frees what the compiler still reads",
  timeout: 120_000,
};

/** Without settleBeforeExit() of ffi/node.ts one in twenty dies, but more leave V8 at work. */
function endWell(programs: number): void {
  for (let i = 0; i < programs; i++) {
    const calls = 2000 + Math.floor(i / programs * 30_000);
    const { code, signal, stderr, stdout } = run("tests/fixtures/exit_hot.ts", [String(calls)]);
    assertEquals([code, signal, stderr, stdout], [0, null, "", "0\n"], `${calls} calls`);
  }
}

test("programs that have just called now() some thousand times end well", options, () => {
  endWell(12);
});

test("programs that call now() end well where others take the CPUs", options, () => {
  const busy = "for (const end = Date.now() + 100_000; Date.now() < end;);";
  const others = Array.from(
    { length: 2 * availableParallelism() },
    () => spawn(process.execPath, ["-e", busy], { stdio: "ignore" }),
  );
  try {
    endWell(16);
  } finally {
    for (const other of others) other.kill("SIGKILL");
  }
});
