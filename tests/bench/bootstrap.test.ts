// npm test: node26 (pure computation)
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { test } from "node:test";
import { medianInterval } from "../../bench/bootstrap.ts";
import { median } from "../../bench/median.ts";
import { seeded } from "../../bench/random.ts";
import { normal } from "./support.ts";

test("medianInterval() holds the true median about as often as it says", () => {
  const random = seeded(11);
  let held = 0;
  for (let i = 0; i < 200; i++) {
    const values = Array.from({ length: 50 }, () => 100 + normal(random));
    const { low, high, level } = medianInterval(values, { resamples: 200, seed: i });
    assertEquals(level, 0.95);
    assert(low <= median(values) && median(values) <= high);
    if (low <= 100 && 100 <= high) held++;
  }
  // 190 of 200 are expected, with a standard deviation of 3.
  assertGreater(held, 178);
  assertLess(held, 200);
});

test("medianInterval() says the same of the same samples", () => {
  const values = [5, 3, 8, 1, 9, 2, 7];
  assertEquals(medianInterval(values), medianInterval(values));
  const narrow = medianInterval(values, { level: 0.5 });
  const wide = medianInterval(values, { level: 0.99 });
  assert(wide.low <= narrow.low && narrow.high <= wide.high);
  assertLess(narrow.high - narrow.low, wide.high - wide.low);
  assertEquals(medianInterval([4]), { low: 4, high: 4, level: 0.95 });
});
