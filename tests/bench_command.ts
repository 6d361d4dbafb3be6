/** Runs `vdso bench`: in a process of this runtime, or in this one. */
import { assertEquals } from "@std/assert";
import type { BenchReport } from "../cli/bench/report.ts";
import { inProcess } from "./cli/in_process.ts";
import { run, type RunOptions, type RunResult } from "./support.ts";

/** The options of a test of the command, which starts other processes. */
export const TIMEOUT = { timeout: 120_000 };

/** A file of benchmarks. */
export const fixture = (name: string): string => `tests/fixtures/bench_${name}.ts`;

export function vdsoBench(args: readonly string[], options: RunOptions = {}): RunResult {
  return run("cli.ts", ["bench", ...args], { timeout: 110_000, ...options });
}

/** Runs it in this process: what is thrown, it would print. */
export const benchInProcess = (words: readonly string[]) => inProcess(["bench", ...words]);

/** Runs it in this process and wants success in silence. */
export async function output(words: readonly string[]): Promise<string> {
  const { text, ok, said } = await benchInProcess(words);
  assertEquals([said, ok], ["", true]);
  return text;
}

export function report(text: string): BenchReport {
  return JSON.parse(text) as BenchReport;
}
