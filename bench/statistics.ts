/**
 * What is computed of samples that are there: medians, bootstrap intervals, the Mann-Whitney test.
 *
 * @module
 */
import { errorFunction, quantileSorted, wilcoxonRankSum } from "simple-statistics";
import { seeded } from "./random.ts";

/** An interval that holds the true value with the probability `level`. */
export interface Interval {
  /** Its lower end. */
  readonly low: number;
  /** Its upper end. */
  readonly high: number;
  /** 0.95 for 95 %. */
  readonly level: number;
}

/**
 * The middle one; of two middle ones the mean.
 *
 * @example
 * ```ts
 * import { median } from "@x/vdso/bench";
 *
 * console.log(median([3, 1, 10, 2])); // 2.5
 * ```
 */
export function median(values: ArrayLike<number>): number {
  return medianSorted(sorted(values));
}

/** The same of ascending values. */
export function medianSorted(ascending: ArrayLike<number>): number {
  return quantileSorted(ascending as number[], 0.5);
}

/** Typed, since that sorts numbers by value, ten times as fast. */
function sorted(values: ArrayLike<number>): number[] {
  return Float64Array.from(values).sort() as unknown as number[];
}

/** What {@link medianInterval} takes. */
export interface BootstrapOptions {
  /** How probable it should be that the interval holds the true value; 0.95 if left out. */
  readonly level?: number;
  /** How often to resample; 1000 if left out. */
  readonly resamples?: number;
  /** The same seed gives the same interval. */
  readonly seed?: number;
}

/**
 * A percentile bootstrap interval of a statistic (Efron 1979): draws as many as there are, with
 * replacement, again and again, and takes the middle of what the statistic says of them.
 *
 * @param draw makes one resample and returns its statistic; gets the generator
 */
export function bootstrap(
  draw: (random: () => number) => number,
  { level = 0.95, resamples = 1000, seed = 1 }: BootstrapOptions = {},
): Interval {
  const random = seeded(seed);
  const statistics = sorted(Float64Array.from({ length: resamples }, () => draw(random)));
  const tail = (1 - level) / 2;
  return {
    low: quantileSorted(statistics, tail),
    high: quantileSorted(statistics, 1 - tail),
    level,
  };
}

/**
 * The bootstrap interval of the median of independent values.
 *
 * @example
 * ```ts
 * import { medianInterval } from "@x/vdso/bench";
 *
 * const { low, high } = medianInterval([20.1, 20.3, 20.2, 20.0, 20.4]);
 * console.log(low, high);
 * ```
 */
export function medianInterval(
  values: readonly number[],
  options: BootstrapOptions = {},
): Interval {
  const drawn = new Float64Array(values.length);
  return bootstrap((random) => median(resample(values, drawn, random)), options);
}

/** Fills `drawn` with values drawn with replacement. */
export function resample(
  values: readonly number[],
  drawn: Float64Array,
  random: () => number,
): Float64Array {
  for (let i = 0; i < drawn.length; i++) {
    drawn[i] = values[Math.floor(random() * values.length)] as number;
  }
  return drawn;
}

/** What {@link mannWhitney} finds. */
export interface MannWhitney {
  /** In how many of all pairs the first sample's value is the larger one; ties count half. */
  readonly u: number;
  /** Two-sided: how probable so uneven a `u` is if both samples are of one distribution. */
  readonly p: number;
  /** `u` as a part of all pairs: 0.5 if neither tends to be larger, 1 if the first always is. */
  readonly superiority: number;
  /** Whether `p` was counted out, or comes from the normal approximation. */
  readonly exact: boolean;
}

/** Up to here all arrangements are counted: the approximation is fair at 20 and more a side. */
const EXACT_PAIRS = 900;

