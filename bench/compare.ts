/**
 * Whether one benchmark is faster than another: only if it is.
 *
 * @module
 */
import {
  bootstrap,
  type Interval,
  mannWhitney,
  median,
  resample,
  smallestP,
} from "./statistics.ts";

/** What {@link compare} takes. */
export interface CompareOptions {
  /** The most probable false alarm that is put up with; 0.01 if left out. */
  readonly alpha?: number;
  /** The least difference worth a claim, as a part of the base; 0.01 if left out. */
  readonly threshold?: number;
  /** Of the bootstrap: the same seed gives the same interval. */
  readonly seed?: number;
}

/** What {@link compare} returns. */
export interface Comparison {
  /**
   * What may be said of the second compared with the first. `"too few"`: so few values could not
   * show any difference, however large.
   */
  readonly verdict: "faster" | "slower" | "no change" | "too few";
  /** Median of the second over median of the first: 1.05 takes 5 % longer. */
  readonly ratio: number;
  /** The bootstrap interval of `ratio`, at the level 1 - alpha. */
  readonly interval: Interval;
  /** Of the Mann-Whitney test, two-sided. */
  readonly p: number;
  /**
   * The effect size: the probability that a value of the second is larger than one of the first;
   * 0.5 if neither tends to be.
   */
  readonly superiority: number;
  /**
   * What was compared: the medians of process runs, or the slices of a single run each. The second
   * says nothing of how processes differ from each other, which is often more.
   */
  readonly basis: "runs" | "slices";
}

/**
 * Compares two benchmarks, each given as process runs, and each of those as its values
 * ({@link BenchResult.slices}).
 *
 * With several runs of both, the values that are compared are the medians of the runs, since what
 * happened in one process is not independent: memory layout and compilation alone make processes
 * differ by some per cent. Five runs a side are the least that can show anything at the usual
 * `alpha`; take ten. Runs that were interleaved, A B A B, in as many of both, are resampled in
 * pairs, so that what slowed both down cancels out.
 *
 * A difference is claimed if three agree: the Mann-Whitney test finds it (`p < alpha`), the interval
 * of the ratio leaves out 1, and it is at least `threshold`.
 *
 * @throws {RangeError} if there is nothing to compare, or a value that is no number above 0
 *
 * @example
 * ```ts
 * import { compare } from "@x/vdso/bench";
 *
 * const before = [[20.1, 20.2], [20.0, 20.1], [20.3, 20.5], [20.4, 20.2], [20.1, 20.1]];
 * const after = [[18.1, 18.2], [18.0, 18.1], [18.3, 18.5], [18.4, 18.2], [18.1, 18.1]];
 * const { verdict, ratio } = compare(before, after);
 * console.log(verdict, ratio.toFixed(2)); // "faster" "0.90"
 * ```
 */
export function compare(
  base: readonly (readonly number[])[],
  other: readonly (readonly number[])[],
  { alpha = 0.01, threshold = 0.01, seed = 1 }: CompareOptions = {},
): Comparison {
  check(base, "base");
  check(other, "other");
  const basis = base.length === 1 && other.length === 1 ? "slices" : "runs";
  const [a, b] = basis === "slices"
    ? [base[0] ?? [], other[0] ?? []]
    : [base.map(median), other.map(median)];
  const ratio = median(b) / median(a);
  const interval = ratioInterval(a, b, basis === "runs", { level: 1 - alpha, seed });
  const { p, superiority } = mannWhitney(b, a);
  const excluded = interval.low > 1 || interval.high < 1;
  const claim = p < alpha && excluded && Math.abs(ratio - 1) >= threshold;
  const verdict = smallestP(a.length, b.length) >= alpha
    ? "too few"
    : !claim
    ? "no change"
    : ratio < 1
    ? "faster"
    : "slower";
  return { verdict, ratio, interval, p, superiority, basis };
}

function ratioInterval(
  a: readonly number[],
  b: readonly number[],
  runs: boolean,
  options: { level: number; seed: number },
): Interval {
  const drawnA = new Float64Array(a.length);
  const drawnB = new Float64Array(b.length);
  if (runs && a.length === b.length) {
    return bootstrap((random) => {
      for (let i = 0; i < a.length; i++) {
        const pair = Math.floor(random() * a.length);
        drawnA[i] = a[pair] as number;
        drawnB[i] = b[pair] as number;
      }
      return median(drawnB) / median(drawnA);
    }, options);
  }
  return bootstrap(
    (random) => median(resample(b, drawnB, random)) / median(resample(a, drawnA, random)),
    options,
  );
}

function check(runs: readonly (readonly number[])[], name: string): void {
  if (runs.length === 0 || runs.some((run) => run.length === 0)) {
    throw new RangeError(`Expected \`${name}\` to have runs with values, got an empty one`);
  }
  const wrong = runs.flat().find((value) => !(value > 0 && value < Infinity));
  if (wrong === undefined) return;
  throw new RangeError(`Expected the values of \`${name}\` to be above 0, got ${wrong}`);
}
