/**
 * How samples are distributed: an HDR histogram, and what a histogram is too coarse for.
 *
 * @module
 */
import { createHistogram } from "node:perf_hooks";

/** Nanoseconds per call. In throughput mode a sample is the mean of a batch of calls. */
export interface Distribution {
  /** The fastest sample. */
  readonly min: number;
  /** The median. */
  readonly p50: number;
  /** The 75th percentile: 75 % of the samples took at most as long. So are the others. */
  readonly p75: number;
  /** 90 %. */
  readonly p90: number;
  /** 99 %. */
  readonly p99: number;
  /** 99.9 %. */
  readonly p999: number;
  /** 99.99 %; as those before it, the maximum if there are too few samples. */
  readonly p9999: number;
  /** The slowest sample. */
  readonly max: number;
  /** The arithmetic mean. */
  readonly mean: number;
  /** The standard deviation. */
  readonly deviation: number;
}

/**
 * The number of samples that took up to `upToNs` nanoseconds per call, and more than those of the
 * bucket before.
 */
export type Bucket = readonly [upToNs: number, samples: number];

/** Values below it are exact, others within 0.01 %. */
const FIGURES = 4;
/** In units of the clock: an hour of nanoseconds, 20 minutes of a counter at 3 GHz. */
const HIGHEST = 2 ** 42;
/** The buckets that are handed out: each reaches 0.5 % further than the one before. */
const BUCKETS_TO_DOUBLE = 128;

/** Takes differences in units of the clock, as they come; knows nothing of what they mean. */
export class Recorder {
  readonly #histogram = createHistogram({ lowest: 1, highest: HIGHEST, figures: FIGURES });
  /** By the logarithm: createHistogram() does not tell its own buckets. */
  readonly #buckets = new Uint32Array(1 + BUCKETS_TO_DOUBLE * Math.log2(HIGHEST));
  #count = 0;
  #min = Infinity;
  #max = -Infinity;
  #mean = 0;
  /** The sum of the squared distances from the mean: Welford's algorithm. */
  #squares = 0;

  get count(): number {
    return this.#count;
  }

  /** Takes the first `length` of the values. */
  record(values: Float64Array, length: number): void {
    for (let i = 0; i < length; i++) {
      const value = values[i] as number;
      // A histogram counts from 1, whole numbers. What the clock cannot tell from 0 counts as 1.
      const whole = Math.min(HIGHEST, Math.max(1, Math.round(value)));
      this.#histogram.record(whole);
      (this.#buckets[Math.round(Math.log2(whole) * BUCKETS_TO_DOUBLE)] as number)++;
      this.#count++;
      if (value < this.#min) this.#min = value;
      if (value > this.#max) this.#max = value;
      const distance = value - this.#mean;
      this.#mean += distance / this.#count;
      this.#squares += distance * (value - this.#mean);
    }
  }

  /**
   * What was recorded, per call.
   *
   * @param cost what is taken off each sample, in units of the clock
   * @param nsPerUnit nanoseconds per call for a unit of the clock
   */
  distribution(cost: number, nsPerUnit: number): Distribution {
    const ns = (units: number) => Math.max(0, (units - cost) * nsPerUnit);
    // The histogram rounds up to the end of a bucket, which may lie above the largest value.
    const percentile = (p: number) =>
      ns(Math.min(this.#max, Math.max(this.#min, this.#histogram.percentile(p))));
    return {
      min: ns(this.#min),
      p50: percentile(50),
      p75: percentile(75),
      p90: percentile(90),
      p99: percentile(99),
      p999: percentile(99.9),
      p9999: percentile(99.99),
      max: ns(this.#max),
      mean: ns(this.#mean),
      deviation: Math.sqrt(this.#squares / Math.max(1, this.#count - 1)) * nsPerUnit,
    };
  }
  /** The same in buckets, ascending, without the empty ones. */
  histogram(cost: number, nsPerUnit: number): Bucket[] {
    const found: Bucket[] = [];
    this.#buckets.forEach((samples, index) => {
      if (samples === 0) return;
      const end = Math.min(this.#max, 2 ** ((index + 0.5) / BUCKETS_TO_DOUBLE));
      found.push([Math.max(0, (end - cost) * nsPerUnit), samples]);
    });
    return found;
  }
}
