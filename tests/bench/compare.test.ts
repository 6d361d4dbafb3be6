// npm test: node26 (pure computation)
import { assert, assertEquals, assertGreaterOrEqual, assertLess, assertThrows } from "@std/assert";
import { test } from "node:test";
import { compare, type CompareOptions } from "../../bench/mod.ts";
import { seeded } from "../../bench/random.ts";
import { inOtherRealm } from "../fixtures/other_realm.ts";
import { full } from "../support.ts";

/**
 * Process runs as they are: processes differ by 1.5 %, what is common to neighbours in time
 * drifts by 3 %, and samples have a tail to the right.
 */
function simulate(
  random: () => number,
  runs: number,
  factors: readonly number[],
  drift: number,
): number[][][] {
  const sides = factors.map(() => [] as number[][]);
  const bell = () => random() + random() + random() + random() - 2; // deviation 0.58
  for (let run = 0; run < runs; run++) {
    const machine = 1 + drift * Math.sin(run / runs * 6);
    factors.forEach((factor, side) => {
      const level = 100 * factor * machine * (1 + 0.015 / 0.58 * bell());
      sides[side]?.push(Array.from({ length: 50 }, () => level * (1 + 0.01 * random() ** 4)));
    });
  }
  return sides;
}

const RUNS = 20;
const ROUNDS = full ? 200 : 100;

/** How often each verdict comes. */
function verdicts(
  factor: number,
  options: CompareOptions = {},
  drift = 0.03,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let seed = 0; seed < ROUNDS; seed++) {
    const [a = [], b = []] = simulate(seeded(seed), RUNS, [1, factor], drift);
    const { verdict, basis } = compare(a, b, { paired: true, ...options });
    assertEquals(basis, "runs");
    counts[verdict] = (counts[verdict] ?? 0) + 1;
  }
  return counts;
}

const timeout = 60_000;

test("compare() finds a regression of 5 % in 19 of 20 comparisons", { timeout }, () => {
  const counts = verdicts(1.05);
  assertGreaterOrEqual(counts["slower"] ?? 0, ROUNDS * 19 / 20, JSON.stringify(counts));
  assertEquals(counts["faster"], undefined);
});

test("compare() finds an improvement of 5 % in 19 of 20 comparisons", { timeout }, () => {
  const counts = verdicts(0.95);
  assertGreaterOrEqual(counts["faster"] ?? 0, ROUNDS * 19 / 20, JSON.stringify(counts));
  assertEquals(counts["slower"], undefined);
});

test("compare() reports no change in 19 of 20 comparisons of equals", { timeout }, () => {
  const counts = verdicts(1);
  assertGreaterOrEqual(counts["no change"] ?? 0, ROUNDS * 19 / 20, JSON.stringify(counts));
});

test("compare() raises false alarms no more often than alpha, whatever the threshold", {
  timeout,
}, () => {
  const { "no change": none = 0, ...alarms } = verdicts(1, { threshold: 0 }, 0);
  // Without the drift, which makes the test more careful than it says.
  // 1 % of 200 are 2, and more than 6 would come about once in 200 times; so would more than 4 of 100.
  assertGreaterOrEqual(none, ROUNDS - (full ? 6 : 4), JSON.stringify(alarms));
});

test("compare() gives ratio, interval and effect size", () => {
  const base = Array.from({ length: 10 }, (_, i) => [100 + i / 10]);
  const other = Array.from({ length: 10 }, (_, i) => [120 + i / 10]);
  const { verdict, ratio, interval, p, superiority } = compare(base, other);
  assertEquals([verdict, superiority], ["slower", 1]);
  assertLess(Math.abs(ratio - 120.45 / 100.45), 1e-12);
  assert(interval.low <= ratio && ratio <= interval.high);
  assertEquals(interval.level, 0.99);
  assertLess(p, 1e-4);
});

test("compare() claims no change only where the whole interval says so", () => {
  const runs = (...values: number[]) => values.map((value) => [value]);
  const base = runs(98, 99, 100, 100, 101, 102);
  const verdict = (other: number[][], options?: CompareOptions) =>
    compare(base, other, options).verdict;
  // Of the same median; that it may be half as much, or twice, is no "no change".
  const wild = runs(50, 90, 100, 101, 150, 200);
  assertEquals(verdict(wild), "cannot tell");
  assertEquals(verdict(base), "no change");
  assertEquals(verdict(base, { margin: 0.02 }), "cannot tell");
  assertEquals(verdict(wild, { margin: 2 }), "no change");
});

test("compare() claims no difference below the threshold, however certain", () => {
  const base = Array.from({ length: 10 }, (_, i) => [100 + i / 1000]);
  const other = Array.from({ length: 10 }, (_, i) => [100.5 + i / 1000]);
  assertEquals(compare(base, other).verdict, "no change");
  assertEquals(compare(base, other, { threshold: 0.001 }).verdict, "slower");
});

