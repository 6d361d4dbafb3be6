/**
 * A saved report, and what has changed since.
 *
 * @module
 */
import { compare } from "../../bench/mod.ts";
import { readText } from "../file_error.ts";
import { fullName, oneLine } from "./names.ts";
import {
  type BenchReport,
  compareRuns,
  type ReportBase,
  type ReportBenchmark,
  type ReportRuntime,
} from "./report.ts";
import { benchmarkKey } from "./rows.ts";
import { has, IDENTITY, type Shape } from "./shape.ts";
import { printWithUnit } from "./units.ts";

const NOTE: Shape = "string or null";

/** What of a base is compared, or told. */
const BASE: Shape = {
  platform: { os: NOTE, arch: NOTE, kernel: NOTE, cpu: NOTE, clocksource: NOTE },
  settings: { processes: "number", time: "number or null", cpu: "number or null" },
  runtimes: [{ name: "string", kind: "string", version: "string", flags: ["string"] }],
  benchmarks: [{
    ...IDENTITY,
    file: "string",
    occurrence: "number",
    results: [{ runtime: "string", ns: "number", runs: [{ slices: ["number"] }] }],
  }],
};

/** @throws {Error} if it is none */
export function readBase(file: string): BenchReport {
  const text = readText(file);
  try {
    const base = JSON.parse(text) as Partial<BenchReport> | null;
    if (base?.version === 1 && has(base, BASE)) return base as BenchReport;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Error(`${file} is not what vdso bench --save writes, in version 1`);
}

/** What has to be known before anything is measured. */
export type Intention = Pick<BenchReport, "platform" | "settings" | "runtimes">;

/**
 * Whether a comparison can say anything.
 *
 * @param files what is going to run, as a report names it
 * @returns what differs and does not matter as much, in words
 * @throws {Error} if it cannot
 */
export function checkBase(
  base: BenchReport,
  now: Intention,
  files: readonly string[],
): string[] {
  for (const key of ["cpu", "arch", "os"] as const) {
    const [then, here] = [base.platform[key], now.platform[key]];
    if (then === here || then === null || here === null) continue;
    throw new Error(
      `The base is of another machine, and says nothing of this one: ${key} ${then} there, ${here} here`,
    );
  }
  const [before, after] = [base.settings.processes, now.settings.processes];
  if (areTooFew(before, after)) {
    throw new Error(
      `Too few process runs to tell a difference: ${before} in the base, ${after} now. ` +
        "Five of each are the least: --processes 10",
    );
  }
  const names = (runtimes: readonly ReportRuntime[]) => runtimes.map(({ name }) => name);
  const common = now.runtimes.filter(({ name }) => names(base.runtimes).includes(name));
  if (common.length === 0) {
    throw new Error(
      `The base has no results of ${names(now.runtimes)}, but of ${names(base.runtimes)}`,
    );
  }
  const known = [...new Set(base.benchmarks.map(({ file }) => file))];
  if (!files.some((file) => known.includes(file))) {
    throw new Error(
      `The base has no results of ${files.join(", ")}, but of ${known.join(", ") || "nothing"}. ` +
        "Files are compared by their paths from the current directory",
    );
  }
  return notes(base, now);
}

/** Whether so many runs could not show any difference, however large. */
function areTooFew(before: number, after: number): boolean {
  const runs = (length: number) => Array.from({ length }, () => [1]);
  const { verdict, basis } = compare(runs(before), runs(after));
  return verdict === "too few" || basis === "slices";
}

function notes(base: BenchReport, now: Intention): string[] {
  const found: string[] = [];
  const differs = (what: string, then: unknown, here: unknown, absent = "none") => {
    if (then !== here) found.push(`${what}: ${then ?? absent} in the base, ${here ?? absent} now`);
  };
  if (base.platform.cpu === null || now.platform.cpu === null) {
    found.push("The CPU is unknown: the base may be of another machine");
  }
  for (const key of ["cpu", "kernel", "clocksource"] as const) {
    differs(key, base.platform[key], now.platform[key], "unknown");
  }
  differs("--cpu", base.settings.cpu, now.settings.cpu);
  differs("--time", base.settings.time, now.settings.time);
  for (const { name, kind, version, flags } of now.runtimes) {
    const then = base.runtimes.find((runtime) => runtime.name === name);
    if (!then) found.push(`${name} is not in the base`);
    else {
      differs(name, `${then.kind} ${then.version}`, `${kind} ${version}`);
      differs(`${name} is started with`, quoted(then.flags), quoted(flags));
    }
  }
  return found;
}

function quoted(flags: readonly string[]): string {
  return JSON.stringify(flags.join(" "));
}

/** Compares, and says what is wrong, and what may be. */
export function compareWithBase(
  benchmarks: readonly ReportBenchmark[],
  base: BenchReport,
  { file, maxRegress, notes }: Omit<ReportBase, "problems">,
): { benchmarks: ReportBenchmark[]; base: ReportBase } {
  const before = new Map(base.benchmarks.map((row) => [benchmarkKey(row), row]));
  const unknown: string[] = [];
  const doubtful: string[] = [];
  const problems: string[] = [];
  let found = 0;
  const rows = benchmarks.map((row) => {
    const old = before.get(benchmarkKey(row));
    if (!old && row.results.length > 0) unknown.push(fullName(row));
    const results = row.results.map((result) => {
      const then = old?.results.find(({ runtime }) => runtime === result.runtime);
      const where = `${fullName(row)} in ${result.runtime}`;
      if (!then) {
        if (old && base.runtimes.some(({ name }) => name === result.runtime)) unknown.push(where);
        return result;
      }
      found++;
      const change = compareRuns(then.runs, result.runs, { margin: marginOf(maxRegress) });
      if (change === null) {
        problems.push(
          `${where} cannot be compared: ${printWithUnit(then.ns)} in ${file}, ` +
            `${printWithUnit(result.ns)} now, and some runs took no time at all`,
        );
        return result;
      }
      const { verdict, ratio, interval: { low, high } } = change;
      const much = `${percent(ratio - 1)} longer than in ${file} ` +
        `(${percent(low - 1)} to ${percent(high - 1)})`;
      if (verdict === "too few") problems.push(`${where} has too few process runs to tell`);
      else if (verdict === "slower" && low > 1 + maxRegress) {
        problems.push(`${where} takes ${much}: more than ${percent(maxRegress)}`);
      } else if (ratio > 1 + maxRegress) {
        doubtful.push(`${where} takes ${much}: may be more than ${percent(maxRegress)}`);
      } else if (verdict === "cannot tell" && high > 1 + maxRegress) {
        doubtful.push(
          `${where} takes ${percent(low - 1)} to ${percent(high - 1)} longer than in ${file}: ` +
            "cannot tell",
        );
      }
      return { ...result, change };
    });
    return { ...row, results };
  });
  const lost = benchmarks.flatMap((row) => lostSince(before.get(benchmarkKey(row)), row));
  const isSkipped = ({ results, failed }: ReportBenchmark) => results.length + failed.length === 0;
  const nothingRan = benchmarks.length > 0 && benchmarks.every(isSkipped);
  if (nothingRan && lost.length === 0) notes = [...notes, "Nothing of it can be measured here"];
  else if (found === 0 && (lost.length > 0 || benchmarks.some(hasResults))) {
    problems.push(`Nothing of what ran is in ${file}`); // what threw is told already
  }
  const now = new Map(benchmarks.map((row) => [benchmarkKey(row), row]));
  const all = [
    ...notes,
    ...doubtful,
    ...lost,
    ...unknown.map((name) => `${name} is not in the base`),
    ...base.benchmarks.filter(hasResults).flatMap((old) => {
      const row = now.get(benchmarkKey(old));
      if (!row) return `${fullName(old)} is in the base, and did not run`;
      const isFailed = row.results.length + row.skipped.length === 0;
      return isFailed ? `${fullName(old)} is in the base, and failed now` : [];
    }),
  ];
  return { benchmarks: rows, base: { file, maxRegress, notes: all, problems } };
}

function hasResults({ results }: ReportBenchmark): boolean {
  return results.length > 0;
}

/** Where the base has results, and it is skipped now. */
function lostSince(old: ReportBenchmark | undefined, row: ReportBenchmark): string[] {
  const has = (one: ReportBenchmark | undefined, runtime: string) =>
    one?.results.some((result) => result.runtime === runtime) ?? false;
  return row.skipped.filter(({ runtime }) => has(old, runtime) && !has(row, runtime)).map((
    { runtime, reason },
  ) => `${fullName(row)} in ${runtime} is in the base, and is skipped now: ${oneLine(reason)}`);
}

/** The least that is still a difference where none is allowed at all. */
const LEAST_MARGIN = 0.01;

/** How large a difference counts as no change: what is allowed anyway. */
function marginOf(maxRegress: number): number {
  return Math.max(LEAST_MARGIN, maxRegress);
}

function percent(part: number): string {
  return `${Number((part * 100).toFixed(1))} %`;
}
