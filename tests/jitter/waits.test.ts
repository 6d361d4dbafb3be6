// npm test: node26 (data in, data out)
import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { bucketOf, BUCKETS } from "../../jitter/buckets.ts";
import { type Waits, waitsOfBusyTimes, waitsOfMoments } from "../../jitter/waits.ts";

const MS = 1e6;

function countsOf(values: Iterable<number>): Float64Array {
  const counts = new Float64Array(BUCKETS);
  for (const value of values) counts[bucketOf(value)]! += 1;
  return counts;
}

function assertNear(found: Waits, expected: Waits): void {
  for (const key of Object.keys(expected) as (keyof Waits)[]) {
    assert(
      Math.abs(found[key] - expected[key]) <= 0.01 * expected[key] + 1,
      `${key}: ${found[key]}, not ${expected[key]}`,
    );
  }
}

const NONE: Waits = { mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };

test("waitsOfBusyTimes() are over time: one long turn counts for as long as it is", () => {
  // 100 ms in a second, and a thousand turns of nothing.
  const counts = countsOf([100 * MS, ...Array(1000).fill(0)]);
  assertNear(waitsOfBusyTimes(counts, 1000 * MS), {
    mean: 5 * MS, // a tenth of the time, 50 ms on average
    p50: 0,
    p90: 0,
    p99: 90 * MS, // a hundredth of the time has more than that before it
    p999: 99 * MS,
    max: 100 * MS,
  });
});

test("waitsOfBusyTimes() of a loop that is always busy for 10 ms", () => {
  assertNear(waitsOfBusyTimes(countsOf(Array(100).fill(10 * MS)), 1000 * MS), {
    mean: 5 * MS,
    p50: 5 * MS,
    p90: 9 * MS,
    p99: 9.9 * MS,
    p999: 9.99 * MS,
    max: 10 * MS,
  });
});

test("waitsOfBusyTimes() of turns of several lengths are what moments would meet", () => {
  const turns = [300, 40, 40, 40, 7, 7, 1, 0.5].map((ms) => ms * MS);
  const elapsed = 1000 * MS;
  const moments: number[] = [];
  const step = 0.01 * MS;
  let busy = 0;
  for (const turn of turns) {
    for (let left = turn; left > 0; left -= step) moments.push(left);
    busy += turn;
  }
  for (let idle = elapsed - busy; idle > 0; idle -= step) moments.push(0);
  assertNear(waitsOfBusyTimes(countsOf(turns), elapsed), waitsOfMoments(countsOf(moments)));
});

test("waits of nothing are none", () => {
  const nothing = new Float64Array(BUCKETS);
  assertEquals(waitsOfBusyTimes(nothing, 1000 * MS), NONE);
  assertEquals(waitsOfBusyTimes(nothing, 0), NONE);
  assertEquals(waitsOfMoments(nothing), NONE);
});
