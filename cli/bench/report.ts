/**
 * What `vdso bench` found: plain data, the keys of its `--json` and of the files that it saves.
 *
 * @module
 */
import {
  type BenchIdentity,
  type BenchResult,
  compare,
  type CompareOptions,
  type Comparison,
  type Distribution,
} from "../../bench/mod.ts";
import { median } from "../../bench/median.ts";
import type { Platform } from "../platform.ts";
import { type FileResult, inRows } from "./rows.ts";
import type { FoundRuntime, MissingRuntime } from "./runtimes.ts";

/** The whole. */
export interface BenchReport {
  /** Of this format: changes when a key changes its meaning or goes away. */
  readonly version: 1;
  readonly platform: Platform;
  readonly settings: ReportSettings;
  /** The columns. */
  readonly runtimes: readonly ReportRuntime[];
  /** What was asked for and is not there. */
  readonly missing: readonly MissingRuntime[];
  /** The rows, as they were declared. */
  readonly benchmarks: readonly ReportBenchmark[];
  /** What did not run to its end. */
  readonly failures: readonly ReportFailure[];
  /** What came of `--compare`; null without. */
  readonly base: ReportBase | null;
  /** Whether everything ran, and nothing got slower than allowed. */
  readonly ok: boolean;
}

/** How it was measured. What was left out is null. */
export interface ReportSettings {
  /** Process runs of each file in each runtime. */
  readonly processes: number;
  /** Milliseconds for each benchmark. */
  readonly time: number | null;
  readonly filter: string | null;
  /** The CPU that the processes were pinned to. */
  readonly cpu: number | null;
  /** The runtime that the others are compared with. */
  readonly relativeTo: string | null;
}

/** One that was measured in. */
export interface ReportRuntime extends Omit<FoundRuntime, "path"> {
  /** What it was started with: Deno's permissions. */
  readonly flags: readonly string[];
}

/** One benchmark, with one value of each parameter. */
export interface ReportBenchmark extends BenchIdentity {
  /** Relative to the current directory. */
  readonly file: string;
  /** Which of those that are the same in all this, from 0 on. */
  readonly occurrence: number;
  /** One for each runtime where there is a result, in the order of the columns. */
  readonly results: readonly ReportResult[];
  /** Where it cannot be measured and why, in the order of the columns. */
  readonly skipped: readonly ReportSkip[];
  /** Where it came to no result: it threw, or its file broke; in the order of the columns. */
  readonly failed: readonly string[];
}

/** One cell of the table. */
export interface ReportResult {
  readonly runtime: string;
  /**
   * Nanoseconds per call: the median over the process runs of the medians of their slices, which is
   * what is compared. Where a run was steady, that is its `ns.p50`.
   */
  readonly ns: number;
  /** Compared with the runtime that `relativeTo` names; null for that one, and where it has none. */
  readonly relative: Comparison | null;
  /** Compared with the base; null where that has none. */
  readonly change: Comparison | null;
  /** Each process run in full. */
  readonly runs: readonly ReportRun[];
}

/** A result without what all the runs have in common. */
export type ReportRun = Omit<BenchResult, keyof BenchIdentity>;

/** Why there is no result. */
export interface ReportSkip {
  readonly runtime: string;
  /** As the benchmark's option `skip` says. */
  readonly reason: string;
  /** In how many process runs; in the others there may be a result. */
  readonly runs: number;
}

/** A benchmark that threw in a runtime, or a file that did not run to its end. */
export interface ReportFailure {
  readonly runtime: string;
  readonly file: string;
  /** Which process run, from 1 on. */
  readonly run: number;
  readonly reason: string;
  /** The last lines that it printed. */
  readonly output: readonly string[];
}

/** What came of a comparison with a saved base. */
export interface ReportBase {
  /** The file. */
  readonly file: string;
  /** How much slower anything may have got, as a part: 0.05 for 5 %. */
  readonly maxRegress: number;
  /** What differs between then and now, and does not keep them from being compared. */
  readonly notes: readonly string[];
  /** What is wrong: empty if nothing is. */
  readonly problems: readonly string[];
}

