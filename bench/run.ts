/**
 * Running what was declared.
 *
 * @module
 */
import { type Measured, measureSubject } from "./engine.ts";
import { environment, thisRuntime } from "./environment.ts";
import { checkKeys, checkOptions, checkRun, ownOf } from "./options.ts";
import { type Declared, fullName, takeAll } from "./registry.ts";
import { runner, type RunnerOptions } from "./runner.ts";
import type { BenchResult, RunOptions, RunResult, SkippedBenchmark } from "./types.ts";

/**
 * Runs all benchmarks that were declared since the last time, one after the other, once earlier runs
 * have ended. Prints nothing.
 *
 * @returns the results, and what is skipped here and why, as plain data
 * @throws what a benchmark throws, and runs none after it; `vdso bench` goes on with the next.
 * {TypeError | RangeError} for wrong options
 *
 * @example
 * ```ts
 * import { bench, run } from "@x/vdso/bench";
 *
 * bench("sqrt", () => Math.sqrt(2), { time: 50 });
 * const { results } = await run();
 * for (const { name, ns, warnings } of results) {
 *   console.log(name, ns.p50.toFixed(2), warnings.map(({ code }) => code)); // sqrt 0.35 [ "noise" ]
 * }
 * ```
 */
export function run(options: RunOptions = {}): Promise<RunResult> {
  const mine = takeAll();
  const running = lastRun.then(() => runAll(mine, options));
  lastRun = running.catch(() => {});
  runner()?.running(running);
  return running;
}

/** Two at a time would measure each other, so each waits for the one before. */
let lastRun: Promise<unknown> = Promise.resolve();

async function runAll(mine: readonly Declared[], given: RunOptions): Promise<RunResult> {
  // Not those of the runner: another version of it may know more.
  const own = checkKeys(given, "run");
  checkRun(own);
  const options: RunnerOptions = ownOf(runner()?.options(own) ?? own);
  const { filter, onResult, onThrown, onSkipped, ...defaults } = options;
  checkOptions(defaults);
  const results: BenchResult[] = [];
  const skipped: SkippedBenchmark[] = [];
  const env = environment();
  for (const { name, group, params, mode, skip, options, subject } of mine) {
    if (filter && fullName({ name, group }).search(filter) < 0) continue;
    if (skip !== false) {
      const benchmark = { name, group, params, mode, reason: skip };
      skipped.push(benchmark);
      onSkipped?.(benchmark);
      continue;
    }
    const settings = checkOptions({ mode, ...defaults, ...options });
    let measured: Measured;
    try {
      measured = await measureSubject(subject, settings, env);
    } catch (error) {
      if (!onThrown) throw error;
      onThrown(error, { name, group, params, mode });
      continue;
    }
    const result = { name, group, params, ...measured };
    results.push(result);
    onResult?.(result);
  }
  return { runtime: thisRuntime(), results, skipped };
}
