/**
 * What goes into a benchmark, and what comes out.
 *
 * @module
 */
import type { Interval } from "./bootstrap.ts";
import type { Bucket, Distribution } from "./distribution.ts";
import type { Disturbance } from "./disturbance.ts";

/**
 * `"throughput"`: a sample is the mean of a batch of calls, so long that the clock does not matter;
 * says what a call costs, as low as a fraction of a nanosecond, and nothing of single calls.
 * `"latency"`: each call is a sample; says how calls are distributed, tails included, and carries
 * the clock's cost, of which the mean is taken off.
 */
export type Mode = "throughput" | "latency";

/** One value of each parameter. */
export type Params = Readonly<Record<string, unknown>>;

/** What {@link bench} and {@link measure} take besides the function. */
export interface BenchOptions<P extends Params = Params, I = P> {
  /** `"throughput"` if left out. */
  readonly mode?: Mode;
  /**
   * Milliseconds to measure for, after warming up; 500 if left out. No call is cut short, and there
   * are ten samples at least: what takes a second is measured for ten. Otherwise it takes no longer,
   * whatever the clock, by more than a sample.
   */
  readonly time?: number;
  /**
   * The most milliseconds to warm up for; 1000 if left out. Ends as soon as the samples are steady. A
   * run that turns out not to have been warm counts as warming up, too.
   */
  readonly warmup?: number;
  /**
   * Why it cannot be measured here, in words: it is not run, and neither are `setup` and the others.
   * The results have it with that reason. `false` if it can be measured, as if left out.
   */
  readonly skip?: string | false;
  /** Values to run with: a benchmark for each combination. */
  readonly params?: { readonly [K in keyof P]: readonly P[K][] };
  /**
   * Before a run. What it returns, or resolves to, is the argument of all the others. Without it they
   * get the parameters.
   */
  readonly setup?: (params: P) => I | PromiseLike<I>;
  /** After a run, also one that failed. */
  readonly teardown?: (input: I) => unknown;
  /** Before each sample, which in throughput mode is a batch of calls. Not measured; awaited. */
  readonly beforeSample?: (input: I) => unknown;
  /** After each sample. Not measured; awaited. */
  readonly afterSample?: (input: I) => unknown;
}

/** Without a setup the function gets the parameters, so it must take them. */
export type SetupIfNeeded<P extends Params, I> = P extends I ? unknown
  : Required<Pick<BenchOptions<P, I>, "setup">>;

