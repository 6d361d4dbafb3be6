/**
 * What `vdso jitter` prints.
 *
 * @module
 */
import type { Cause, Gap, Jitter } from "../../jitter/mod.ts";
import { printWithUnit } from "../bench/units.ts";
import { bold, columns, style } from "../output.ts";
import type { Platform } from "../platform.ts";

/** The object that `--json` prints. */
export interface JitterReport {
  readonly version: 1;
  readonly platform: Platform;
  /** One for each CPU. */
  readonly threads: readonly Jitter[];
}

/** As a person reads it. */
export function printJitter({ threads }: JitterReport, top: number): string {
  return [
    heading(threads),
    table(threads),
    causes(threads),
    longest(threads, top),
    ...notes(threads),
  ].filter((part) => part !== "").join("\n\n");
}

/** Of a part, in as many figures as tell something. */
export function printPercent(part: number): string {
  const percent = 100 * part;
  return `${percent.toFixed(percent >= 10 ? 1 : percent >= 0.1 || percent === 0 ? 2 : 4)} %`;
}

function heading(threads: readonly Jitter[]): string {
  const [first] = threads;
  if (!first) return "";
  const { source, readingNs, thresholdNs, durationNs } = first;
  return `${printWithUnit(durationNs)}: ${source.reads} every ${printWithUnit(readingNs)}, ` +
    `gaps longer than ${printWithUnit(thresholdNs)}`;
}

const QUANTILES = ["p50", "p99", "max"] as const;

function table(threads: readonly Jitter[]): string {
  const head = ["CPU", "watched", "gaps", "lost", "of the time", "median", "99 %", "longest"];
  return columns(
    head,
    threads.map(({ cpu, watchedNs, gaps, lostNs, quantiles }) => [
      cpu === null ? "any" : String(cpu),
      printWithUnit(watchedNs),
      String(gaps),
      gaps === 0 ? "" : printWithUnit(lostNs),
      printPercent(lostNs / watchedNs),
      ...QUANTILES.map((key) => quantiles ? printWithUnit(quantiles[key]) : ""),
    ]),
  );
}

/** All CPUs together. */
function causes(threads: readonly Jitter[]): string {
  const sums = new Map<Cause, { gaps: number; ns: number }>();
  for (const { causes } of threads) {
    for (const [cause, { gaps, ns }] of Object.entries(causes) as [Cause, Sum][]) {
      const sum = sums.get(cause) ?? { gaps: 0, ns: 0 };
      sums.set(cause, { gaps: sum.gaps + gaps, ns: sum.ns + ns });
    }
  }
  const lost = threads.reduce((sum, { lostNs }) => sum + lostNs, 0);
  const rows = [...sums].filter(([, { gaps }]) => gaps > 0).sort(([, a], [, b]) => b.ns - a.ns);
  if (rows.length === 0) return "";
  return columns(
    ["who (an estimate)", "gaps", "lost", "of that", ""],
    rows.map(([cause, { gaps, ns }]) => [
      cause,
      String(gaps),
      printWithUnit(ns),
      cause === "jumped" ? "" : printPercent(ns / lost),
      MEANING[cause],
    ]),
  );
}

type Sum = Jitter["causes"][Cause];

const MEANING: Readonly<Record<Cause, string>> = {
  preempted: "other threads of this machine had the CPU",
  throttled: "the CPU quota of the control group was used up",
  moved: "the kernel moved the thread to another CPU",
  stopped: "the thread slept: SIGSTOP, a debugger, the freezer, a disk",
  jumped: "no time: the CPU's counter went ahead at once",
  "interrupt or host": "interrupts, firmware, or the hypervisor",
};

function longest(threads: readonly Jitter[], top: number): string {
  const start = Math.min(...threads.map(({ at }) => at));
  const gaps: Gap[] = threads.flatMap(({ worst }) => worst).sort((a, b) => b.ns - a.ns);
  if (gaps.length === 0) return "No gaps";
  return columns(
    ["longest", "ended after", "CPU", "who"],
    gaps.slice(0, top).map(({ ns, at, cpu, cause }) => [
      printWithUnit(ns),
      printWithUnit(Math.max(0, at - start)),
      cpu === null ? "" : String(cpu),
      cause,
    ]),
  );
}

/** What takes away from the figures. */
function notes(threads: readonly Jitter[]): string[] {
  const told = new Set<string>();
  for (const { source, unreadable, signs, cpu } of threads) {
    if (source.reason !== null) {
      told.add(`CLOCK_MONOTONIC in place of the CPU's counter: ${source.reason}`);
    }
    for (const reason of new Set(Object.values(unreadable))) {
      told.add(`Causes may be missing: ${reason}`);
    }
    const where = cpu === null ? "" : ` on CPU ${cpu}`;
    if (signs.jumps > 0) told.add(`The counter jumped ${signs.jumps} times${where}`);
    if (signs.backwards > 0) told.add(`The counter went back ${signs.backwards} times${where}`);
  }
  return told.size === 0
    ? []
    : [[bold("Notes"), ...[...told].map((note) => style("yellow", note))].join("\n")];
}
