/** Starts `vdso bench` in this runtime. */
import { assertEquals } from "@std/assert";
import { formatMessage } from "@optique/core/message";
import { parseSync } from "@optique/core/parser";
import type { BenchReport } from "../cli/bench/report.ts";
import { execute } from "../cli/execute.ts";
import { GRAMMAR } from "../cli/grammar.ts";
import { run, type RunOptions, type RunResult } from "./support.ts";

/** The options of a test of the command, which starts other processes. */
export const TIMEOUT = { timeout: 120_000 };

/** A file of benchmarks. */
export const fixture = (name: string): string => `tests/fixtures/bench_${name}.ts`;

export function vdsoBench(args: readonly string[], options: RunOptions = {}): RunResult {
  return run("cli.ts", ["bench", ...args], { timeout: 110_000, ...options });
}

/** The same without a process for the command: what is thrown, it would print. */
export async function inProcess(words: readonly string[]): Promise<string> {
  const parsed = parseSync(GRAMMAR, ["bench", ...words]);
  if (!parsed.success) throw new RangeError(formatMessage(parsed.error));
  return (await execute(parsed.value)).text;
}

/** Runs it and wants success in silence. */
export function output(args: readonly string[]): string {
  const { code, stdout, stderr } = vdsoBench(args);
  assertEquals([stderr, code], ["", 0]);
  return stdout;
}

export function report(text: string): BenchReport {
  return JSON.parse(text) as BenchReport;
}
