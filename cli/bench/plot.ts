/**
 * Draws how the samples of benchmarks are distributed.
 *
 * @module
 */
import plot from "simple-ascii-chart";
import type { Bucket, Distribution } from "../../bench/mod.ts";
import { bold, isStyled } from "../output.ts";
import { padEnd, width } from "../width.ts";
import { fullName } from "./names.ts";
import {
  type BenchReport,
  overRuns,
  type ReportBenchmark,
  type ReportResult,
  type ReportRun,
} from "./report.ts";
import { printWithUnit } from "./units.ts";

/** Of every benchmark: a histogram for each runtime, and one plot of their percentiles. */
export function printPlots({ benchmarks }: BenchReport): string {
  return benchmarks.filter(({ results }) => results.length > 0).map((row) =>
    [bold(fullName(row)), printHistograms(row), printPercentiles(row)].join("\n\n")
  ).join("\n\n");
}

const WIDTH = 60;
/** A hundredth of a cycle: what cannot be told from nothing has no logarithm. */
const MIN_NS = 0.01;
const BLOCKS = " ▁▂▃▄▅▆▇█";
/** From where to where the histograms go, as parts of the samples: the rest would leave no room. */
const [FROM, TO] = [0.01, 0.95];

/** One below the other, over one axis, which is logarithmic. */
function printHistograms({ results }: ReportBenchmark): string {
  const all = results.map(({ runtime, runs }) => ({ runtime, buckets: merged(runs) }));
  const low = Math.min(...all.map(({ buckets }) => quantile(buckets, FROM)));
  const high = Math.max(...all.map(({ buckets }) => quantile(buckets, TO)));
  const names = Math.max(...all.map(({ runtime }) => width(runtime)));
  const rows = all.map(({ runtime, buckets }) =>
    `${padEnd(runtime, names)}  ${bars(columnSums(buckets, low, high))}`.trimEnd()
  );
  const [from, to] = [printWithUnit(low), printWithUnit(high)];
  return [...rows, `${" ".repeat(names + 2)}${from}${to.padStart(WIDTH - from.length)}`].join("\n");
}

/** The buckets of all process runs, ascending. */
function merged(runs: readonly ReportRun[]): Bucket[] {
  return runs.flatMap(({ histogram }) => histogram).sort(([a], [b]) => a - b);
}

/** The end of the bucket that the sample at this part of them all is in. */
export function quantile(buckets: readonly Bucket[], part: number): number {
  let left = part * buckets.reduce((sum, [, samples]) => sum + samples, 0);
  for (const [upTo, samples] of buckets) {
    left -= samples;
    if (left <= 0) return upTo;
  }
  return buckets.at(-1)?.[0] ?? 0;
}

/** How many samples belong into each column from `low` to `high`, on a logarithmic axis. */
export function columnSums(
  buckets: readonly Bucket[],
  low: number,
  high: number,
  width = WIDTH,
): number[] {
  const sums = new Array<number>(width).fill(0);
  const least = Math.max(low, MIN_NS);
  const span = Math.log(Math.max(high, least) / least) || 1;
  for (const [upTo, samples] of buckets) {
    if (upTo < low || upTo > high) continue;
    const part = Math.log(Math.max(upTo, least) / least) / span;
    const column = Math.min(width - 1, Math.floor(part * width));
    sums[column] = (sums[column] ?? 0) + samples;
  }
  return sums;
}

/** Eighths of a line; the least that is above none shows. */
export function bars(sums: readonly number[]): string {
  const most = Math.max(1, ...sums);
  return sums.map((sum) => BLOCKS[sum === 0 ? 0 : Math.max(1, Math.round(sum / most * 8))]).join(
    "",
  );
}

/** Where the curve has its points: as far apart as HdrHistogram's plots have them. */
const PERCENTILES: readonly (readonly [label: string, key: keyof Distribution])[] = [
  ["min", "min"],
  ["p50", "p50"],
  ["p75", "p75"],
  ["p90", "p90"],
  ["p99", "p99"],
  ["p99.9", "p999"],
  ["p99.99", "p9999"],
  ["max", "max"],
];
const COLORS = [
  "ansiCyan",
  "ansiYellow",
  "ansiGreen",
  "ansiMagenta",
  "ansiBlue",
  "ansiRed",
] as const;

/** A line for each runtime, or a plot where no colour tells them apart; a logarithmic axis. */
function printPercentiles({ results }: ReportBenchmark): string {
  if (isStyled()) return percentilePlot(results);
  return results.map((result) => `${result.runtime}\n${percentilePlot([result])}`).join("\n\n");
}

function percentilePlot(results: readonly ReportResult[]): string {
  const lines = results.map(({ runs }) =>
    PERCENTILES.map((
      [, key],
      i,
    ): [number, number] => [i, Math.log10(Math.max(MIN_NS, overRuns(runs, key)))])
  );
  const drawn = plot(lines, {
    width: WIDTH,
    height: 12,
    formatter: (value, { axis }) =>
      axis === "x" ? PERCENTILES[value]?.[0] ?? "" : printWithUnit(10 ** value),
    customXAxisTicks: PERCENTILES.map((_, i) => i),
    ...(isStyled() && {
      color: (i: number) => COLORS[i % COLORS.length] ?? COLORS[0],
      legend: { position: "right", series: results.map(({ runtime }) => runtime) },
    }),
  });
  return drawn.split("\n").map((line) => line.trimEnd()).filter((line) => line !== "").join("\n");
}
