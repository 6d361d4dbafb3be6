/**
 * When a benchmark is warm, and how many calls make a sample.
 *
 * @module
 */
import { median, sorted } from "./median.ts";
import { MOST_SAMPLES, type Sampler } from "./sampler.ts";

/** The number of windows that are looked at: twice five. */
export const WINDOWS = 10;
/** The part by which the medians of the older five and the newer five may differ. */
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

/** The part of a sample that the clock's cost and resolution may be. */
const CLOCK_PART = 0.01;
/** The least that a sample takes: then what comes with its start and end is a thousandth of it. */
const SAMPLE_NS = 20_000;
/** The most that it takes for the sake of the clock: with one of jiffies it would be half a second. */
const LONGEST_SAMPLE_NS = 5e7;
/** For functions that take no time at all. */
const MOST_CALLS = 2 ** 20;

/**
 * How many calls make a sample, so that the clock's cost and resolution are less than a hundredth of
 * it, if a sample of that length is not too long.
 *
 * @param callNs what a call takes
 * @param clockNs cost and resolution of the clock together
 * @param longestNs how long a sample may be for the clock's sake
 */
export function batchSize(
  callNs: number,
  clockNs: number,
  longestNs: number = LONGEST_SAMPLE_NS,
): number {
  const sampleNs = Math.max(SAMPLE_NS, Math.min(clockNs / CLOCK_PART, longestNs));
  return Math.min(MOST_CALLS, Math.max(1, Math.ceil(sampleNs / Math.max(callNs, 1e-3))));
}

/** How large samples are. */
export interface Sizes {
  /** How many calls make a sample. */
  readonly batch: number;
  /** Nanoseconds for a sample and what lies around it. */
  readonly sampleNs: number;
}

/** What is known of a benchmark that is warm. */
export interface Warm extends Sizes {
  /** Nanoseconds that it took to get warm. */
  readonly ns: number;
  readonly calls: number;
  readonly settled: boolean;
  /** Nanoseconds for a call: between which figures the windows were at last, half of them. */
  readonly level: Level;
}

/** From the lower to the upper quartile. */
export interface Level {
  readonly low: number;
  readonly high: number;
}

const WINDOW_NS = 5e6;
/** The least rounds of the loop in a window: V8's last tier comes after about 150,000 of them. */
const LEAST_ROUNDS = 40_000;
/**
 * The factor by which a batch grows at most; then the next window is one sample. Where the clock shows
 * nothing yet, it is not known what a call takes.
 */
const GROWTH = 8;

/**
 * Runs until the samples are steady, and learns how many calls make one.
 *
 * @param sizes to begin with
 * @param size how many calls make a sample, by what a call takes
 * @param mostNs for no longer than that, and one sample at least
 * @param look is called after each window: what is not to be measured any further is not warm
 */
export async function warmUp(
  sampler: Sampler,
  { batch, sampleNs }: Sizes,
  size: (callNs: number) => number,
  mostNs: number,
  look: () => boolean,
): Promise<Warm> {
  const settling = new Settling();
  const start = sampler.now();
  const end = start + mostNs;
  const windows: number[] = [];
  let [ns, calls, settled, grows] = [0, 0, false, false];
  do {
    const left = Math.max(0, Math.min(WINDOW_NS, mostNs - ns));
    const samples = grows ? 1 : clamp(left / sampleNs, MOST_SAMPLES);
    const until = Math.min(end, sampler.now() + left);
    const window = await sampler.window(samples, batch, until);
    calls += window.samples * batch;
    if (!grows) {
      const rounds = LEAST_ROUNDS - window.samples * batch;
      const time = Math.min(WINDOW_NS, end - sampler.now());
      await sampler.idle(Math.min(rounds, time / sampler.readingNs));
      windows.push(window.callNs);
      settled = settling.add(window.callNs);
    }
    const wanted = size(window.callNs);
    grows = wanted > GROWTH * batch;
    const next = grows ? GROWTH * batch : wanted;
    // With what lies around the sample: that takes time, too.
    sampleNs = Math.max(1, window.elapsedNs / window.samples) * next / batch;
    batch = next;
    ns = sampler.now() - start;
  } while (look() && (grows || (!settled && ns < mostNs)));
  return { ns, calls, settled, batch, sampleNs, level: levelOf(windows.slice(-WINDOWS)) };
}

function levelOf(windows: readonly number[]): Level {
  const ascending = sorted(windows);
  const quarter = Math.floor(windows.length / 4);
  return { low: ascending[quarter] ?? NaN, high: ascending[windows.length - 1 - quarter] ?? NaN };
}

/** A whole number from 1 to `most`. */
export function clamp(value: number, most: number): number {
  return Math.max(1, Math.min(most, Math.round(value)));
}
