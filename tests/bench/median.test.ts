// npm test: node26 (pure computation)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { median, medianSorted } from "../../bench/median.ts";

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
