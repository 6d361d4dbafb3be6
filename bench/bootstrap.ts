/**
 * Bootstrap intervals: what a repetition would show, as far as these samples can tell.
 *
 * @module
 */
import { quantileSorted } from "simple-statistics";
import { median } from "./median.ts";
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
 * The percentile bootstrap interval (Efron 1979) of the median of independent values: draws as many
 * as there are, with replacement, again and again, and takes the middle of the medians.
 */
export function medianInterval(
  values: readonly number[],
  { level = 0.95, resamples = 1000, seed = 1 }: BootstrapOptions = {},
): Interval {
  const random = seeded(seed);
  const drawn = new Float64Array(values.length);
  const medians = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) medians[i] = median(resample(values, drawn, random));
  const ascending = medians.sort() as unknown as number[];
  const tail = (1 - level) / 2;
  return {
    low: quantileSorted(ascending, tail),
    high: quantileSorted(ascending, 1 - tail),
    level,
  };
}

/** Fills `drawn` with values drawn with replacement. */
function resample(
  values: readonly number[],
  drawn: Float64Array,
  random: () => number,
): Float64Array {
  for (let i = 0; i < drawn.length; i++) {
    drawn[i] = values[Math.floor(random() * values.length)] as number;
  }
  return drawn;
}
