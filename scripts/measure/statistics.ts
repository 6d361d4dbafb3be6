/** Medians and quartiles. */

export interface Summary {
  readonly min: number;
  /** Lower quartile. */
  readonly q1: number;
  readonly median: number;
  /** Upper quartile. */
  readonly q3: number;
}

export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    min: quantile(sorted, 0),
    q1: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    q3: quantile(sorted, 0.75),
  };
}

/**
 * The quantile of ascending values, interpolated between neighbours (Hyndman and Fan's type 7, as
 * in R and NumPy).
 */
function quantile(sorted: readonly number[], p: number): number {
  if (sorted.length === 0) throw new RangeError("Cannot summarize values: there are none");
  const at = p * (sorted.length - 1);
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below + (above - below) * (at - Math.floor(at));
}
