/**
 * A saved report, and what has changed since.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { compare } from "../../bench/mod.ts";
import { fullName } from "./names.ts";
import {
  benchmarkKey,
  type BenchReport,
  compareRuns,
  type ReportBase,
  type ReportBenchmark,
  type ReportRuntime,
} from "./report.ts";

/** @throws {Error} if it is none */
export function readBase(file: string): BenchReport {
  const text = readFileSync(file, "utf8");
  try {
    const base = JSON.parse(text) as Partial<BenchReport> | null;
    if (base?.version === 1 && Array.isArray(base.benchmarks)) return base as BenchReport;
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
 * @returns what differs and does not matter as much, in words
 * @throws {Error} if it cannot
 */
export function checkBase(base: BenchReport, now: Intention): string[] {
  for (const key of ["cpu", "arch", "os"] as const) {
    const [then, here] = [base.platform[key], now.platform[key]];
    if (then === here) continue;
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
  const differs = (what: string, then: unknown, here: unknown) => {
    if (then !== here) found.push(`${what}: ${then ?? "none"} in the base, ${here ?? "none"} now`);
  };
  differs("kernel", base.platform.kernel, now.platform.kernel);
  differs("clocksource", base.platform.clocksource, now.platform.clocksource);
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

/** Compares, and says what is wrong. */
export function compareWithBase(
  benchmarks: readonly ReportBenchmark[],
  base: BenchReport,
  { file, maxRegress, notes }: Omit<ReportBase, "problems">,
): { benchmarks: ReportBenchmark[]; base: ReportBase } {
  const before = new Map(base.benchmarks.map((row) => [benchmarkKey(row), row]));
  const unknown: string[] = [];
  const problems: string[] = [];
  let compared = 0;
  const rows = benchmarks.map((row) => {
    const old = before.get(benchmarkKey(row));
    if (!old) unknown.push(fullName(row));
    const results = row.results.map((result) => {
      const then = old?.results.find(({ runtime }) => runtime === result.runtime);
      const change = then ? compareRuns(then.runs, result.runs) : null;
      if (change === null) return result;
      compared++;
      const { verdict, ratio, interval: { low, high } } = change;
      if (verdict === "slower" && ratio > 1 + maxRegress) {
        problems.push(
          `${fullName(row)} in ${result.runtime} takes ${percent(ratio - 1)} longer than in ` +
            `${file} (${percent(low - 1)} to ${percent(high - 1)}): more than ${
              percent(maxRegress)
            }`,
        );
      } else if (verdict === "too few") {
        problems.push(`${fullName(row)} in ${result.runtime} has too few process runs to tell`);
      }
      return { ...result, change };
    });
    return { ...row, results };
  });
  if (compared === 0) problems.push(`Nothing of what ran is in ${file}`);
  const now = new Set(benchmarks.map(benchmarkKey));
  const all = [
    ...notes,
    ...unknown.map((name) => `${name} is not in the base`),
    ...base.benchmarks.filter((row) => !now.has(benchmarkKey(row)))
      .map((row) => `${fullName(row)} is in the base, and did not run`),
  ];
  return { benchmarks: rows, base: { file, maxRegress, notes: all, problems } };
}

function percent(part: number): string {
  return `${Number((part * 100).toFixed(1))} %`;
}