/**
 * Puts results of process runs side by side.
 *
 * @param results process by process, as they were declared in each
 * @param isBroken whether a file did not come to its end in a runtime
 */
export function sideBySide(
  results: readonly FileResult[],
  runtimes: readonly string[],
  relativeTo: string | undefined,
  isBroken: (place: Pick<FileResult, "file" | "runtime">) => boolean = () => false,
): ReportBenchmark[] {
  return inRows(results).map((row) => {
    const runsOf = (runtime: string | undefined): ReportRun[] =>
      row.flatMap(({ runtime: where, result }) => {
        if (where !== runtime || !("slices" in result)) return [];
        const { name: _, group: __, params: ___, mode: ____, ...run } = result;
        return run;
      });
    const [{ file, occurrence, result: { name, group, params, mode } }] = row;
    const base = runsOf(relativeTo);
    return {
      file,
      group,
      name,
      params,
      mode,
      occurrence,
      results: runtimes.flatMap((runtime) => {
        const runs = runsOf(runtime);
        if (runs.length === 0) return [];
        return {
          runtime,
          ns: median(runs.map(({ slices }) => median(slices))),
          relative: runtime === relativeTo
            ? null
            : compareRuns(base, runs, { paired: base.length === runs.length }), // A B A B
          change: null,
          runs,
        };
      }),
      skipped: runtimes.flatMap((runtime) => skips(row, runtime)),
      failed: runtimes.filter((runtime) => {
        const here = row.filter((item) => item.runtime === runtime);
        return !here.some(({ result }) => "slices" in result || "reason" in result) &&
          (here.length > 0 || isBroken({ file, runtime }));
      }),
    };
  });
}

/** Why a benchmark is skipped in a runtime: as a rule one reason, the same in all process runs. */
function skips(row: readonly FileResult[], runtime: string): ReportSkip[] {
  const reasons = new Map<string, number>();
  for (const { runtime: where, result } of row) {
    if (where !== runtime || !("reason" in result)) continue;
    reasons.set(result.reason, (reasons.get(result.reason) ?? 0) + 1);
  }
  return Array.from(reasons, ([reason, runs]) => ({ runtime, reason, runs }));
}

/** What a figure is over several process runs: the least, the largest, else the median. */
export function overRuns(runs: readonly Pick<ReportRun, "ns">[], key: keyof Distribution): number {
  const all = runs.map(({ ns }) => ns[key]);
  return key === "min" ? Math.min(...all) : key === "max" ? Math.max(...all) : median(all);
}

/** Null if there is nothing to compare, or nothing that a ratio could be made of. */
export function compareRuns(
  base: readonly Pick<ReportRun, "slices">[],
  other: readonly Pick<ReportRun, "slices">[],
  options: CompareOptions,
): Comparison | null {
  // Of several runs the medians are compared: then a slice of 0 ns among others does no harm.
  const several = base.length > 1 || other.length > 1;
  const values = (runs: typeof base) =>
    runs.map(({ slices }) => several ? [median(slices)] : slices);
  const [a, b] = [values(base), values(other)];
  const isSound = (runs: readonly (readonly number[])[]) =>
    runs.length > 0 && runs.every((run) => run.length > 0 && run.every((ns) => ns > 0));
  return isSound(a) && isSound(b) ? compare(a, b, options) : null;
}

/**
 * JSON in which measured fractions have six figures: more than can be measured. What was asked for,
 * parameters among it, is as it was: it tells benchmarks apart.
 */
export function printReport(report: BenchReport): string {
  const benchmarks = report.benchmarks.map((row) => ({ ...row, results: rounded(row.results) }));
  return JSON.stringify({ ...report, benchmarks });
}

function rounded(results: readonly ReportResult[]): unknown {
  const text = JSON.stringify(
    results,
    (_key, value: unknown) =>
      typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value,
  );
  return JSON.parse(text);
}
