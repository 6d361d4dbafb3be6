// npm test: node26 (pure computation)
import { assertEquals, assertGreater, assertLess, assertLessOrEqual } from "@std/assert";
import { createRequire } from "node:module";
import { test } from "node:test";
import { seeded } from "../../bench/random.ts";
import { FIRST_INDEX, middleOf, SCALE, slotOf, SLOTS, upperOf } from "../../server/exponential.ts";
import { Series } from "../../server/series.ts";
import { snapshotOf } from "../../server/snapshot.ts";

/** What OpenTelemetry's own SDK makes of a value. */
const { getMapping } = createRequire(import.meta.url)(
  "otel-metrics-1/build/src/aggregator/exponential-histogram/mapping/getMapping.js",
) as { getMapping(scale: number): { mapToIndex(value: number): number } };
const sdk = getMapping(SCALE);

test("slotOf() has the index of OpenTelemetry's SDK", () => {
  const random = seeded(18);
  for (let i = 0; i < 100_000; i++) {
    const seconds = 2 ** (random() * 42.9 - 25.9);
    assertEquals(FIRST_INDEX + slotOf(seconds), sdk.mapToIndex(seconds), `${seconds}`);
  }
  for (let exponent = -25; exponent <= 16; exponent++) {
    const power = 2 ** exponent;
    assertEquals(FIRST_INDEX + slotOf(power), sdk.mapToIndex(power), `2^${exponent}`);
    assertEquals(slotOf(power * (1 + Number.EPSILON)), slotOf(power) + 1);
  }
});

/**
 * Whether it is within the upper bound of a bucket of Prometheus: 2^(index * 2^-schema), inclusive.
 * Exact, since both sides are raised to the power of 2^schema, in integers.
 */
function isAtMost(seconds: number, index: number, schema: number): boolean {
  const fraction = 80; // bits: as many as 15 ns have
  let power = BigInt(seconds * 2 ** fraction);
  for (let i = 0; i < schema; i++) power *= power;
  return power <= 1n << BigInt(index + fraction * 2 ** schema);
}

test("a snapshot's buckets are those of Prometheus's native histograms, from offset + 1 on", () => {
  const random = seeded(19);
  const durations = [
    ...Array.from({ length: 10_000 }, () => Math.round(2 ** (random() * 42.9 - 25.9) * 1e9)),
    ...Array.from({ length: 25 }, (_, i) => 2 ** (i - 9) * 1e9), // bounds
  ];
  for (const ns of durations) {
    const series = new Series(undefined);
    series.record(ns);
    const { scale: schema, offset, counts } = snapshotOf(series).exponential;
    assertEquals(counts, [1]);
    const index = offset + 1;
    const within = [index - 1, index].map((bound) => isAtMost(ns / 1e9, bound, schema));
    assertEquals(within, [false, true], `${ns} ns at ${index}`);
  }
});

test("a bucket holds what is above the bucket before, up to its own bound", () => {
  for (let slot = 1; slot < SLOTS; slot++) {
    const [lower, upper] = [upperOf(slot - 1), upperOf(slot)];
    assertEquals(slotOf(upper), slot);
    assertEquals(slotOf(lower * (1 + Number.EPSILON)), slot);
    assertLess(Math.abs(upper / lower / 2 ** (1 / 16) - 1), 1e-15);
  }
});

test("middleOf() is at most 3 % off, whatever was in the bucket", () => {
  for (let slot = 1; slot < SLOTS; slot++) {
    for (const value of [upperOf(slot - 1) * (1 + Number.EPSILON), upperOf(slot)]) {
      assertLess(Math.abs(middleOf(slot) / value - 1), 0.022);
    }
  }
});

test("slotOf() has room from 15 ns to a day and a half, and puts the rest at the ends", () => {
  assertEquals(slotOf(1e-9), 0);
  assertGreater(slotOf(20e-9), 0);
  assertGreater(upperOf(SLOTS - 1), 86_400);
  assertEquals(slotOf(1e-10), 0);
  assertEquals(slotOf(5e-324), 0);
  assertEquals(slotOf(2 ** 17 + 1), SLOTS - 1);
  assertEquals(slotOf(1e300), SLOTS - 1);
  assertEquals(slotOf(Infinity), SLOTS - 1);
  assertLessOrEqual(upperOf(0), 16e-9);
});
