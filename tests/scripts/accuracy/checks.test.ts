import { assertEquals } from "@std/assert";
import { test } from "node:test";
import {
  checkChanges,
  checkCosts,
  checkOverhead,
  checkSleeps,
} from "../../../scripts/accuracy/checks.ts";
import type { KnownCost, Sleeps } from "../../../scripts/accuracy/results.ts";

test("checks hold where figures are within their limits, and not where one is not", () => {
  const known = (error: number, mode: KnownCost["mode"] = "throughput"): KnownCost => {
    return { name: "work 25", mode, truthNs: 20, error, errorOfFastest: 0 };
  };
  const holds = (checks: readonly { holds: boolean }[]) => checks.map(({ holds }) => holds);
  assertEquals(holds(checkCosts("bun", [known(0.019), known(0, "latency")])), [true, true]);
  assertEquals(holds(checkCosts("bun", [known(-0.021), known(0, "latency")])), [false, true]);
  assertEquals(holds(checkCosts("bun", [known(0), known(NaN, "latency")])), [true, false]);

  const overhead = { nothingNs: 0.5, addedNs: 0, clockNs: 12, latencyRatio: 1 };
  assertEquals(holds(checkOverhead("bun", overhead)), [true, true, true]);
  const heavy = { nothingNs: 2.1, addedNs: NaN, clockNs: 12, latencyRatio: 1.21 };
  assertEquals(holds(checkOverhead("bun", heavy)), [false, false, false]);

  const sleeps = (reportedNs: number): Sleeps => {
    return { name: "x", samples: 10, percentiles: [{ p: 50, truthNs: 1e6, reportedNs }] };
  };
  assertEquals(holds(checkSleeps("bun", [sleeps(1.009e6)])), [true]);
  assertEquals(holds(checkSleeps("bun", [sleeps(0.98e6)])), [false]);

  const changes = { runs: 8, ratios: { changed: [1.05], same: [1] } };
  const of = (comparisons: number, found: number, quiet: number) =>
    holds(checkChanges("bun", { ...changes, comparisons, found, quiet }));
  assertEquals(of(20, 19, 20), [true, true]);
  assertEquals(of(20, 18, 18), [false, false]);
});
