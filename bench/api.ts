/**
 * Declaring benchmarks and running them.
 *
 * @module
 */
import process from "node:process";
import { findClocks, measureClock } from "./clock.ts";
import { watch } from "./disturbance.ts";
import {
  type BaselineKey,
  type Environment,
  measureBaseline,
  type Measured,
  measureSubject,
  type Settings,
  type Subject,
} from "./engine.ts";
import { checkFunction, checkName, checkOptions, combinations } from "./options.ts";
import { runner, type RunnerOptions } from "./runner.ts";
import type {
  Baseline,
  BenchOptions,
  BenchResult,
  ClockReport,
  Params,
  RunResult,
  SetupIfNeeded,
} from "./types.ts";

/** Declared, and not run yet. */
interface Declared {
  readonly name: string;
  readonly group: readonly string[];
  readonly params: Params;
  readonly mode: Settings["mode"];
  readonly options: Pick<BenchOptions, "time" | "warmup">;
  readonly subject: Subject<unknown>;
}

let declared: Declared[] = [];
let groups: readonly string[] = [];

/**
 * Declares a benchmark, for {@link run}. With `params`, one for each combination of their values.
 *
 * What `fn` returns is used, so that no compiler leaves the work out: return what you compute.
 *
 * @param name what it is called in the results
 * @param fn what is measured; gets what `setup` returned, else the parameters. If it returns a
 * promise, that is awaited, and part of what is measured
 * @throws {TypeError | RangeError} for wrong arguments
 *
 * @example
 * ```ts
 * import { bench } from "@x/vdso/bench";
 *
 * bench("sort", (numbers) => numbers.toSorted(), {
 *   setup: () => Array.from({ length: 1000 }, Math.random),
 * });
 * ```
 */
export function bench<P extends Params = Params, I = P>(
  name: string,
  fn: (input: I) => unknown,
  options?: BenchOptions<P, I> & SetupIfNeeded<P, I>,
): void;
/**
 * The same with the function last. TypeScript infers from left to right: if `setup` takes
 * parameters, it knows only in this order what `fn` gets.
 *
 * @example
 * ```ts
 * import { bench } from "@x/vdso/bench";
 *
 * bench("sort", {
 *   params: { length: [10, 1000] },
 *   setup: ({ length }) => Array.from({ length }, Math.random),
 * }, (numbers) => numbers.toSorted());
 * ```
 */
export function bench<P extends Params = Params, I = P>(
  name: string,
  options: BenchOptions<P, I> & SetupIfNeeded<P, I>,
  fn: (input: I) => unknown,
): void;
export function bench<P extends Params, I>(
  name: string,
  first: ((input: I) => unknown) | BenchOptions<P, I>,
  second: ((input: I) => unknown) | BenchOptions<P, I> = {},
): void {
  checkName(name);
  const [fn, options] = (typeof second === "function" ? [second, first] : [first, second]) as [
    (input: I) => unknown,
    BenchOptions<P, I>,
  ];
  checkFunction(fn, "fn");
  const { mode } = checkOptions(options);
  for (const params of combinations(options.params)) {
    const { time, warmup } = options;
    declared.push({
      name,
      group: groups,
      params,
      mode,
      options: { ...(time !== undefined && { time }), ...(warmup !== undefined && { warmup }) },
      subject: toSubject(fn, options, params as P),
    });
    runner()?.declared(fullName({ name, group: groups }), run);
  }
}

/** What a filter sees. */
function fullName({ name, group }: Pick<Declared, "name" | "group">): string {
  return [...group, name].join(" ");
}

function toSubject<P extends Params, I>(
  fn: (input: I) => unknown,
  { setup, teardown, beforeSample, afterSample }: BenchOptions<P, I>,
  params: P,
): Subject<unknown> {
  const subject: Subject<I> = {
    fn,
    // Without a setup the input is the parameters: then I is P.
    setup: () => setup ? setup(params) : params as unknown as I,
    teardown,
    beforeSample,
    afterSample,
  };
  return subject as Subject<unknown>;
}

/**
 * Puts the benchmarks that `declare` declares into a group. Groups may contain groups.
 *
 * @throws {TypeError} for wrong arguments, and if `declare` is async: what comes after its first
 * await would be in no group
 *
 * @example
 * ```ts
 * import { bench, group } from "@x/vdso/bench";
 *
 * group("parse", () => {
 *   bench("JSON", () => JSON.parse('{"answer":42}'));
 *   bench("number", () => parseFloat("42.5"));
 * });
 * ```
 */
export function group(name: string, declare: () => void): void {
  checkName(name);
  checkFunction(declare, "declare");
  const outer = groups;
  groups = [...outer, name];
  try {
    const returned: unknown = declare();
    if (returned instanceof Promise) {
      throw new TypeError("Expected `declare` to return nothing, got a promise");
    }
  } finally {
    groups = outer;
  }
}

