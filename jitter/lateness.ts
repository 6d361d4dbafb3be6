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
  /** Moments before are not counted. */
  #since = -Infinity;
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
    this.#add(this.#counts, late);
    this.#intended = nowNs + this.#periodNs;
  }

  /** It should have fired, and has not yet: adds the moments so far. */
  addPending(counts: Float64Array, nowNs: number): void {
    if (nowNs > this.#intended) this.#add(counts, nowNs - this.#intended);
  }

  /** What it is late by now is counted no more. */
  reset(nowNs: number): void {
    this.#since = nowNs;
  }

  #add(counts: Float64Array, late: number): void {
    const first = Math.max(0, Math.ceil((this.#since - this.#intended) / this.#periodNs));
    const moments = Math.floor(late / this.#periodNs) + 1;
    // After a night's suspend, one of several: each stands for those that are left out.
    const weight = Math.ceil((moments - first) / MOST);
    for (let moment = first; moment < moments; moment += weight) {
      const wait = late - moment * this.#periodNs - this.#least;
      const bucket = bucketOf(Math.max(0, wait));
      counts[bucket] = (counts[bucket] ?? 0) + weight;
    }
  }
}
