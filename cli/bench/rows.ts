/**
 * Which results belong in one row, and in which order the rows come.
 *
 * @module
 */
import type { BenchIdentity, BenchResult, SkippedBenchmark } from "../../bench/mod.ts";

/** What came of a benchmark in a process run. */
export interface FileResult {
  /** Relative to the current directory. */
  readonly file: string;
  readonly runtime: string;
  /** Which process run, from 1 on. */
  readonly run: number;
  /** Nothing but its identity if it threw. */
  readonly result: BenchResult | SkippedBenchmark | BenchIdentity;
  /** Which of those that are the same in all this, from 0 on. */
  readonly occurrence: number;
}

/** What tells benchmarks apart, in one report and in two. */
export function benchmarkKey(
  { file, group, name, params, mode, occurrence }:
    & BenchIdentity
    & Pick<FileResult, "file" | "occurrence">,
): string {
  return JSON.stringify([file, group, name, params, mode, occurrence]);
}

type Row = [FileResult, ...FileResult[]];

/**
 * The results of each benchmark, as they were declared. What only some processes have declared stands
 * behind what came before it there, and behind the rest of a group that it is not in.
 *
 * @param results process by process
 */
export function inRows(results: readonly FileResult[]): readonly Row[] {
  const rows: Row[] = [];
  const known = new Map<string, Row>();
  const keyOf = (item: FileResult) => benchmarkKey({ ...item.result, ...item });
  const rowOf = (item: FileResult) => known.get(keyOf(item));

  /** Where a new row belongs, by its first item. */
  function placeOf(item: FileResult, index: number): number {
    const isBeside = (other: FileResult | undefined): other is FileResult =>
      other?.file === item.file && other.runtime === item.runtime && other.run === item.run;
    let above: Row | undefined;
    const previous = results[index - 1];
    if (isBeside(previous)) above = rowOf(previous);
    else { // the first of its process
      for (let i = index + 1, next = results[i]; isBeside(next); next = results[++i]) {
        const row = rowOf(next);
        if (row) return rows.indexOf(row);
      }
      above = rows.findLast(([other]) => other.file === item.file);
    }
    if (!above) return rows.length;
    const [{ file, result }] = above;
    const inside = [file, ...result.group];
    const depth = shared(inside, item);
    const from = rows.indexOf(above) + 1;
    const end = rows.findIndex(([other], i) => i >= from && shared(inside, other) <= depth);
    return end < 0 ? rows.length : end;
  }

  results.forEach((item, index) => {
    const row = rowOf(item);
    if (row) return void row.push(item);
    const added: Row = [item];
    rows.splice(placeOf(item, index), 0, added);
    known.set(keyOf(item), added);
  });
  return rows;
}

/** How many of these, a file and groups in it, a result is in. */
function shared(path: readonly string[], { file, result }: FileResult): number {
  const own = [file, ...result.group];
  const differs = path.findIndex((name, i) => name !== own[i]);
  return differs < 0 ? path.length : differs;
}
