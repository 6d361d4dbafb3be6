/**
 * Whether one benchmark is faster than another: only if it is.
 *
 * @module
 */
import type { Interval } from "./bootstrap.ts";
import { mannWhitney, smallestP } from "./mann_whitney.ts";
import { median, thinned } from "./median.ts";
import { checkKeys } from "./options.ts";
import { independentInterval, pairedInterval } from "./ratio_interval.ts";
import type { CompareOptions } from "./types.ts";

/** What {@link compare} returns. */
export interface Comparison {
  /**
   * What may be said of the second compared with the first. `"no change"`: if there is a difference,
   * it is smaller than `margin`. `"cannot tell"`: the values spread too much for any of that.
   * `"too few"`: so few values could not show any difference, however large.
   */
  readonly verdict: "faster" | "slower" | "no change" | "cannot tell" | "too few";
  /** Median of the second over median of the first: 1.05 takes 5 % longer. */
  readonly ratio: number;
  /**
   * Where the true ratio lies, at the level 1 - alpha: by the Mann-Whitney test, of pairs by the
   * Wilcoxon signed-rank test. The level is lower where the values are too few for that.
   */
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
 * `alpha`; take ten. Of runs that were made in turns, A B A B, say so by `paired`.
 *
 * A difference is claimed if three agree: the Mann-Whitney test finds it (`p < alpha`), the interval
 * of the ratio leaves out 1, and it is at least `threshold`. That there is none is claimed if the
 * whole interval is within `margin`. Of all other values this cannot tell, and says so. It takes
 * milliseconds: of single runs of more than 200 values the medians of 200 parts are compared.
 *
 * @param base process runs, each an array of its values: of a single result `[result.slices]`
 * @param other what is compared with `base`, in the same way
 * @throws {TypeError} for what is no array of arrays of numbers, and for options that it does not know
 * @throws {RangeError} if there is nothing to compare, a value that is not above 0, or an option out
 * of its range
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
  options: CompareOptions = {},
): Comparison {
  const own = checkKeys(options, "compare");
  const { alpha = 0.01, threshold = 0.01, margin = 0.05, paired = false } = own;
  checkRanges({ alpha, threshold, margin, paired });
  check(base, "base");
  check(other, "other");
  if (paired && base.length !== other.length) {
    throw new RangeError(
      `Expected pairs to have as many runs on both sides, got ${base.length} and ${other.length}`,
    );
  }
  const basis = base.length === 1 && other.length === 1 ? "slices" : "runs";
  const [a, b] = basis === "slices"
    ? [thinned(base[0] ?? []), thinned(other[0] ?? [])]
    : [base.map(median), other.map(median)];
  const ratio = median(b) / median(a);
  const interval = ratioInterval(a, b, paired && basis === "runs", 1 - alpha, ratio);
  const { p, superiority } = mannWhitney(b, a);
  const { low, high } = interval;
  const claim = p < alpha && (low > 1 || high < 1) && Math.abs(ratio - 1) >= threshold;
  const verdict = smallestP(a.length, b.length) >= alpha
    ? "too few"
    : claim
    ? ratio < 1 ? "faster" : "slower"
    : low >= 1 - margin && high <= 1 + margin
    ? "no change"
    : "cannot tell";
  return { verdict, ratio, interval, p, superiority, basis };
}

function ratioInterval(
  a: readonly number[],
  b: readonly number[],
  paired: boolean,
  level: number,
  ratio: number,
): Interval {
  const interval = (paired ? pairedInterval(a, b, level) : undefined) ??
    independentInterval(a, b, level);
  // Of pairs that drift, the quotient of the medians may lie outside.
  const { low, high } = interval;
  return { ...interval, low: Math.min(low, ratio), high: Math.max(high, ratio) };
}

function checkRanges({ alpha, threshold, margin, paired }: Required<CompareOptions>): void {
  for (const [name, value] of Object.entries({ alpha, threshold, margin })) {
    if (typeof value !== "number") {
      throw new TypeError(`Expected \`${name}\` to be a number, got ${typeof value}`);
    }
  }
  if (!(alpha > 0 && alpha < 1)) {
    throw new RangeError(`Expected \`alpha\` to be above 0 and below 1, got ${alpha}`);
  }
  for (const [name, value] of Object.entries({ threshold, margin })) {
    if (!(value >= 0)) throw new RangeError(`Expected \`${name}\` to be 0 or more, got ${value}`);
  }
  if (typeof paired !== "boolean") {
    throw new TypeError(`Expected \`paired\` to be true or false, got ${typeof paired}`);
  }
}

function check(runs: readonly (readonly number[])[], name: string): void {
  if (!Array.isArray(runs) || !runs.every(Array.isArray)) {
    throw new TypeError(
      `Expected \`${name}\` to be runs, each an array of its values, such as [result.slices]`,
    );
  }
  if (runs.length === 0 || runs.some((run) => run.length === 0)) {
    throw new RangeError(`Expected \`${name}\` to have runs with values, got an empty one`);
  }
  for (const run of runs) {
    for (const value of run) {
      if (typeof value !== "number") {
        throw new TypeError(
          `Expected the values of \`${name}\` to be numbers, got ${typeof value}`,
        );
      }
      if (!(value > 0 && value < Infinity)) {
        throw new RangeError(`Expected the values of \`${name}\` to be above 0, got ${value}`);
      }
    }
  }
}
