// npm test: node26 (pure computation)
import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { test } from "node:test";
import { mannWhitney, rankSumTail, smallestP } from "../../bench/mann_whitney.ts";
import { seeded } from "../../bench/random.ts";
import { normal } from "./support.ts";

/** The two-sided p by definition: over every way to choose which n of the ranks are the first's. */
function countedP(a: readonly number[], b: readonly number[]): number {
  const all = [...a, ...b];
  const u = (first: readonly number[], second: readonly number[]) =>
    first.reduce((sum, x) => sum + second.filter((y) => x > y).length + equals(x, second) / 2, 0);
  const equals = (x: number, values: readonly number[]) => values.filter((y) => x === y).length;
  const fromMean = (value: number) => Math.abs(value - a.length * b.length / 2);
  const seen = fromMean(u(a, b));
  let [ways, tail] = [0, 0];
  for (let bits = 0; bits < 2 ** all.length; bits++) {
    const first = all.filter((_, i) => bits & (1 << i));
    if (first.length !== a.length) continue;
    ways++;
    if (fromMean(u(first, all.filter((_, i) => !(bits & (1 << i))))) >= seen) tail++;
  }
  return tail / ways;
}

test("mannWhitney() counts small samples out, as the definition has it", () => {
  const random = seeded(7);
  for (const [n, m] of [[1, 1], [2, 3], [5, 5], [6, 4], [3, 8]] as const) {
    for (let i = 0; i < 5; i++) {
      const a = Array.from({ length: n }, random);
      const b = Array.from({ length: m }, () => random() + i / 5);
      const { p, exact } = mannWhitney(a, b);
      assert(exact);
      assertLess(Math.abs(p - countedP(a, b)), 1e-12);
    }
  }
});

test("mannWhitney() agrees with published values", () => {
  // Hollander, Wolfe, Chicken, example 4.1: W = 30 for n = 5, m = 10, one-sided P = 0.1272.
  const term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
  const weeks = [1.15, 0.88, 0.90, 0.74, 1.21];
  const { u, p, superiority } = mannWhitney(weeks, term);
  assertEquals(u, 15); // 30 less 5 * 6 / 2
  assertEquals(superiority, 0.3);
  assertLess(Math.abs(p / 2 - 0.1272), 0.0001);
});

test("mannWhitney() counts small samples with ties out", () => {
  const random = seeded(5);
  for (const [n, m] of [[2, 3], [5, 5], [6, 4], [3, 8]] as const) {
    for (let i = 0; i < 5; i++) {
      const a = Array.from({ length: n }, () => Math.floor(4 * random()));
      const b = Array.from({ length: m }, () => Math.floor(4 * random() + i / 2));
      const { p, exact } = mannWhitney(a, b);
      assert(exact);
      assertLess(Math.abs(p - countedP(a, b)), 1e-12, `${a} and ${b}`);
    }
  }
  // All of one below all of the other: as improbable as without the tie.
  const { p } = mannWhitney([20, 20, 21, 22, 23], [40, 41, 42, 43, 44]);
  assertLess(Math.abs(p - smallestP(5, 5)), 1e-12);
});

test("mannWhitney() approximates large samples", () => {
  const random = seeded(3);
  const a = Array.from({ length: 30 }, () => normal(random));
  const b = Array.from({ length: 30 }, () => normal(random) + 0.4);
  const counted = mannWhitney(a, b);
  // One more far away on each side changes little but the method.
  const approximated = mannWhitney([...a, 100], [...b, 101]);
  assert(counted.exact && !approximated.exact);
  assertLess(Math.abs(counted.p - approximated.p), 0.02);
});

test("mannWhitney() corrects large samples for ties and continuity", () => {
  const repeat = (values: number[]) => Array.from({ length: 8 }, () => values).flat();
  const { u, p, exact } = mannWhitney(repeat([1, 1, 2, 2, 3]), repeat([2, 2, 3, 3, 4]));
  assertEquals([u, exact], [320, false]);
  // By hand: groups of 16, 32, 24 and 8 equals; z = (800 - 320 - 0.5) / sqrt(1600 / 12 * (81 -
  // (4080 + 32736 + 13800 + 504) / (80 * 79))) = 4.8632.
  assertLess(Math.abs(p - 1.155e-6), 1e-7);
});

test("mannWhitney() finds nothing between equal values", () => {
  const { p, superiority } = mannWhitney([5, 5, 5, 5], [5, 5, 5]);
  assertEquals([p, superiority], [1, 0.5]);
});

test("mannWhitney() does not mind which sample comes first, except the sides", () => {
  const [a, b] = [[1, 4, 8, 10], [2, 9, 12, 15, 16]];
  const [there, back] = [mannWhitney(a, b), mannWhitney(b, a)];
  assertEquals(there.p, back.p);
  assertEquals(there.u + back.u, 20);
  assertThrows(() => mannWhitney([], [1]), RangeError, "empty");
});

test("smallestP() is what samples apart from each other give", () => {
  for (const [n, m] of [[1, 1], [3, 3], [4, 4], [5, 5], [10, 10]] as const) {
    const a = Array.from({ length: n }, (_, i) => i);
    const b = Array.from({ length: m }, (_, i) => 100 + i);
    assertLess(Math.abs(smallestP(n, m) / mannWhitney(a, b).p - 1), 1e-12);
  }
  assertLess(Math.abs(smallestP(5, 5) - 2 / 252), 1e-12);
});

test("rankSumTail() is how often so small a u comes, exact and approximated alike", () => {
  // Of the 20 ways to draw 3 of 6, one has u = 0 and one u = 1; two have u = 2.
  const tail = rankSumTail(3, 3);
  for (const [u, ways] of [[0, 1], [1, 2], [2, 4], [9, 20]] as const) {
    assertLess(Math.abs(tail(u) - ways / 20), 1e-12);
  }
  const [exact, approximated] = [rankSumTail(30, 30), rankSumTail(30, 31)];
  assertLess(Math.abs(exact(300) - approximated(310)), 0.001);
});
