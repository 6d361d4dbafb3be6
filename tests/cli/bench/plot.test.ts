// npm test: node26 (pure computation)
import { assertEquals, assertMatch } from "@std/assert";
import { test } from "node:test";
import type { Bucket } from "../../../bench/mod.ts";
import { bars, columnSums, printPlots, quantile } from "../../../cli/bench/plot.ts";
import { report, TWO } from "./results.ts";

test("printPlots() draws every benchmark", () => {
  const text = printPlots(report(TWO));
  assertMatch(text, /^parse\n\ndeno {4}█ +▁\nnode24 {2} +█\n {8}100 ns +251 ns$/m);
  assertMatch(text, /^deno\n[^]*502 ns┤.*[^]*min +p50[^]*\nnode24\n[^]*1\.26 µs┤/m);
});

test("quantile(), columnSums() and bars() make a histogram of buckets", () => {
  const buckets: Bucket[] = [[1, 10], [10, 80], [100, 8], [1000, 2]];
  assertEquals([0, 0.1, 0.5, 0.95, 1].map((part) => quantile(buckets, part)), [
    1,
    1,
    10,
    100,
    1000,
  ]);
  assertEquals(columnSums(buckets, 1, 1000, 3), [10, 80, 10]);
  assertEquals(columnSums(buckets, 1, 100, 2), [10, 88]);
  assertEquals(columnSums([[0, 5]], 0, 0, 2), [5, 0]);
  assertEquals(bars([0, 1, 40, 80]), " ▁▄█");
  assertEquals(bars([0, 0]), "  ");
});
