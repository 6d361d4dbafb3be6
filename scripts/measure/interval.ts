/** The median of a sample, and how far it may be from that of all that could have been drawn. */

export interface Interval {
  readonly median: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The 95 % confidence interval of the median, by order statistics: it wants nothing of the
 * distribution, of which the disturbances of a machine make what they like.
 */
export function medianInterval(values: readonly number[]): Interval {
  const sorted = [...values].sort((a, b) => a - b);
  const count = sorted.length;
  if (count === 0) throw new RangeError("Expected `values` to have some, got none");
  const at = (index: number) => sorted[index] as number;
  const median = (at((count - 1) >> 1) + at(count >> 1)) / 2;
  // How many of them are below the median is binomial, of as many tosses of a coin.
  let below = 0;
  let probability = 0.5 ** count; // of as many as `below`
  let tail = probability;
  while (tail <= 0.025) {
    probability *= (count - below) / (below + 1);
    below++;
    tail += probability;
  }
  const rank = Math.max(0, below - 1);
  return { median, from: at(rank), to: at(count - 1 - rank) };
}
