// npm test: node26 (pure computation)
import { assertEquals, assertGreater, assertLess, assertLessOrEqual } from "@std/assert";
import { createRequire } from "node:module";
import { test } from "node:test";
import { seeded } from "../../bench/random.ts";
import { FIRST_INDEX, middleOf, SCALE, slotOf, SLOTS, upperOf } from "../../server/exponential.ts";

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
