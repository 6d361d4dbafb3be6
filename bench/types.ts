/**
 * What goes into a benchmark, and what comes out.
 *
 * @module
 */
import type { Bucket, Distribution } from "./distribution.ts";
import type { Disturbance } from "./disturbance.ts";
import type { Interval } from "./statistics.ts";

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
   * are ten samples at least: what takes a second is measured for ten.
   */
  readonly time?: number;
  /** The most milliseconds to warm up for; 1000 if left out. Ends as soon as the samples are steady. */
  readonly warmup?: number;
  /** Values to run with: a benchmark for each combination. */
  readonly params?: { readonly [K in keyof P]: readonly P[K][] };
  /** Before a run. What it returns, or resolves to, is the argument of all the others; else that is
   * the parameters. */
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

/** What is wrong with a result. */
export interface Warning {
  /**
   * `"noise"`: not told from a function that does nothing. `"clock"`: the clock is a large part of
   * it. `"unsettled"`: still changed when the time for warming up was over. `"drift"`: changed while
   * it was measured. `"shared-loop"`: no loop of its own. `"disturbed"`: see there.
   */
  readonly code: "noise" | "clock" | "unsettled" | "drift" | "shared-loop" | "disturbed";
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
   * hundred or so; ten if it was slow, more if there were more than 65,536 samples in a hundredth.
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
  readonly warmup: { readonly ns: number; readonly calls: number; readonly settled: boolean };
  /** What else went on. */
  readonly disturbance: Disturbance;
  /** What is wrong with it: empty if all is well. */
  readonly warnings: readonly Warning[];
}

/** Of all benchmarks: what {@link run} returns. */
export interface RunResult {
  /** `"deno"`, `"bun"` or `"node"`, and its version. */
  readonly runtime: { readonly name: string; readonly version: string };
  /** In the order of their declarations. */
  readonly results: readonly BenchResult[];
}