test("compare() says that it has too few, rather than that there is no change", () => {
  const runs = (level: number, count: number) =>
    Array.from({ length: count }, (_, i) => [level + i]);
  assertEquals(compare(runs(100, 4), runs(500, 4)).verdict, "too few");
  assertEquals(compare(runs(100, 5), runs(500, 5)).verdict, "slower");
  assertEquals(compare(runs(100, 4), runs(500, 4), { alpha: 0.05 }).verdict, "slower");
});

test("compare() answers the example of its docs as they say", () => {
  const before = [[20.1, 20.2], [20.0, 20.1], [20.3, 20.5], [20.4, 20.2], [20.1, 20.1]];
  const after = [[18.1, 18.2], [18.0, 18.1], [18.3, 18.5], [18.4, 18.2], [18.1, 18.1]];
  const { verdict, ratio } = compare(before, after);
  assertEquals([verdict, ratio.toFixed(2)], ["faster", "0.90"]);
});

test("compare() takes a single run each by its slices, and says so", () => {
  const slices = (level: number) => [Array.from({ length: 100 }, (_, i) => level + i % 7)];
  const { verdict, basis } = compare(slices(100), slices(90));
  assertEquals([verdict, basis], ["faster", "slices"]);
});

test("compare() takes a single run of however many slices, and finds 2 % of difference or none", () => {
  const random = seeded(9);
  const slices = (level: number) => [
    Array.from({ length: 50_000 }, () => level * (1 + 0.1 * random())),
  ];
  const [a, same, slower] = [slices(100), slices(100), slices(102)];
  assertEquals(compare(a, same).verdict, "no change");
  const { verdict, ratio, interval: { low, high } } = compare(a, slower);
  assertEquals(verdict, "slower");
  assert(low < 1.02 && 1.02 < high && high - low < 0.01, `${low} ${ratio} ${high}`);
});

test("compare() pairs runs only if they belong together, so that what slows both down cancels out", () => {
  const random = seeded(5);
  // The machine gets slower and slower; the second is 4 % slower, always.
  const machine = Array.from({ length: 12 }, (_, i) => 100 + 10 * i);
  const base = machine.map((level) => [level * (1 + random() / 1000)]);
  const other = machine.map((level) => [level * 1.04 * (1 + random() / 1000)]);
  const { interval } = compare(base, other, { paired: true });
  assert(interval.low > 1.02 && interval.high < 1.06, JSON.stringify(interval));
  // Of another day, that this one got slower too is chance.
  const { interval: apart, verdict } = compare(base, other);
  assert(apart.low < 0.8 && apart.high > 1.3, JSON.stringify(apart));
  assertEquals(verdict, "cannot tell");
});

test("compare() refuses what has no values", () => {
  assertThrows(() => compare([], [[1]]), RangeError, "`base`");
  assertThrows(() => compare([[1]], [[1], []]), RangeError, "`other`");
  assertThrows(() => compare([[1]], [[NaN]]), RangeError, "NaN");
  assertThrows(() => compare([[0]], [[1]]), RangeError, "above 0");
});

test("compare() refuses what is no array of runs of numbers", () => {
  const sound = [[1]];
  const wrong = (value: unknown) => value as typeof sound;
  const none = [null, undefined, 5, "20", {}, [20.1, 20.0], ["20"], [[1], 2], [[1], null]];
  for (const value of [...none, new Float64Array(3), [new Float64Array(3)]]) {
    assertThrows(() => compare(wrong(value), sound), TypeError, "Expected `base` to be runs, each");
    assertThrows(() => compare(sound, wrong(value)), TypeError, "`other` to be runs, each");
  }
  const sparse: number[] = [1, 2];
  sparse[5] = 3;
  for (const [run, got] of [[["20"], "string"], [[1n], "bigint"], [[null], "object"]] as const) {
    assertThrows(
      () => compare(sound, wrong([run])),
      TypeError,
      `\`other\` to be numbers, got ${got}`,
    );
  }
  assertThrows(() => compare([sparse], sound), TypeError, "`base` to be numbers, got undefined");
  assertEquals(compare(inOtherRealm("[[1]]"), sound).basis, "slices");
});

test("compare() refuses options that it cannot use", () => {
  const wrong = (options: unknown) => () => compare([[1]], [[1]], options as CompareOptions);
  assertThrows(wrong({ seed: 1 }), TypeError, "alpha, threshold, margin, paired, got seed");
  assertThrows(wrong({ alpha: "1" }), TypeError, "`alpha`");
  assertThrows(wrong({ paired: 1 }), TypeError, "`paired`");
  for (const alpha of [0, 1, NaN]) assertThrows(wrong({ alpha }), RangeError, "`alpha`");
  for (const value of [-0.1, NaN]) {
    assertThrows(wrong({ threshold: value }), RangeError, "`threshold`");
    assertThrows(wrong({ margin: value }), RangeError, "`margin`");
  }
  const uneven = () => compare([[1], [2]], [[1]], { paired: true });
  assertThrows(uneven, RangeError, "as many runs on both sides, got 2 and 1");
});

test("compare() sees a difference also where values are equal", () => {
  const runs = (...values: number[]) => values.map((value) => [value]);
  const { verdict } = compare(runs(20, 20, 21, 22, 23), runs(40, 41, 42, 43, 44));
  assertEquals(verdict, "slower");
});
