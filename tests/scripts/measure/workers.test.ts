import { assert, assertEquals, assertGreater } from "@std/assert";
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import test from "node:test";
import type { WorkersResult } from "../../../scripts/measure/results.ts";
import { run, skipUnless } from "../../support.ts";

const hasTaskset = spawnSync("taskset", ["--version"]).status === 0;
const skip = skipUnless(hasTaskset, "taskset is not installed", "REQUIRE_TASKSET") ||
  (availableParallelism() < 2 && "this machine has one CPU");

test("workers.ts measures each round, alone and together, when there are two CPUs", {
  timeout: 60_000,
  skip,
}, () => {
  const { code, stdout, stderr } = run("scripts/measure/workers.ts", ["9"]);
  assertEquals([stderr, code], ["", 0]);
  const { rounds, alone, together, speedup } = JSON.parse(stdout) as WorkersResult;
  assertEquals(rounds, 9);
  for (const { min, median } of [alone, together]) {
    assertGreater(min, 0);
    assertGreater(median, 0);
  }
  // Of no more than two; but whatever else runs here may have stopped one that was alone.
  assertGreater(speedup.min, 0);
  assert(speedup.q1 <= speedup.median && speedup.median <= speedup.q3);
});

test("workers.ts says why when it may run on one CPU only", { timeout: 60_000, skip }, () => {
  const launcher = ["taskset", "-c", "0"];
  const { code, stdout, stderr } = run("scripts/measure/workers.ts", ["3"], { launcher });
  assertEquals([code, stdout], [1, ""]);
  assert(stderr.includes("this process may run on one CPU only"), stderr);
});
