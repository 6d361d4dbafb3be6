/** The check of the benchmark itself: its parts run here, and its verdicts are right. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { test } from "node:test";
import {
  checkKnown,
  checkOverhead,
  checkRegression,
  checkSleepers,
} from "../scripts/accuracy/checks.ts";
import type { FriendClock, Known, Overhead, Sleepers } from "../scripts/accuracy/results.ts";
import { nativeProgram, skipWithoutGcc } from "./native.ts";
import { run } from "./support.ts";

const timeout = 60_000;

function part<T>(name: string, ...args: string[]): T[] {
  const library = nativeProgram("microbench_cost", ["-shared", "-fPIC"]);
  const { code, stdout, stderr } = run(`scripts/accuracy/${name}.ts`, [library, ...args]);
  assertEquals([code, stderr], [0, ""]);
  return stdout.trim().split("\n").map((line) => JSON.parse(line) as T);
}

const gcc = { skip: skipWithoutGcc, timeout };

test("known.ts has the cost of each function from C, and how far off we are", gcc, () => {
  const all = part<Known>("known", "1", "5", "1000");
  assertEquals(all.map(({ name, mode }) => `${name} ${mode}`), [
    ...["work 25", "work 50", "work 100", "work 1000"].map((name) => `${name} throughput`),
    "work 1000 latency",
  ]);
  for (const { name, truthNs, error, errorOfFastest } of all) {
    // A multiplication takes 3 to 5 cycles of 1 to 6 GHz.
    assert(truthNs >= 0.4 * Number(name.replace("work ", "")), `${name}: ${truthNs}`);
    assert(Number.isFinite(error) && Number.isFinite(errorOfFastest), name);
  }
  // A single turn of 5 ms on any machine: far wider than what is promised.
  assertLess(Math.abs(all.find(({ name }) => name === "work 1000")?.errorOfFastest ?? 1), 0.5);
});

test(
  "overhead.ts, sleepers.ts, friends.ts and one_run.ts print what they are asked for",
  gcc,
  () => {
    const [overhead] = part<Overhead>("overhead", "1", "5");
    assert(overhead !== undefined && overhead.clockNs > 0 && overhead.latencyRatio >= 1);
    for (const { samples, percentiles } of part<Sleepers>("sleepers", "-", "50")) {
      assertGreater(samples, 9);
      // What is drawn is 1 ms and more; timers may be a part of one early.
      for (const { truthNs } of percentiles) assertGreater(truthNs, 0.9e6);
    }
    for (const { costNs, resolutionNs } of part<FriendClock>("friends")) {
      assert(costNs > 1 && resolutionNs > 0);
    }
    const [slices] = part<number[]>("one_run", "100", "5");
    assert(slices !== undefined && slices.length > 0 && slices.every((ns) => ns > 10));
  },
);

test("checks hold where figures are within their limits, and not where one is not", () => {
  const known = (error: number, mode: Known["mode"] = "throughput"): Known => {
    return { name: "work 25", mode, truthNs: 20, error, errorOfFastest: 0 };
  };
  const holds = (checks: readonly { holds: boolean }[]) => checks.map(({ holds }) => holds);
  assertEquals(holds(checkKnown("bun", [known(0.019), known(0, "latency")])), [true, true]);
  assertEquals(holds(checkKnown("bun", [known(-0.021), known(0, "latency")])), [false, true]);
  assertEquals(holds(checkKnown("bun", [known(0), known(NaN, "latency")])), [true, false]);

  const overhead = { nothingNs: 0.5, addedNs: 0, clockNs: 12, latencyRatio: 1 };
  assertEquals(holds(checkOverhead("bun", overhead)), [true, true, true]);
  const heavy = { nothingNs: 2.1, addedNs: NaN, clockNs: 12, latencyRatio: 1.21 };
  assertEquals(holds(checkOverhead("bun", heavy)), [false, false, false]);

  const sleepers = (reportedNs: number): Sleepers => {
    return { name: "x", samples: 10, percentiles: [{ p: 50, truthNs: 1e6, reportedNs }] };
  };
  assertEquals(holds(checkSleepers("bun", [sleepers(1.009e6)])), [true]);
  assertEquals(holds(checkSleepers("bun", [sleepers(0.98e6)])), [false]);

  const regression = { runs: 8, ratios: { changed: [1.05], same: [1] } };
  const of = (comparisons: number, found: number, quiet: number) =>
    holds(checkRegression("bun", { ...regression, comparisons, found, quiet }));
  assertEquals(of(20, 19, 20), [true, true]);
  assertEquals(of(20, 18, 18), [false, false]);
});
