/** The tables of the accuracy check: a column for each runtime. */
import { table as draw } from "../measure/table.ts";
import type { RuntimeName } from "../runtimes.ts";
import type { Changes } from "./changes.ts";
import type { HarnessFigures, KnownCost, LibraryClock, Overhead, Sleeps } from "./results.ts";

/** A table, and an empty line before it. */
function print(rows: readonly (readonly string[])[], markdown: boolean): void {
  console.log(`\n${draw(rows, markdown)}`);
}

type ByRuntime<T> = ReadonlyMap<RuntimeName, T>;

/** A row for each of what the first runtime has, a cell for each runtime. */
function table<T>(
  title: string,
  results: ByRuntime<readonly T[]>,
  name: (one: T) => string,
  cell: (one: T) => string,
  markdown: boolean,
): void {
  const [first] = results.values();
  if (!first) return;
  const rows = first.map((one, row) => [
    name(one),
    ...[...results.values()].map((all) => all[row] ? cell(all[row] as T) : ""),
  ]);
  print([[title, ...results.keys()], ...rows], markdown);
}

const percent = (part: number) => `${(100 * part).toFixed(2)} %`;

export function printCosts(results: ByRuntime<readonly KnownCost[]>, markdown: boolean): void {
  table(
    "Known cost (ns in C): error by medians (by the fastest)",
    results,
    ({ name, mode, truthNs }) => `${name}, ${mode} (${truthNs.toFixed(1)})`,
    ({ error, errorOfFastest }) => `${percent(error)} (${percent(errorOfFastest)})`,
    markdown,
  );
}

const OVERHEAD: Readonly<Record<keyof Overhead, string>> = {
  nothingNs: "a function that does nothing, ns",
  addedNs: "added to a function of 10 ns, ns",
  clockNs: "the clock's cost, ns",
  latencyRatio: "latency of nothing, times the clock's cost",
};

export function printOverhead(results: ByRuntime<Overhead>, markdown: boolean): void {
  const rows = (Object.keys(OVERHEAD) as (keyof Overhead)[]).map((key) => [
    OVERHEAD[key],
    ...[...results.values()].map((one) => one[key].toFixed(2)),
  ]);
  if (results.size > 0) print([["The harness itself", ...results.keys()], ...rows], markdown);
}

export function printSleeps(results: ByRuntime<readonly Sleeps[]>, markdown: boolean): void {
  const flat = new Map([...results].map(([runtime, all]) =>
    [
      runtime,
      all.flatMap(({ name, percentiles }) => percentiles.map((one) => ({ name, ...one }))),
    ] as const
  ));
  table(
    "Handlers that sleep: ms (error)",
    flat,
    ({ name, p }) => `${name}, p${p}`,
    ({ truthNs, reportedNs }) =>
      `${(reportedNs / 1e6).toFixed(3)} (${percent(reportedNs / truthNs - 1)})`,
    markdown,
  );
}

export function printClocks(results: ByRuntime<readonly LibraryClock[]>, markdown: boolean): void {
  table(
    "Clocks: ns a reading (least step)",
    results,
    ({ name }) => name,
    ({ costNs, resolutionNs }) => `${costNs.toFixed(1)} (${resolutionNs.toFixed(1)})`,
    markdown,
  );
}

const HARNESSES: Readonly<Record<Exclude<keyof HarnessFigures, "name">, string>> = {
  throughput: "throughput",
  latency: "latency",
  mitata: "mitata",
  tinybench: "tinybench",
  tinybenchVdso: "tinybench, our clock",
};

/** A table for each runtime: its columns are the harnesses. */
export function printHarnesses(
  results: ByRuntime<readonly HarnessFigures[]>,
  markdown: boolean,
): void {
  const keys = Object.keys(HARNESSES) as (keyof typeof HARNESSES)[];
  for (const [runtime, all] of results) {
    const rows = all.map((one) => [one.name, ...keys.map((key) => one[key].toFixed(1))]);
    print([[`${runtime}: ns, median`, ...Object.values(HARNESSES)], ...rows], markdown);
  }
}

export function printChanges(results: ByRuntime<Changes>, markdown: boolean): void {
  const [first] = results.values();
  if (!first) return;
  const all = [...results.values()];
  const range = (ratios: readonly number[]) =>
    `${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}`;
  const { comparisons, runs } = first;
  print([
    [`${comparisons} comparisons of ${runs} runs a side`, ...results.keys()],
    ["5 % more: found", ...all.map(({ found }) => `${found}`)],
    ["the ratios", ...all.map(({ ratios }) => range(ratios.changed))],
    ["no change: none claimed", ...all.map(({ quiet }) => `${quiet}`)],
    ["the ratios", ...all.map(({ ratios }) => range(ratios.same))],
  ], markdown);
}
