// npm test: node26 (pure computation)
import { assert, assertEquals, assertLess } from "@std/assert";
import { test } from "node:test";
import { Recorder } from "../../bench/distribution.ts";
import { seeded } from "../../bench/random.ts";

/** Records, and gives the distribution in the units that were recorded. */
function distribution(values: Float64Array, cost = 0, nsPerUnit = 1) {
  const recorder = new Recorder();
  recorder.record(values, values.length);
  return recorder.distribution(cost, nsPerUnit);
}

test("Recorder gives exact percentiles of small values", () => {
  const values = Float64Array.from({ length: 10_000 }, (_, i) => i + 1);
  const { min, p50, p75, p90, p99, p999, p9999, max, mean } = distribution(values);
  assertEquals([min, p50, p75, p90, p99, p9999], [1, 5000, 7500, 9000, 9900, 9999]);
  // 0.999 * 10000 is a bit more than 9990 in floating point, and Deno's histogram rounds it up.
  assert(p999 === 9990 || p999 === 9991, `${p999}`);
  assertEquals([max, mean], [10_000, 5000.5]);
});

test("Recorder is within 0.02 % of exact percentiles over nine decades", () => {
  const random = seeded(1);
  const values = Float64Array.from({ length: 100_000 }, () => Math.floor(10 ** (9 * random())) + 1);
  const found = distribution(values);
  const ascending = values.slice().sort();
  for (const [part, value] of [[0.5, found.p50], [0.9, found.p90], [0.99, found.p99]] as const) {
    const exact = ascending[Math.ceil(part * values.length) - 1] as number;
    assertLess(Math.abs(value / exact - 1), 2e-4);
  }
  assertEquals([found.min, found.max], [ascending[0] as number, ascending.at(-1) as number]);
});

test("Recorder takes mean and deviation of the values themselves", () => {
  const { mean, deviation } = distribution(Float64Array.of(2, 4, 4, 4, 5, 5, 7, 9));
  assertEquals(mean, 5);
  assertLess(Math.abs(deviation - Math.sqrt(32 / 7)), 1e-12);
  // Large and close together: a sum of squares would lose them.
  const far = distribution(Float64Array.of(2e9 + 1, 2e9 + 2, 2e9 + 3));
  assertLess(Math.abs(far.deviation - 1), 1e-6);
  assertEquals(distribution(Float64Array.of(5)).deviation, 0);
});

test("Recorder takes the cost off in units of the clock, then converts", () => {
  const { min, p50, max, mean } = distribution(Float64Array.of(30, 50, 130), 25, 0.5);
  assertEquals([min, p50, max], [2.5, 12.5, 52.5]);
  assertLess(Math.abs(mean - 22.5), 1e-12);
});

test("Recorder never gives less than nothing", () => {
  const { min, p50 } = distribution(Float64Array.of(0, 0, 20, 30), 25);
  assertEquals([min, p50], [0, 0]);
});

test("Recorder takes only what it is told to, and counts", () => {
  const recorder = new Recorder();
  const buffer = Float64Array.of(1, 2, 1000);
  recorder.record(buffer, 2);
  recorder.record(buffer, 1);
  assertEquals(recorder.count, 3);
  assertEquals(recorder.distribution(0, 1).max, 2);
});

test("Recorder takes values beyond the histogram's range", () => {
  const { max, p50 } = distribution(Float64Array.of(2 ** 50, 2 ** 50, 2 ** 50));
  assertEquals(max, 2 ** 50);
  assert(p50 > 0);
});

test("Recorder hands out buckets that hold every sample, and are 0.6 % wide at most", () => {
  const random = seeded(3);
  const values = Float64Array.from(
    { length: 10_000 },
    () => 1000 + Math.floor(9e5 * random() ** 4),
  );
  const recorder = new Recorder();
  recorder.record(values, values.length);
  const buckets = recorder.histogram(0, 1);
  const ends = buckets.map(([end]) => end);
  assertEquals(ends, ends.toSorted((a, b) => a - b));
  assertEquals(ends.at(-1), Math.max(...values));
  let from = 0;
  for (const [end, samples] of buckets) {
    const inside = values.filter((value) => value > from && value <= end);
    assertEquals(inside.length, samples);
    assertLess(end / Math.min(...inside), 1.006);
    from = end;
  }
});

test("Recorder takes the cost off its buckets, too, down to nothing", () => {
  const recorder = new Recorder();
  recorder.record(Float64Array.of(0, 10, 30, 30), 4);
  const [first, second, third] = recorder.histogram(20, 0.5);
  assertEquals([first, second], [[0, 1], [0, 1]]);
  assertEquals(third, [5, 2]);
});
