// npm test: node26 (data in, data out)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { bucketMiddle, bucketOf, BUCKETS } from "../../jitter/buckets.ts";
import { Lateness } from "../../jitter/lateness.ts";

const MS = 1e6;

/** A timer of 10 ms that fires at these times: how many moments were how many milliseconds late. */
function lateness(times: readonly number[]): [ms: number, count: number][] {
  const counts = new Float64Array(BUCKETS);
  const meter = new Lateness(counts, 10 * MS, 0);
  for (const ms of times) meter.fired(ms * MS);
  return waits(counts);
}

function waits(counts: Float64Array): [ms: number, count: number][] {
  return Array.from(counts, (count, bucket): [number, number] => [
    Math.round(bucketMiddle(bucket) / MS * 10) / 10,
    count,
  ]).filter(([, count]) => count > 0);
}

test("Lateness counts each moment that a timer missed", () => {
  // Twice in time, then held up by 35 ms: the moments 10, 20 and 30 ms later were missed as well.
  assertEquals(lateness([10, 20, 65]), [[0, 2], [5, 1], [15, 1], [25, 1], [35, 1]]);
});

test("Lateness begins anew when the timer has fired", () => {
  assertEquals(lateness([10, 65, 75, 85]), [[0, 3], [5, 1], [15, 1], [25, 1], [35, 1], [45, 1]]);
});

test("Lateness leaves out what a timer is always late by", () => {
  assertEquals(lateness([11, 22, 33, 47]), [[0, 3], [3, 1]]);
});

test("Lateness takes a timer that is early as one in time", () => {
  assertEquals(lateness([9.5, 19.4, 30]), [[0, 2], [0.6, 1]]);
});

test("Lateness counts no moment that was before a reset, and those so far that are late now", () => {
  const counts = new Float64Array(BUCKETS);
  const meter = new Lateness(counts, 10 * MS, 0);
  const pending = (ms: number) => {
    const so = new Float64Array(BUCKETS);
    meter.addPending(so, ms * MS);
    return waits(so);
  };
  meter.fired(10 * MS);
  assertEquals(pending(15), []);
  assertEquals(pending(45), [[5, 1], [15, 1], [25, 1]]);
  assertEquals(waits(counts), [[0, 1]]);
  meter.reset(45 * MS);
  assertEquals(pending(45), []);
  meter.fired(65 * MS); // of 20, 30, 40, 50 and 60 ms
  assertEquals(waits(counts), [[0, 1], [5, 1], [15, 1]]);
  meter.fired(80 * MS);
  assertEquals(waits(counts), [[0, 1], [5, 2], [15, 1]]);
});

test("Lateness of a night is counted in no time, and as long as it was", () => {
  const counts = new Float64Array(BUCKETS);
  const night = 8 * 3600e9;
  new Lateness(counts, 10 * MS, 0).fired(night);
  const total = counts.reduce((sum, count) => sum + count, 0);
  assertEquals(Math.abs(total / (night / (10 * MS)) - 1) < 0.001, true, `${total}`);
  assertEquals(counts.findLastIndex((count) => count > 0), bucketOf(0.99999 * night));
});
