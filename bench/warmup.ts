/**
 * When a benchmark is warm, and how many calls make a sample.
 *
 * @module
 */
import { median } from "./statistics.ts";

/** So many windows are looked at: twice five. */
export const WINDOWS = 10;
/** The medians of the older five and the newer five may differ by so much, as a part. */
const TOLERANCE = 0.03;

/**
 * Watches windows of samples until they do not change any more: the compilers are done, or at least
 * have been idle for a while. Looks at the trend alone, so that steady noise does not keep it from
 * settling, and neither does code that was once faster than it is now.
 */
export class Settling {
  readonly #windows: number[] = [];

  /**
   * @param ns a window's median per call
   * @returns whether the benchmark is warm
   */
  add(ns: number): boolean {
    this.#windows.push(ns);
    if (this.#windows.length < WINDOWS) return false;
    if (this.#windows.length > WINDOWS) this.#windows.shift();
    const older = this.#windows.slice(0, WINDOWS / 2);
    const newer = this.#windows.slice(WINDOWS / 2);
    // A median sees a step only when it is three windows old; noise never makes anything faster.
    const step = Math.min(...newer) < (1 - TOLERANCE) * Math.min(...older);
    const before = median(older);
    return !step && Math.abs(median(newer) - before) <= TOLERANCE * before;
  }
}

/** The clock's cost and resolution may be such a part of a sample. */
const CLOCK_PART = 0.01;
/** A sample takes at least so long: then what comes with its start and end is a thousandth. */
const SAMPLE_NS = 20_000;
/** For functions that take no time at all. */
const MOST_CALLS = 2 ** 20;

/**
 * How many calls make a sample, so that the clock's cost and resolution are less than a hundredth of
 * it.
 *
 * @param callNs what a call takes
 * @param clockNs cost and resolution of the clock together
 */
export function batchSize(callNs: number, clockNs: number): number {
  const sampleNs = Math.max(SAMPLE_NS, clockNs / CLOCK_PART);
  return Math.min(MOST_CALLS, Math.max(1, Math.ceil(sampleNs / Math.max(callNs, 1e-3))));
}
