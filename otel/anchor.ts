/**
 * Where the two clocks meet: one moment, read on the monotonic clock and on the wall clock.
 *
 * The kernel slews both at the same rate, so that their difference changes only when somebody sets
 * the wall clock, or in suspend. Everything between is counted from one anchor: it cannot jump.
 */
import { CLOCK_REALTIME, clockGetres, hrTime, now } from "../mod.ts";
import type { HrTime } from "./types.ts";

/** The clocks; a test has others. */
export interface Clocks {
  /** Nanoseconds of the monotonic clock; NaN if it cannot be read. */
  now(): number;
  /** The wall clock. */
  wall(): HrTime;
  /** Nanoseconds from one time that the wall clock can tell to the next. */
  resolution(): number;
}

/** One moment on both clocks. */
export interface Anchor {
  readonly now: number;
  readonly wall: Readonly<HrTime>;
  /** Nanoseconds by which the two may be apart. */
  readonly error: number;
}

export const SYSTEM: Clocks = {
  now,
  wall: hrTime,
  resolution: () => Number(clockGetres(CLOCK_REALTIME)),
};

/** Nanoseconds between two readings of the monotonic clock that nothing came between. */
const NARROW = 1000;
/** More readings are of no use: the clocks are slow. */
const TRIES = 8;

/** The anchor that new traces get: the same one, until the wall clock is set. */
export class Anchors {
  readonly #clocks: Clocks;
  #last: Anchor | undefined;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
  }

  /**
   * The anchor to count from.
   *
   * @param before what the monotonic clock has just said
   */
  at(before: number): Anchor {
    const { now, wall } = this.#clocks;
    const last = this.#last;
    if (last !== undefined) {
      const time = wall();
      const width = now() - before;
      const difference = nsBetween(timeAt(last, before), time);
      // What cannot be told apart stays: another anchor would have another error, and the spans of
      // two traces would change places.
      if (difference >= -last.error && difference <= width + last.error) return last;
    }
    return this.#last = readAnchor(this.#clocks);
  }
}

/** Those of this process, for all that this module exports. */
export const anchors: Anchors = new Anchors(SYSTEM);

/** The best of several readings, since anything may come between two clocks. */
function readAnchor({ now, wall, resolution }: Clocks): Anchor {
  let best: Anchor | undefined;
  let least = Infinity;
  for (let i = 0; i < TRIES && least > NARROW; i++) {
    const before = now();
    const time = wall();
    const width = now() - before;
    if (best !== undefined && width >= least) continue;
    least = width;
    best = { now: before + Math.floor(width / 2), wall: time, error: width + resolution() };
  }
  return best as Anchor;
}

/** The wall clock's time at a reading of the monotonic clock. */
export function timeAt(anchor: Anchor, now: number): HrTime {
  return addNs(anchor.wall, now - anchor.now);
}

export function addNs([seconds, nanoseconds]: Readonly<HrTime>, ns: number): HrTime {
  const sum = nanoseconds + ns;
  const carry = Math.floor(sum / 1e9);
  return [seconds + carry, sum - carry * 1e9];
}

/** Exact up to 104 days. */
export function nsBetween(from: Readonly<HrTime>, to: Readonly<HrTime>): number {
  return (to[0] - from[0]) * 1e9 + (to[1] - from[1]);
}
