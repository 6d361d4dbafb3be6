// npm test: node26 (pure computation)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { median, medianSorted, thinned } from "../../bench/median.ts";

test("median() sorts by value, and takes the mean of two middle ones", () => {
  assertEquals(median([10, 9, 1]), 9);
  assertEquals(median([1e-7, 100, 20, 3]), 11.5);
  assertEquals(median(Float64Array.of(5)), 5);
  assertEquals(medianSorted([1, 2, 30]), 2);
});

test("median() leaves its argument as it is", () => {
  const values = [3, 1, 2];
  median(values);
  assertEquals(values, [3, 1, 2]);
});

test("median() of nothing is NaN", () => {
  assertEquals(median([]), NaN);
});

test("thinned() leaves up to 200 values as they are, and makes 200 medians of more", () => {
  const values = (length: number) => Array.from({ length }, (_, i) => 3 * i);
  for (const length of [0, 1, 200]) assertEquals(thinned(values(length)), values(length));
  assertEquals([201, 399, 5001].map((length) => thinned(values(length)).length), [200, 200, 200]);
  assertEquals(thinned(values(600)), Array.from({ length: 200 }, (_, i) => 9 * i + 3));
});