/** What {@link measure} takes. */
export interface MeasureOptions<I = undefined>
  extends Omit<BenchOptions<Params, I>, "params" | "setup" | "skip"> {
  /** In the result; the function's own name if left out. */
  readonly name?: string;
  /** Before the run. What it returns, or resolves to, is the argument of all the others. */
  readonly setup?: () => I | PromiseLike<I>;
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

/** What {@link compare} takes. */
export interface CompareOptions {
  /** The most probable false alarm that is put up with, above 0; 0.01 if left out. */
  readonly alpha?: number;
  /** The least difference worth a claim, as a part of the base; 0.01 if left out. */
  readonly threshold?: number;
  /** The largest difference that still counts as no change, as a part; 0.05 if left out. */
  readonly margin?: number;
  /**
   * Whether the runs were made in turns, A B A B, so that the first of both belong together, and so
   * on: then what slowed both down cancels out. False if left out, and right for runs of another
   * day: these have nothing in common. With fewer than eight pairs, at the usual `alpha`, it changes
   * nothing.
   */
  readonly paired?: boolean;
}

/** The clock that a benchmark was measured with. */
export interface ClockReport {
  /** The function that reads it. */
  readonly name: "ticks" | "now";
  /** `"rdtsc"`, `"cntvct_el0"`; for `now` as {@link Sources} has it. */
  readonly source: string;
  /** What a measurement of nothing shows, in nanoseconds. Has been taken off each sample. */
  readonly costNs: number;
  /** The least difference that it shows, in nanoseconds: the step of the counter behind it. */
  readonly resolutionNs: number;
  /** Why it is not the CPU's counter, where only that was the reason. */
  readonly reason?: string;
}

/** What the same loop shows for a function that does nothing. Has not been taken off. */
export interface Baseline {
  /** Its median. */
  readonly ns: number;
  /** Its 99th percentile. */
  readonly p99: number;
}

/** How a benchmark got warm. */
export interface Warmup {
  /** Nanoseconds that it took, those of measurements that were begun anew included. */
  readonly ns: number;
  /** How often the function was called. */
  readonly calls: number;
  /** Whether the samples were steady at last. */
  readonly settled: boolean;
  /** How often it was begun anew: it was not warm after all, or returned promises at last. */
  readonly restarts: number;
}

/** What is wrong with a result. */
export interface Warning {
  /**
   * `"noise"`: not told from a function that does nothing. `"clock"`: the clock is a large part of
   * it. `"unsettled"`: still changed when the time for warming up was over. `"drift"`: changed while
   * it was measured. `"unawaited"`: returned promises, but not among its first calls. `"unrun"`:
   * returned an iterator that nobody ran, a generator's for example. `"shared-loop"`: no loop of its
   * own. `"disturbed"`: see there.
   */
  readonly code:
    | "noise"
    | "clock"
    | "unsettled"
    | "drift"
    | "unawaited"
    | "unrun"
    | "shared-loop"
    | "disturbed";
  /** The same in words, with figures. */
  readonly message: string;
}

/** What a benchmark came to: plain data, the same after JSON. */
export interface BenchResult {
  /** As it was declared. */
  readonly name: string;
  /** The names of the groups that it is in, the outermost first. */
  readonly group: readonly string[];
  /** Its parameters' values; empty if it has none. */
  readonly params: Params;
  /** How it was measured. */
  readonly mode: Mode;
  /** Whether its results were awaited. */
  readonly async: boolean;
  /** Nanoseconds per call. */
  readonly ns: Distribution;
  /** All samples in ascending buckets 0.5 % wide: what to draw. */
  readonly histogram: readonly Bucket[];
  /**
   * Where the median lies, by bootstrap of the slices: what a repetition in this process would show.
   * Another process may differ by more: see {@link compare}.
   */
  readonly median: Interval;
  /**
   * The medians of consecutive slices of the run: its course, and what {@link compare} takes. A
   * hundred or so; ten if it was slow, up to 200 if there were more than 65,536 samples in a
   * hundredth.
   */
  readonly slices: readonly number[];
  /** How many samples were taken. */
  readonly samples: number;
  /** How many calls that were. */
  readonly calls: number;
  /** Calls in a sample: 1 in latency mode. */
  readonly batch: number;
  /** What it was measured with. */
  readonly clock: ClockReport;
  /** What doing nothing takes. */
  readonly baseline: Baseline;
  /** How long it took to get warm, and whether it did. */
  readonly warmup: Warmup;
  /** What else went on. */
  readonly disturbance: Disturbance;
  /** What is wrong with it: empty if all is well. */
  readonly warnings: readonly Warning[];
}

/** What tells a benchmark from others. */
export type BenchIdentity = Pick<BenchResult, "name" | "group" | "params" | "mode">;

/** A benchmark that cannot be measured here, since its option `skip` says so. Plain data. */
export interface SkippedBenchmark extends BenchIdentity {
  /** What `skip` said. */
  readonly reason: string;
}

/** Of all benchmarks: what {@link run} returns. */
export interface RunResult {
  /** `"deno"`, `"bun"` or `"node"`, and its version. */
  readonly runtime: { readonly name: string; readonly version: string };
  /** In the order of their declarations. */
  readonly results: readonly BenchResult[];
  /** Those that cannot be measured here, in the order of their declarations. */
  readonly skipped: readonly SkippedBenchmark[];
}
