/**
 * The rate of a counter against a clock, learned while time passes.
 *
 * @module
 */

/** A counter and a clock read at the same moment, or nearly. */
export interface Sample {
  readonly ticks: number;
  readonly ns: number;
}

/** Nanoseconds until the first estimate: a sample is some 50 ns wide, so that it errs by 50 ppm. */
const FIRST_NS = 1e6;
/**
 * A stated frequency is believed while it is not further off than that, all in all: 20 ppm after
 * 100 ms, 0.2 after 10 s. By then the width of the samples is nothing.
 */
const BELIEVED_NS = 2000;

/** Learns how many nanoseconds a tick takes. */
export class Calibration {
  readonly #readTicks: () => number;
  readonly #sample: () => Sample;
  /** Nanoseconds per tick as stated, or 0. */
  readonly #stated: number;
  /** Where measuring began: the longer ago, the less the width of a sample matters. */
  readonly #start: Sample;
  #nsPerTick = 0;
  #source: "stated" | "measured" = "measured";
  /** The counter at which the next estimate is worth its while. */
  #next = 0;

  /**
   * @param readTicks the counter
   * @param sample the counter together with the clock
   * @param statedHz the counter's frequency as the CPU states it, 0 if it does not
   */
  constructor(readTicks: () => number, sample: () => Sample, statedHz: number) {
    this.#readTicks = readTicks;
    this.#sample = sample;
    this.#stated = statedHz > 0 ? 1e9 / statedHz : 0;
    this.#start = sample();
    this.#nsPerTick = this.#stated;
    if (this.#stated > 0) {
      this.#source = "stated";
      this.#next = this.#start.ticks + 100 * FIRST_NS / this.#stated;
    }
  }

  /** Whence the figure is. */
  get source(): "stated" | "measured" {
    return this.#source;
  }

  /** The best estimate so far. Waits for a millisecond at most, once. */
  nsPerTick(): number {
    if (this.#readTicks() >= this.#next) this.#estimate();
    return this.#nsPerTick;
  }

  #estimate(): void {
    let end = this.#sample();
    while (end.ns - this.#start.ns < FIRST_NS) end = this.#sample();
    const ticks = end.ticks - this.#start.ticks;
    const ns = end.ns - this.#start.ns;
    const measured = ns / ticks;
    const believed = Math.abs(ticks * this.#stated - ns) <= BELIEVED_NS;
    this.#nsPerTick = believed ? this.#stated : measured;
    this.#source = believed ? "stated" : "measured";
    // Again when twice as long has passed, which halves the error: the cost is soon nothing.
    this.#next = end.ticks + ticks;
  }
}
