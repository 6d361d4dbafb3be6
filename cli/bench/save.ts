/**
 * Keeps a report for later.
 *
 * @module
 */
import { closeSync, existsSync, openSync, unlinkSync, writeFileSync } from "node:fs";
import { type BenchReport, printReport } from "./report.ts";

/**
 * Before anything is measured. Leaves what is there as it is.
 *
 * @throws {Error} if the file could not be written
 */
export function checkWritable(file: string): void {
  const existed = existsSync(file);
  // Opened, not asked for: no other way takes the same permissions, in Deno and on every disk.
  closeSync(openSync(file, "a"));
  if (!existed) unlinkSync(file);
}

/**
 * Writes it if it is whole: a base with gaps would be worse than the one that may be there.
 *
 * @returns why it was not written; undefined if it was
 */
export function saveReport(file: string, report: BenchReport): string | undefined {
  const { benchmarks, failures, missing } = report;
  if (benchmarks.length === 0 || failures.length > 0 || missing.length > 0) {
    return `${file} is left as it was: not everything ran`;
  }
  try {
    writeFileSync(file, `${printReport(report)}\n`);
    return undefined;
  } catch (error) {
    return `Cannot save: ${(error as Error).message}`;
  }
}
