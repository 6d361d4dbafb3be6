/**
 * Log-linear buckets, the same here as in shim/jitter.h: whole numbers below 256 have one each, then
 * there are 128 for each power of two, so that a bucket is narrower than 0.8 % of what is in it.
 *
 * @module
 */

const SUB_BITS = 7;
const SUB = 2 ** SUB_BITS;
const BITS = 48;

/** How many there are. The last one has whatever is longer, too. */
export const BUCKETS: number = (BITS - SUB_BITS + 1) * SUB;

/** The bucket of a number from 0 on. */
export function bucketOf(value: number): number {
  let shift = 0;
  let rest = Math.min(value, 2 ** BITS - 1);
  for (; rest >= 2 * SUB; rest /= 2) shift++;
  return shift * SUB + Math.floor(rest);
}

/** The least whole number that is in a bucket. That of the next one is the first that is not. */
export function bucketStart(bucket: number): number {
  const shift = Math.max(0, Math.floor(bucket / SUB) - 1);
  return (bucket - shift * SUB) * 2 ** shift;
}

/** The middle of a bucket, which stands for all that is in it. */
export function bucketMiddle(bucket: number): number {
  return (bucketStart(bucket) + bucketStart(bucket + 1) - 1) / 2;
}

/**
 * Quantiles, each as the middle of the bucket in which it is; NaN where nothing was counted.
 *
 * @param counts one for each bucket
 * @param parts from 0 to 1, in order
 */
export function quantiles(counts: Float64Array, parts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let bucket = -1;
  let sum = 0;
  return parts.map((part) => {
    if (total === 0) return NaN;
    const rank = Math.max(1, Math.ceil(part * total));
    while (sum < rank) sum += counts[++bucket] ?? total;
    return bucketMiddle(bucket);
  });
}
