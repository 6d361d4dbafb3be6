/**
 * How `vdso bench` gets hold of the benchmarks of a file.
 *
 * In the processes that it starts it leaves an object on `globalThis`, before the file is imported.
 * This module tells that object what is declared, and who can run it. So it does not matter which
 * copy of this module a file imports, from where and of which version: its benchmarks are run by the
 * `run` that belongs to them.
 *
 * @module
 */
import type { BenchIdentity, RunOptions, RunResult, SkippedBenchmark } from "./types.ts";

/** Left by `vdso bench`. Versions of this module that differ must agree on it. */
export interface Runner {
  /**
   * Called for each benchmark that is declared.
   *
   * @param name as a filter sees it
   * @param run what runs it
   */
  declared(name: string, run: (options?: RunOptions) => Promise<RunResult>): void;
  /** What the command line asks for, on top of the options that a file gives to `run` itself. */
  options(own: RunOptions): RunnerOptions;
  /** Called with each run that begins: whoever began it need not wait for it. */
  running(run: Promise<RunResult>): void;
}

/** What `run` takes from a runner. */
export interface RunnerOptions extends RunOptions {
  /** Called with what a benchmark throws, which then ends nothing but that benchmark. */
  readonly onThrown?: (error: unknown, benchmark: BenchIdentity) => void;
  /** Called with what cannot be measured here, when its turn comes. */
  readonly onSkipped?: (benchmark: SkippedBenchmark) => void;
}

/** Also in cli/bench/child.ts, which is no part of the process that imports this. */
const RUNNER = Symbol.for("@x/vdso/bench runner");

/** Undefined, unless `vdso bench` started this process. */
export function runner(): Runner | undefined {
  return (globalThis as { [RUNNER]?: Runner })[RUNNER];
}
