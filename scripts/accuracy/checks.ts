/** What is promised of the benchmark's figures. */
import { check, checkLeast } from "../measure/checks.ts";
import type { Check } from "../measure/results.ts";
import type { RuntimeName } from "../runtimes.ts";
import type { Changes } from "./changes.ts";
import type { KnownCost, Overhead, Sleeps } from "./results.ts";

/** The largest, in whichever direction; NaN if one is none. */
function worst(parts: readonly number[]): number {
  return 100 * Math.max(...parts.map(Math.abs));
}

/** What is reported is within 2 % of what C says. */
export function checkCosts(runtime: RuntimeName, all: readonly KnownCost[]): Check[] {
  return (["throughput", "latency"] as const).map((mode) => {
    const errors = all.filter((one) => one.mode === mode).map(({ error }) => error);
    return check(runtime, `known costs, ${mode}: error, %`, worst(errors), 2);
  });
}

export function checkOverhead(runtime: RuntimeName, overhead: Overhead): Check[] {
  const { nothingNs, addedNs, latencyRatio } = overhead;
  return [
    check(runtime, "a function that does nothing, ns", nothingNs, 2),
    check(runtime, "added to a function of 10 ns, ns", addedNs, 2),
    check(runtime, "latency of nothing, times the clock's cost", latencyRatio, 1.2),
  ];
}

/** The percentiles of handlers that sleep are within 1 %. */
export function checkSleeps(runtime: RuntimeName, all: readonly Sleeps[]): Check[] {
  return all.map(({ name, percentiles }) => {
    const errors = percentiles.map(({ truthNs, reportedNs }) => reportedNs / truthNs - 1);
    return check(runtime, `percentiles, ${name}: error, %`, worst(errors), 1);
  });
}

/** 19 of 20, or as many of fewer. */
export function checkChanges(runtime: RuntimeName, changes: Changes): Check[] {
  const { comparisons, found, quiet } = changes;
  const least = Math.floor(comparisons * 19 / 20);
  return [
    checkLeast(runtime, `5 % more found, of ${comparisons}`, found, least),
    checkLeast(runtime, `no change: none claimed, of ${comparisons}`, quiet, least),
  ];
}
