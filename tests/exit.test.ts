import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { nodeMajor, run } from "./support.ts";

// Without settleBeforeExit() of ffi/node.ts one in twenty dies: this finds it 19 times in 20.
test("a program ends well that has just called now() some thousand times", {
  skip: nodeMajor < 26 && "node:ffi alone frees what the compiler still reads",
  timeout: 120_000,
}, () => {
  for (let calls = 2000; calls <= 32_000; calls += 500) {
    const { code, signal, stderr } = run("tests/fixtures/exit_hot.ts", [String(calls)]);
    assertEquals([code, signal, stderr], [0, null, ""], `${calls} calls`);
  }
});
