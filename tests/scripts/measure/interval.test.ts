import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { medianInterval } from "../../../scripts/measure/interval.ts";

test("medianInterval() has the ranks of the tables", () => {
  // As in Conover, Practical Nonparametric Statistics, for 95 %: the least and greatest rank.
  for (const [count, from, to] of [[6, 1, 6], [10, 2, 9], [20, 6, 15], [50, 18, 33]] as const) {
    const values = Array.from({ length: count }, (_, i) => i + 1).reverse();
    assertEquals(medianInterval(values), { median: (count + 1) / 2, from, to });
  }
  assertEquals(medianInterval([7]), { median: 7, from: 7, to: 7 });
  assertThrows(() => medianInterval([]), RangeError, "Expected `values` to have some");
});

test("medianInterval() has the median in it 95 times of 100", () => {
  let state = 1;
  const random = () => (state = state * 48271 % 2147483647) / 2147483647;
  let inside = 0;
  for (let i = 0; i < 2000; i++) {
    const { from, to } = medianInterval(Array.from({ length: 41 }, () => random() ** 3));
    if (from <= 0.125 && 0.125 <= to) inside++;
  }
  assert(inside > 1880 && inside < 1980, `${inside} of 2000`);
});
