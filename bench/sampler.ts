/**
 * Runs a benchmark's loop for a while, and says what a call took.
 *
 * @module
 */
import type { BenchClock, ClockQuality } from "./clock.ts";
import { turn } from "./globals.ts";
import type { Loop } from "./loop.ts";
import { medianSorted } from "./median.ts";

/** What came of some samples, one after the other. */
export interface Slice {
  /** How many there were. */
  readonly samples: number;
  /** Nanoseconds: their median per call, without the clock's cost. */
  readonly callNs: number;
  /** Nanoseconds from the first one's beginning to the last one's end, with all that is around them. */
  readonly elapsedNs: number;
}

/** The most samples that are kept until they are recorded. */
export const MOST_SAMPLES = 65_536;

/** The most calls of the loop in a window, and the calls that go round idle. */
const WINDOW_CALLS = 256;

/** Takes samples. What they are is in `out`, from its beginning on. */
export class Sampler {
  /** It is there before the run, so that taking a sample allocates nothing. */
  readonly out: Float64Array = new Float64Array(MOST_SAMPLES);
  /** Nanoseconds that a reading of the clock takes. */
  readonly readingNs: number;
  readonly #scratch = new Float64Array(MOST_SAMPLES);
  readonly #loop: Loop;
  readonly #clock: BenchClock;
  readonly #cost: number;
  readonly #long: BenchClock;

  /**
   * @param clock the one that `loop` reads
   * @param long the one that tells how long it all takes
   */
  constructor(loop: Loop, clock: BenchClock, quality: ClockQuality, long: BenchClock) {
    this.#loop = loop;
    this.#clock = clock;
    this.#cost = quality.cost;
    this.readingNs = clock.toNs(quality.cost);
    this.#long = long;
  }

  /** Nanoseconds, by the clock that tells how long it all takes. */
  now(): number {
    return this.#long.read();
  }

  /** Nanoseconds for a unit of the clock that samples are taken with. */
  unitNs(): number {
    return this.#clock.toNs(1e6) / 1e6;
  }

  /** Takes samples in one call of the loop, until there are enough or it is `until`. One at least. */
  async slice(samples: number, batch: number, until: number): Promise<Slice> {
    const start = this.now();
    const taken = await this.#run(0, samples, batch, until);
    return await this.#finish(taken, batch, start);
  }

  /**
   * The same in many calls of the loop. One long call would run what V8 puts in the place of a running
   * loop (OSR), which it forgets at a collection, and might never get what it makes of the whole
   * function, which it keeps: of that it counts the calls.
   */
  async window(samples: number, batch: number, until: number): Promise<Slice> {
    const start = this.now();
    const calls = Math.min(samples, WINDOW_CALLS);
    let taken = 0;
    for (let i = 1; i <= calls && (taken === 0 || this.now() < until); i++) {
      taken = await this.#run(taken, Math.floor(samples * i / calls), batch, until);
    }
    return await this.#finish(taken, batch, start);
  }

  /** Goes round so often without a call of the function, in as many calls of the loop. */
  async idle(rounds: number): Promise<void> {
    const each = Math.floor(rounds / WINDOW_CALLS);
    for (let i = 0; i < WINDOW_CALLS && each > 0; i++) {
      await this.#loop(this.out, 0, 0, 0, 0, each);
    }
  }

  #run(
    first: number,
    end: number,
    batch: number,
    until: number,
  ): number | PromiseLike<number> {
    const deadline = this.#clock.read() + (until - this.now()) / this.unitNs();
    return this.#loop(this.out, first, end, batch, deadline, 0);
  }

  async #finish(samples: number, batch: number, start: number): Promise<Slice> {
    const elapsedNs = this.now() - start;
    const units = this.#middle(samples) - this.#cost;
    await turn();
    return { samples, callNs: Math.max(0, units) / batch * this.unitNs(), elapsedNs };
  }

  /** The median of the first samples. Sorts a copy, so that they stay in order. */
  #middle(samples: number): number {
    const scratch = this.#scratch;
    for (let i = 0; i < samples; i++) scratch[i] = this.out[i] as number;
    return medianSorted(scratch.subarray(0, samples).sort());
  }
}
