/**
 * Histograms in the log format of HdrHistogram, which its plotters and other tools read.
 *
 * @module
 */
import { build, HistogramLogWriter } from "hdr-histogram-js";
import type { HistogramRow, Jitter } from "../../jitter/mod.ts";

/** Of gaps: their own buckets are as narrow as that. */
const DIGITS = 2;
/** An hour, as a value to begin with. They grow. */
const HIGHEST = 3600e9;

/** The log, in nanoseconds: a line for each CPU, by its tag. Maxima are in milliseconds. */
export function hdrLog(threads: readonly Jitter[], startMs: number): string {
  let text = "";
  const writer = new HistogramLogWriter((line) => text += line);
  writer.outputComment("Gaps in which a CPU was taken away, in nanoseconds, by vdso jitter");
  writer.outputLogFormatVersion();
  writer.outputStartTime(startMs);
  writer.outputLegend();
  for (const { cpu, durationNs, histogram } of threads) {
    const values = fill(histogram);
    values.tag = cpu === null ? "any" : `cpu${cpu}`;
    writer.outputIntervalHistogram(values, startMs / 1000, startMs / 1000 + durationNs / 1e9, 1e6);
  }
  return text;
}

function fill(rows: readonly HistogramRow[]): ReturnType<typeof build> {
  const histogram = build({
    bitBucketSize: 64,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST,
    numberOfSignificantValueDigits: DIGITS,
  });
  for (const { fromNs, toNs, count } of rows) {
    histogram.recordValueWithCount(Math.round((fromNs + toNs) / 2), count);
  }
  return histogram;
}
