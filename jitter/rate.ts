/**
 * How many nanoseconds a tick takes, and whether the counter jumped.
 *
 * @module
 */

// As in core/calibration.ts: no oscillator is off by that much, and no reading.
const JUMP_PART = 1000e-6;
const JUMP_NS = 20_000;

/** The rate of a counter against CLOCK_MONOTONIC_RAW, over all that has passed without a jump. */
export class Rate {
  #ticks: number;
  #ns: number;
  readonly #stepNs: number;

  /**
   * @param ticks passed in a first stretch
   * @param ns passed meanwhile
   * @param stepNs the steps in which the clock moves
   */
  constructor(ticks: number, ns: number, stepNs: number) {
    this.#ticks = ticks;
    this.#ns = ns;
    this.#stepNs = stepNs;
  }

  /** The best estimate so far. */
  get nsPerTick(): number {
    return this.#ns / this.#ticks;
  }

  /**
   * Takes another stretch in. Returns by how many nanoseconds the counter has gone ahead of the clock
   * at once, negative if it has gone back, and 0 if it did neither: a jump is no part of the rate.
   */
  add(ticks: number, ns: number): number {
    const ahead = ticks * this.nsPerTick - ns;
    const tolerance = Math.max(JUMP_NS + 2 * this.#stepNs, JUMP_PART * ns);
    if (Math.abs(ahead) > tolerance) return ahead;
    this.#ticks += ticks;
    this.#ns += ns;
    return 0;
  }
}
