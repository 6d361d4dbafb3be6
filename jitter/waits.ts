/**
 * How long an event that comes at any moment has to wait: figures over time, not over samples.
 *
 * @module
 */
import { bucketMiddle, BUCKETS, quantiles } from "./buckets.ts";

/** In nanoseconds. */
export interface Waits {
  /** On average. */
  readonly mean: number;
  /** Half of all moments wait no longer. */
  readonly p50: number;
  /** Nine of ten moments wait no longer. */
  readonly p90: number;
  /** 99 of 100. */
  readonly p99: number;
  /** 999 of 1000. */
  readonly p999: number;
  /** The longest. */
  readonly max: number;
}

const PARTS = [0.5, 0.9, 0.99, 0.999] as const;

function toWaits(
  mean: number,
  [p50 = 0, p90 = 0, p99 = 0, p999 = 0]: number[],
  max: number,
): Waits {
  return { mean, p50, p90, p99, p999, max };
}

/** The middle of the highest bucket with anything in it; 0 where there is none. */
function highest(counts: Float64Array): number {
  const bucket = counts.findLastIndex((count) => count > 0);
  return bucket < 0 ? 0 : bucketMiddle(bucket);
}

/**
 * Of times in which a loop was busy: who comes in the middle of one waits for the rest of it. So a part
 * of `elapsedNs` waits longer than w: of each busy time what it has beyond w.
 *
 * @param counts how many busy times there were of each length
 */
export function waitsOfBusyTimes(counts: Float64Array, elapsedNs: number): Waits {
  const found: number[] = [];
  let [longer, sum, squares] = [0, 0, 0]; // of those that are longer than where we are
  let next = PARTS.length - 1;
  const solve = (shortest: number) => {
    for (; longer > 0 && next >= 0; next--) {
      const wanted = (1 - (PARTS[next] ?? 1)) * elapsedNs;
      if (sum - longer * shortest < wanted) return;
      found[next] = Math.max(0, (sum - wanted) / longer);
    }
  };
  for (let bucket = BUCKETS - 1; bucket >= 0; bucket--) {
    const count = counts[bucket] ?? 0;
    if (count === 0) continue;
    const busy = bucketMiddle(bucket);
    solve(busy);
    longer += count;
    sum += count * busy;
    squares += count * busy * busy;
  }
  solve(0);
  const waits = PARTS.map((_, i) => found[i] ?? 0);
  return toWaits(elapsedNs > 0 ? squares / 2 / elapsedNs : 0, waits, highest(counts));
}

/** Of moments at even distances, each with the time that it had to wait. */
export function waitsOfMoments(counts: Float64Array): Waits {
  let [total, sum] = [0, 0];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const count = counts[bucket] ?? 0;
    total += count;
    sum += count * bucketMiddle(bucket);
  }
  if (total === 0) return toWaits(0, [], 0);
  return toWaits(sum / total, quantiles(counts, PARTS), highest(counts));
}