/**
 * The Mann-Whitney U test, also called the Wilcoxon rank-sum test: does one of two samples tend to
 * be larger? Assumes nothing of their distribution. Small samples are counted out, given their
 * ties; else by the normal approximation with corrections for ties and continuity (Hollander,
 * Wolfe, Chicken: Nonparametric Statistical Methods, 4.1), whose `p` is right to 1e-7.
 *
 * @throws {RangeError} if a sample is empty
 *
 * @example
 * ```ts
 * import { mannWhitney } from "@x/vdso/bench";
 *
 * const { u, p, exact } = mannWhitney([9, 12, 15], [1, 4, 8]);
 * console.log(u, p, exact); // 9 0.1 true
 * ```
 */
export function mannWhitney(a: readonly number[], b: readonly number[]): MannWhitney {
  const [n, m] = [a.length, b.length];
  if (n === 0 || m === 0) throw new RangeError("Cannot compare samples: one is empty");
  const u = wilcoxonRankSum([...a], [...b]) - n * (n + 1) / 2;
  const exact = n * m <= EXACT_PAIRS;
  const p = exact ? exactP(n <= m ? [a, b] : [b, a]) : normalP(u, n, m, tieSizes(a, b));
  return { u, p, superiority: u / (n * m), exact };
}

/** The smallest `p` that samples of these sizes can give: below it no difference is ever found. */
export function smallestP(n: number, m: number): number {
  if (n * m > EXACT_PAIRS) return 0;
  let ways = 1;
  for (let i = 1; i <= n; i++) ways *= (m + i) / i;
  return Math.min(1, 2 / ways);
}

/** How many there are of each value that is there more than once. */
function tieSizes(a: readonly number[], b: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const value of [...a, ...b]) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()].filter((count) => count > 1);
}

/**
 * In how many of all the ways to draw as many values as `drawn` has, from both together, their rank
 * sum is as far from its mean. Equal values share their mean rank; ranks are doubled to be whole.
 */
function exactP([drawn, others]: readonly [readonly number[], readonly number[]]): number {
  const ranks = doubledRanks(drawn, others);
  const n = drawn.length;
  const total = (some: readonly number[]) => some.reduce((sum, rank) => sum + rank, 0);
  const most = total([...ranks].sort((a, b) => b - a).slice(0, n));
  // By how many were drawn and their sum: the ways to draw them from the ranks so far.
  const ways = Array.from({ length: n + 1 }, () => new Float64Array(most + 1));
  (ways[0] as Float64Array)[0] = 1;
  for (const rank of ranks) {
    for (let count = n; count > 0; count--) {
      const [more, fewer] = [ways[count], ways[count - 1]] as [Float64Array, Float64Array];
      for (let sum = rank; sum <= most; sum++) more[sum] = at(more, sum) + at(fewer, sum - rank);
    }
  }
  const mean = n * (ranks.length + 1);
  const distance = Math.abs(total(ranks.slice(0, n)) - mean);
  let [tail, all] = [0, 0];
  (ways[n] as Float64Array).forEach((count, sum) => {
    all += count;
    if (Math.abs(sum - mean) >= distance) tail += count;
  });
  return tail / all;
}

/** Twice the rank of each value among all, those of `a` first. */
function doubledRanks(a: readonly number[], b: readonly number[]): number[] {
  const all = [...a, ...b];
  const ascending = sorted(all);
  return all.map((value) => ascending.indexOf(value) + ascending.lastIndexOf(value) + 2);
}

function at(values: Float64Array, index: number): number {
  return values[index] as number;
}

function normalP(u: number, n: number, m: number, ties: readonly number[]): number {
  const all = n + m;
  const tied = ties.reduce((sum, t) => sum + (t ** 3 - t), 0);
  const variance = n * m / 12 * (all + 1 - tied / (all * (all - 1)));
  if (variance === 0) return 1; // all values are equal
  const z = Math.max(0, Math.abs(u - n * m / 2) - 0.5) / Math.sqrt(variance);
  return Math.min(1, Math.max(0, 1 - errorFunction(z / Math.SQRT2)));
}
