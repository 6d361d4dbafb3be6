// npm test: node26 (data in, data out)
import { assert, assertEquals, assertMatch } from "@std/assert";
import { HistogramLogReader } from "hdr-histogram-js";
import { test } from "node:test";
import { hdrLog } from "../../../cli/jitter/hdr.ts";
import { jitterSample } from "../../fixtures/jitter_sample.ts";

test("hdrLog() is read back as it was, a histogram for each CPU", () => {
  const long = { fromNs: 3.9e12, toNs: 4.1e12, count: 1 }; // longer than an hour
  const log = hdrLog([
    jitterSample(),
    jitterSample({ cpu: null, histogram: [{ fromNs: 99, toNs: 101, count: 2 ** 40 }, long] }),
  ], 1.7e12);
  assertMatch(log, /^#\[Histogram log format version 1\.3\]$/m);
  assertMatch(log, /^Tag=cpu3,1700000000\.000,1\.000,8\.0\d\d,HISTF/m); // the longest in ms
  const reader = new HistogramLogReader(log, 64);
  const [first, second] = [reader.nextIntervalHistogram(), reader.nextIntervalHistogram()];
  assert(first && second);
  assertEquals([first.tag, first.totalCount], ["cpu3", 2]);
  for (const [percentile, ns] of [[50, 2000], [100, 8e6]] as const) {
    assert(Math.abs(first.getValueAtPercentile(percentile) / ns - 1) < 0.01);
  }
  assertEquals([second.tag, second.totalCount], ["any", 2 ** 40 + 1]);
  assert(Math.abs(second.maxValue / 4e12 - 1) < 0.01);
  assertEquals(reader.nextIntervalHistogram(), null);
});

test("hdrLog() of a CPU without gaps has an empty histogram", () => {
  const reader = new HistogramLogReader(hdrLog([jitterSample({ histogram: [] })], 0), 64);
  assertEquals(reader.nextIntervalHistogram()?.totalCount, 0);
});
