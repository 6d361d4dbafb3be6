import { assertEquals, assertThrows } from "@std/assert";
import test from "node:test";
import { summarize } from "../../../scripts/measure/statistics.ts";

test("summarize() takes the middle value when their number is odd", () => {
  assertEquals(summarize([9, 1, 5, 3, 7]), { min: 1, q1: 3, median: 5, q3: 7 });
});

test("summarize() interpolates between neighbours when no value is in the middle", () => {
  assertEquals(summarize([4, 1, 3, 2]), { min: 1, q1: 1.75, median: 2.5, q3: 3.25 });
});

test("summarize() orders by value when the digits would say otherwise", () => {
  assertEquals(summarize([10, 9, -100]).median, 9);
});

test("summarize() leaves its argument as it is when that is not sorted", () => {
  const values = [3, 1, 2];
  summarize(values);
  assertEquals(values, [3, 1, 2]);
});

test("summarize() throws when there are no values", () => {
  assertThrows(() => summarize([]), RangeError, "there are none");
});
