/**
 * The Mann-Whitney test: does one of two samples tend to be larger?
 *
 * @module
 */
import { errorFunction, wilcoxonRankSum } from "simple-statistics";
import { sorted } from "./median.ts";

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
 * The Mann-Whitney U test, also called the Wilcoxon rank-sum test. Assumes nothing of the
 * distribution. Small samples are counted out, given their ties. Others go by the normal
 * approximation with corrections for ties and continuity, whose `p` is right to 1e-7 (Hollander,
 * Wolfe, Chicken: Nonparametric Statistical Methods, 4.1).
 *
 * @throws {RangeError} if a sample is empty
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
  let ways = 1;
  for (let i = 1; i <= n; i++) ways *= (m + i) / i;
  return Math.min(1, 2 / ways);
}

/**
 * How probable it is that `u` is no larger than that, without ties: a function that counts once, and
 * answers often.
 */
export function rankSumTail(n: number, m: number): (u: number) => number {
  if (n * m > EXACT_PAIRS) {
    const deviation = Math.sqrt(n * m / 12 * (n + m + 1));
    return (u) => normalTail((n * m / 2 - u - 0.5) / deviation);
  }
  const fewer = Math.min(n, m);
  const ways = waysToDraw(Array.from({ length: n + m }, (_, i) => i + 1), fewer);
  const least = fewer * (fewer + 1) / 2;
  return cumulative(ways.subarray(least));
}

/** The parts of the whole up to an index. */
export function cumulative(counts: Float64Array): (index: number) => number {
  let sum = 0;
  const sums = counts.map((count) => sum += count);
  return (index) => (sums[index] ?? sum) / sum;
}

/** How probable it is that a normal deviate is larger than that. */
export function normalTail(z: number): number {
  return (1 - errorFunction(z / Math.SQRT2)) / 2;
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
  const mean = n * (ranks.length + 1);
  const distance = Math.abs(total(ranks.slice(0, n)) - mean);
  let [tail, all] = [0, 0];
  waysToDraw(ranks, n).forEach((count, sum) => {
    all += count;
    if (Math.abs(sum - mean) >= distance) tail += count;
  });
  return tail / all;
}

/** The number of ways to draw `n` of the ranks, by their sum. */
function waysToDraw(ranks: readonly number[], n: number): Float64Array {
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
  return ways[n] as Float64Array;
}

function total(ranks: readonly number[]): number {
  return ranks.reduce((sum, rank) => sum + rank, 0);
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
  return Math.min(1, Math.max(0, 2 * normalTail(z)));
}
