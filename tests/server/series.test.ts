// npm test: node26 (pure computation)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { slotOf } from "../../server/exponential.ts";
import { BOUNDS } from "../../server/semconv.ts";
import { Series } from "../../server/series.ts";

test("record() counts in both histograms, and adds up", () => {
  const series = new Series(undefined);
  const durations = [250, 1e6, 5e6, 5e6 + 1, 1e10, 1e10 + 1, 1e12];
  for (const ns of durations) series.record(ns);
  assertEquals(series.count, durations.length);
  assertEquals(series.sumNs, durations.reduce((sum, ns) => sum + ns));
  // 5 ms and 10 s belong below their bounds: these are inclusive.
  assertEquals(Array.from(series.explicit), [3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
  for (const ns of durations) {
    assertEquals((series.exponential[slotOf(ns / 1e9)] ?? 0) > 0, true, `${ns} ns`);
  }
  assertEquals(series.exponential.reduce((sum, count) => sum + count), durations.length);
});

test("record() finds the bucket of each bound of the conventions", () => {
  BOUNDS.forEach((bound, i) => {
    const series = new Series(undefined);
    series.record(Math.round(bound * 1e9));
    series.record(Math.round(bound * 1e9) + 1);
    assertEquals([series.explicit[i], series.explicit[i + 1]], [1, 1], `${bound} s`);
  });
});

test("record() counts what no clock could tell, and adds nothing for it", () => {
  const series = new Series(undefined);
  for (const ns of [0, -5, NaN, 0.5]) series.record(ns);
  assertEquals([series.count, series.zeroCount, series.sumNs], [4, 4, 0]);
  assertEquals(series.exponential.every((count) => count === 0), true);
});

test("reset() forgets", () => {
  const series = new Series(undefined);
  series.record(1000);
  series.reset();
  assertEquals([series.count, series.sumNs, series.zeroCount], [0, 0, 0]);
});
