/**
 * How late a timer is, for each moment at which it should have fired: also those that it missed while
 * something held it up, since what comes at such a moment waits as well.
 *
 * @module
 */
import { bucketOf } from "./buckets.ts";

/** By the steps of timers: a millisecond. */
const MOST_BY_ITSELF_NS = 1e6;
/** Moments that are counted one by one. */
const MOST = 100_000;

/** Counts how late a timer is. */
export class Lateness {
  readonly #counts: Float64Array;
  readonly #periodNs: number;
  /** When it should fire next. */
  #intended: number;
  /** A timer is always late by a little, which nobody has to wait for who does not use one. */
  #least = MOST_BY_ITSELF_NS;

  /**
   * @param counts by bucket: how many moments were so many nanoseconds late
   * @param periodNs between two moments
   */
  constructor(counts: Float64Array, periodNs: number, nowNs: number) {
    this.#counts = counts;
    this.#periodNs = periodNs;
    this.#intended = nowNs + periodNs;
  }

  /** It has fired, and is started again at once. */
  fired(nowNs: number): void {
    const late = Math.max(0, nowNs - this.#intended); // its clock's steps may make it early
    this.#least = Math.min(this.#least, late);
    const moments = Math.floor(late / this.#periodNs) + 1;
    // After a night's suspend, one of several: each stands for those that are left out.
    const weight = Math.ceil(moments / MOST);
    for (let moment = 0; moment < moments; moment += weight) {
      const wait = late - moment * this.#periodNs - this.#least;
      const bucket = bucketOf(Math.max(0, wait));
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + weight;
    }
    this.#intended = nowNs + this.#periodNs;
  }
}
