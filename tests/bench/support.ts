/** What tests of the benchmark share. */
import { assert, assertEquals } from "@std/assert";
import type { BenchResult } from "../../bench/mod.ts";
import { now } from "../../mod.ts";

/** As short as it gets. */
export const SHORT = { time: 10, warmup: 10 };

let sum = 0;

/** Takes a few microseconds. */
export const work = (): number => {
  for (let i = 0; i < 100; i++) sum = Math.sin(sum + i);
  return sum;
};

/** What holds for every result. */
export function checkResult(
  { ns, histogram, median, slices, samples, calls, batch, clock, warmup, baseline }: BenchResult,
): void {
  const ascending = [ns.min, ns.p50, ns.p75, ns.p90, ns.p99, ns.p999, ns.p9999, ns.max];
  assertEquals(ascending, ascending.toSorted((a, b) => a - b));
  assert(ns.min <= ns.mean && ns.mean <= ns.max && ns.deviation >= 0);
  assert(median.low <= median.high && median.level === 0.95);
  assertEquals(histogram.reduce((sum, [, count]) => sum + count, 0), samples);
  assertEquals(histogram.at(-1)?.[0], ns.max);
  assertEquals(calls, samples * batch);
  assert(slices.length > 0 && samples >= 10 && warmup.calls > 0);
  assert(clock.costNs > 0 && clock.resolutionNs > 0);
  assert(baseline.ns <= baseline.p99);
}

/** Normal deviates by Box and Muller's method. */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Takes a known time: by this library's clock, which is the point. */
export function spin(ns: number): () => void {
  return () => {
    const until = now() + ns;
    while (now() < until) continue;
  };
}