/** What {@link run} takes. */
export interface RunOptions {
  /** Only benchmarks whose names, groups before it, match: `"parse JSON"`. */
  readonly filter?: RegExp;
  /** Milliseconds for each that does not say for itself. */
  readonly time?: number;
  /** The most milliseconds to warm up for, for each that does not say for itself. */
  readonly warmup?: number;
  /** Called with each result as it comes. */
  readonly onResult?: (result: BenchResult) => void;
}

/**
 * Runs all benchmarks that were declared since the last time, one after the other, once earlier runs
 * have ended. Prints nothing.
 *
 * @returns the results as plain data
 * @throws what a benchmark throws, and runs none after it; `vdso bench` goes on with the next
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
  const mine = declared;
  declared = [];
  const running = lastRun.then(() => runAll(mine, options));
  lastRun = running.catch(() => {});
  runner()?.running(running);
  return running;
}

/** Two at a time would measure each other, so each waits for the one before. */
let lastRun: Promise<unknown> = Promise.resolve();

async function runAll(mine: readonly Declared[], own: RunOptions): Promise<RunResult> {
  const options: RunnerOptions = runner()?.options(own) ?? own;
  const { filter, onResult, onThrown, ...defaults } = options;
  checkOptions(defaults);
  const results: BenchResult[] = [];
  const env = environment();
  for (const { name, group, params, mode, options, subject } of mine) {
    if (filter && fullName({ name, group }).search(filter) < 0) continue;
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
  return { runtime: thisRuntime(), results };
}

/** What {@link measure} takes. */
export interface MeasureOptions<I = undefined>
  extends Omit<BenchOptions<Params, I>, "params" | "setup"> {
  /** In the result; the function's own name if left out. */
  readonly name?: string;
  /** Before the run. What it returns, or resolves to, is the argument of all the others. */
  readonly setup?: () => I | PromiseLike<I>;
}

/**
 * Measures one function here and now, for tests and scripts. Takes a second or so, unless `time` and
 * `warmup` say less.
 *
 * @param fn what is measured; if it returns a promise, that is awaited
 * @throws what `fn` throws; {TypeError | RangeError} for wrong arguments
 *
 * @example
 * ```ts
 * import { measure } from "@x/vdso/bench";
 *
 * const text = JSON.stringify({ answer: 42 });
 * const { ns, median, disturbance } = await measure(() => JSON.parse(text), { time: 50 });
 * console.log(ns.p50, median.low, median.high, disturbance.reasons);
 * ```
 */
export async function measure<I = undefined>(
  fn: (input: I) => unknown,
  options: MeasureOptions<I> = {},
): Promise<BenchResult> {
  checkFunction(fn, "fn");
  const settings = checkOptions(options);
  const { name = fn.name, setup, ...rest } = options;
  const withSetup = { ...rest, setup: () => setup ? setup() : undefined as I };
  const subject = toSubject<Params, I>(fn, withSetup, {});
  const measured = await measureSubject(subject, settings, environment());
  return { name, group: [], params: {}, ...measured };
}

/**
 * How good the clocks are that samples are taken with, cheapest first: what reading one costs in a
 * loop, and its smallest step. Takes some 10 ms.
 *
 * @example
 * ```ts
 * import { clocks } from "@x/vdso/bench";
 *
 * for (const { name, source, costNs, resolutionNs } of clocks()) {
 *   console.log(name, source, costNs.toFixed(1), resolutionNs.toFixed(1));
 * }
 * ```
 */
export function clocks(): ClockReport[] {
  const { short, long, reason } = findClocks();
  return [...new Set([short, long])].map((clock) => {
    const { cost, resolution } = measureClock(clock);
    return {
      name: clock.name,
      source: clock.source,
      costNs: clock.toNs(cost),
      resolutionNs: clock.toNs(resolution),
      ...(reason !== undefined && { reason }),
    };
  });
}

let shared: Environment | undefined;

/** Baselines are measured once in each process. */
function environment(): Environment {
  if (shared) return shared;
  const baselines = new Map<string, Promise<Baseline>>();
  const env = {
    clocks: findClocks(),
    watch,
    // Anew for each benchmark: where koffi calls, a reading costs more the longer the process runs.
    quality: measureClock,
  };
  return shared = {
    ...env,
    baseline(like: BaselineKey) {
      const key = `${like.mode} ${like.async}`;
      const known = baselines.get(key) ?? measureBaseline(like, env);
      baselines.set(key, known);
      return known;
    },
  };
}

function thisRuntime(): RunResult["runtime"] {
  const { deno, bun, node = "" } = process.versions as Record<string, string | undefined>;
  if (deno !== undefined) return { name: "deno", version: deno };
  if (bun !== undefined) return { name: "bun", version: bun };
  return { name: "node", version: node };
}
