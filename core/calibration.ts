/**
 * The rate of a counter against a clock, learned while time passes, and a guard against jumps.
 *
 * @module
 */

/** A counter and a clock read at the same moment, or nearly. */
export interface Sample {
  readonly ticks: number;
  readonly ns: number;
}

/** Nanoseconds until the first estimate: a sample is about 50 ns wide, so that it errs by 50 ppm. */
const FIRST_NS = 1e6;
/** A known rate gives way only to one that was measured over at least this long: 0.5 ppm. */
const WINDOW_NS = 1e8;
/** The longest time between two looks at the clock, while the counter is in use. */
const LONGEST_NS = 1e9;
/**
 * A stated frequency is believed while it is not further off than that, all in all: 20 ppm after
 * 100 ms, 0.2 after 10 s. By then the width of the samples is nothing.
 */
const BELIEVED_NS = 2000;

// What tells a jump from a rate. No oscillator and no NTP on the host moves a counter by 1000 ppm;
// 20 µs is more than the samples err by, also where the host takes the CPU away between two readings.
const JUMP_PART = 1000e-6;
const JUMP_NS = 20_000;
/** A second jump within a minute: the counter is no clock. */
const JUMPS_APART_NS = 60e9;
// Less than a jump, and yet more than a known rate errs by: a second of suspend in an hour, or another
// rate. The window begins anew, so that neither is mixed with what was before.
const SAMPLE_ERROR_NS = 500;
const STEADY_PART = 20e-6;

/** Learns how many nanoseconds a tick takes. */
export class Calibration {
  readonly #readTicks: () => number;
  readonly #sample: () => Sample;
  readonly #onBroken: (since: Sample) => void;
  /** Nanoseconds per tick as stated, or 0. */
  readonly #stated: number;
  /** Where the window begins: the longer ago, the less the width of a sample matters. */
  #start: Sample;
  /** The last look at the clock. */
  #last: Sample;
  #nsPerTick = 0;
  #source: "stated" | "measured" = "measured";
  /** How far the rate may be off, as a part of it. */
  #error = JUMP_PART;
  /** Whether the rate has been held against the clock. */
  #confirmed = false;
  #jumps = 0;
  #lastJumpNs = -Infinity;
  #broken = false;
  /** The next look is due when the counter reaches this, or has gone back behind `#least`. */
  #next = 0;
  #least: number;

  /**
   * @param readTicks the counter
   * @param sample the counter together with the clock
   * @param statedHz the counter's frequency as the CPU states it, 0 if it does not
   * @param onBroken called once, at the second jump within a minute, with the moment at which it was
   * seen: from then on the rate stays, and the counter is not looked at any more
   */
  constructor(
    readTicks: () => number,
    sample: () => Sample,
    statedHz: number,
    onBroken: (since: Sample) => void = () => {},
  ) {
    this.#readTicks = readTicks;
    this.#sample = sample;
    this.#onBroken = onBroken;
    this.#stated = statedHz > 0 ? 1e9 / statedHz : 0;
    this.#start = this.#last = sample();
    this.#least = this.#start.ticks;
    this.#nsPerTick = this.#stated;
    if (this.#stated > 0) {
      this.#source = "stated";
      this.#error = STEADY_PART;
      this.#next = this.#start.ticks + WINDOW_NS / this.#stated;
    }
  }

  /** Where the figure comes from. */
  get source(): "stated" | "measured" {
    return this.#source;
  }

  /** How often the counter and the clock have gone apart at once. */
  get jumps(): number {
    return this.#jumps;
  }

  /** The best estimate so far. Waits for a millisecond at most, once. */
  nsPerTick(): number {
    const ticks = this.#readTicks();
    if (ticks >= this.#next || ticks < this.#least) this.#look();
    return this.#nsPerTick;
  }

  /** Holds the counter against the clock. */
  #look(): void {
    if (this.#broken) return;
    const now = this.#sample();
    const passed = now.ns - this.#last.ns;
    const off = Math.abs((now.ticks - this.#last.ticks) * this.#nsPerTick - passed);
    const isJump = off > JUMP_NS && off > JUMP_PART * passed;
    if (this.#confirmed) {
      this.#last = now;
      if (isJump) this.#jump();
      else if (off > JUMP_NS && off > this.#error * passed) this.#learnAnew();
      else this.#estimate();
    } else {
      // A frequency that the CPU states may be wrong, and without one there is nothing to hold on to.
      if (this.#stated > 0 && !isJump) this.#last = now;
      else this.#measureFirst(now);
      this.#estimate();
      this.#confirmed = true;
    }
    this.#least = this.#last.ticks;
    // When twice as long has passed the error is half as large: the cost is soon nothing.
    const window = Math.max(this.#last.ns - this.#start.ns, FIRST_NS);
    this.#next = this.#last.ticks + Math.min(window, LONGEST_NS) / this.#nsPerTick;
  }

  /**
   * Waits until a first rate can be told. It is taken over all that has passed since the start, unless
   * a fresh millisecond shows that there was a jump in it: ticks() may have been in use for days before
   * somebody asks for its rate.
   */
  #measureFirst(now: Sample): void {
    const from = now.ns - this.#start.ns < FIRST_NS ? this.#start : now;
    let end = now;
    while (end.ns - from.ns < FIRST_NS) end = this.#sample();
    this.#last = end;
    const fresh = rate(from, end);
    if (Math.abs(rate(this.#start, end) / fresh - 1) > JUMP_PART) {
      this.#jumps++;
      this.#lastJumpNs = end.ns;
      this.#start = from;
    }
    // A stated frequency that the counter still has is not dropped for the jump.
    if (Math.abs(this.#stated / fresh - 1) > JUMP_PART) {
      this.#nsPerTick = fresh;
      this.#source = "measured";
      this.#error = JUMP_PART;
    }
  }

  #estimate(): void {
    const ticks = this.#last.ticks - this.#start.ticks;
    const ns = this.#last.ns - this.#start.ns;
    const error = Math.min(JUMP_PART, STEADY_PART + SAMPLE_ERROR_NS / ns);
    // After a jump the known rate is better than what a short window shows.
    if (error > this.#error && ns < WINDOW_NS) return;
    const believed = Math.abs(ticks * this.#stated - ns) <= BELIEVED_NS;
    this.#nsPerTick = believed ? this.#stated : ns / ticks;
    this.#source = believed ? "stated" : "measured";
    this.#error = error;
  }

  #learnAnew(): void {
    this.#start = this.#last;
    this.#error = JUMP_PART;
  }

  /** The rate stays what it was. */
  #jump(): void {
    this.#jumps++;
    this.#start = this.#last;
    const again = this.#last.ns - this.#lastJumpNs < JUMPS_APART_NS;
    this.#lastJumpNs = this.#last.ns;
    if (!again) return;
    this.#broken = true;
    this.#onBroken(this.#last);
  }
}

function rate(from: Sample, to: Sample): number {
  return (to.ns - from.ns) / (to.ticks - from.ticks);
}
