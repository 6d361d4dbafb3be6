/**
 * Keeps a report for later.
 *
 * @module
 */
import { writeWhole } from "../write_file.ts";
import { type BenchReport, printReport } from "./report.ts";

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
    writeWhole(file, `${printReport(report)}\n`);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
