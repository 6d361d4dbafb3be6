// npm test: node26 (pure computation)
import { assert, assertEquals, assertLess } from "@std/assert";
import { test } from "node:test";
import type { Interval } from "../../bench/bootstrap.ts";
import { seeded } from "../../bench/random.ts";
import { independentInterval, pairedInterval } from "../../bench/ratio_interval.ts";
import { full, runtime } from "../support.ts";
import { normal } from "./support.ts";

const timeout = 60_000;

const DISTRIBUTIONS: Readonly<Record<string, (random: () => number) => number>> = {
  normal: (random) => 100 * (1 + 0.015 * normal(random)),
  skewed: (random) => 100 * Math.exp(0.03 * normal(random) ** 2),
  "of two levels": (random) => (random() < 0.3 ? 110 : 100) * (1 + 0.005 * normal(random)),
};

const ROUNDS = full && runtime === "node" ? 3000 : 200; // an engine makes no difference
/** Per cent: of an interval that misses once in a hundred times, one of 10,000 simulations finds more. */
const LIMIT = 1 + 100 * 3.8 * Math.sqrt(0.01 * 0.99 / ROUNDS);

/** In how many per cent of many rounds the interval misses a ratio of 1.2. */
function misses(
  seed: number,
  length: number,
  draw: (random: () => number) => number,
  interval: (a: number[], b: number[]) => Interval | undefined,
  drift = 0,
): number {
  const random = seeded(seed);
  let missed = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const machine = Array.from({ length }, (_, i) => 1 + drift * i);
    const a = machine.map((level) => level * draw(random));
    const b = machine.map((level) => 1.2 * level * draw(random));
    const { low, high, level } = interval(a, b) ?? { low: NaN, high: NaN, level: 0 };
    assert(level >= 0.99);
    if (!(low <= 1.2 && 1.2 <= high)) missed++;
  }
  return 100 * missed / ROUNDS;
}

for (const [name, draw] of Object.entries(DISTRIBUTIONS)) {
  test(`an interval at 99 % misses once in a hundred times, if values are ${name}`, {
    timeout,
  }, () => {
    for (const [i, length] of [5, 7, 10, 20].entries()) {
      const independent = misses(i, length, draw, (a, b) => independentInterval(a, b, 0.99));
      assertLess(independent, LIMIT, `${length} independent`);
      if (length < 8) continue;
      const paired = misses(i, length, draw, (a, b) => pairedInterval(a, b, 0.99), 0.05);
      assertLess(paired, LIMIT, `${length} pairs`);
    }
  });
}

test("independentInterval() has all ratios where there are too few, and says at what level", () => {
  // The extreme of 70 ways to part 8 values, on both sides.
  const { low, high, level } = independentInterval([1, 2, 3, 4], [6, 6, 7, 8], 0.99);
  assertEquals([low, high], [6 / 4, 8]);
  assertLess(Math.abs(level - (1 - 2 / 70)), 1e-12);
});

test("independentInterval() agrees with a published one", () => {
  // Hollander, Wolfe, Chicken, 4.3: the differences of the data of example 4.1, at 96 %.
  const term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
  const weeks = [1.15, 0.88, 0.90, 0.74, 1.21];
  const exp = (values: readonly number[]) => values.map(Math.exp);
  const { low, high } = independentInterval(exp(term), exp(weeks), 0.96);
  assertLess(Math.abs(Math.log(low) + 0.76), 1e-9);
  assertLess(Math.abs(Math.log(high) - 0.15), 1e-9);
});

test("pairedInterval() leaves out what both have in common", () => {
  const machine = Array.from({ length: 12 }, (_, i) => 100 + 10 * i);
  const random = seeded(5);
  const other = machine.map((level) => level * 1.04 * (1 + random() / 1000));
  const { low, high } = pairedInterval(machine, other, 0.99) ?? { low: 0, high: 0 };
  assert(low > 1.039 && high < 1.042, `${low} ${high}`);
  assert(independentInterval(machine, other, 0.99).low < 0.8);
});

test("pairedInterval() knows nothing of fewer than eight at 99 %", () => {
  const values = (length: number) => Array.from({ length }, (_, i) => 1 + i);
  assertEquals(pairedInterval(values(7), values(7), 0.99), undefined);
  assertEquals(pairedInterval(values(8), values(8), 0.99)?.level, 0.99);
  assertEquals(pairedInterval(values(5), values(5), 0.9)?.level, 0.9);
});
