/**
 * Where the ratio of two samples lies: all the ratios that a rank test would not rule out.
 *
 * Such an interval misses as often as it says, at any number of values and whatever their
 * distribution, where resampling of five or ten misses more often than it says.
 *
 * @module
 */
import type { Interval } from "./bootstrap.ts";
import { cumulative, normalTail, rankSumTail } from "./mann_whitney.ts";
import { sorted } from "./median.ts";

/**
 * The interval of the ratio of `b` to `a`, of independent values: what the Mann-Whitney test leaves
 * (Hollander, Wolfe, Chicken: Nonparametric Statistical Methods, 4.3, of the logarithms). Its ends
 * are ratios of two of the values. Where there are too few for `level`, it has all of them, and the
 * level that this comes to.
 */
export function independentInterval(
  a: readonly number[],
  b: readonly number[],
  level: number,
): Interval {
  const ratios = sorted(a.flatMap((base) => b.map((other) => other / base)));
  return cut(ratios, rankSumTail(a.length, b.length), level);
}

/**
 * The same of values that belong together one by one, so that what both have in common cancels out:
 * what the Wilcoxon signed-rank test leaves (the same book, 3.3). Undefined where there are too few
 * for `level`.
 */
export function pairedInterval(
  a: readonly number[],
  b: readonly number[],
  level: number,
): Interval | undefined {
  const tail = signedRankTail(a.length);
  if (2 * tail(0) > 1 - level) return undefined;
  const ratios = a.map((base, i) => (b[i] ?? NaN) / base);
  const walsh = ratios.flatMap((first, i) =>
    ratios.slice(i).map((second) => Math.sqrt(first * second))
  );
  return cut(sorted(walsh), tail, level);
}

/** Takes off as many at each end as may be. */
function cut(
  ascending: Float64Array,
  tail: (statistic: number) => number,
  level: number,
): Interval {
  let off = 0;
  while (off + 1 < ascending.length / 2 && 2 * tail(off + 1) <= 1 - level) off++;
  return {
    low: ascending[off] ?? NaN,
    high: ascending[ascending.length - 1 - off] ?? NaN,
    level: Math.min(level, 1 - 2 * tail(off)),
  };
}

/** Up to here all arrangements are counted. */
const EXACT_PAIRS = 50;

/** How probable it is that the sum of the positive ranks is no larger than that. */
function signedRankTail(n: number): (sum: number) => number {
  const most = n * (n + 1) / 2;
  if (n > EXACT_PAIRS) {
    const deviation = Math.sqrt(most * (2 * n + 1) / 12);
    return (sum) => normalTail((most / 2 - sum - 0.5) / deviation);
  }
  const ways = new Float64Array(most + 1);
  ways[0] = 1;
  for (let rank = 1; rank <= n; rank++) {
    for (let sum = most; sum >= rank; sum--) {
      ways[sum] = (ways[sum] as number) + (ways[sum - rank] as number);
    }
  }
  return cumulative(ways);
}
