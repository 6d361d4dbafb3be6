/**
 * The clocks that samples are taken with, and how good they are.
 *
 * @module
 */
import { counter, now, sources, ticks, ticksToNs, UnsupportedError } from "../mod.ts";
import { compilePair } from "./loop.ts";

/** A clock, in units of its own: those are kept until the end, since a conversion costs. */
export interface BenchClock {
  readonly name: "ticks" | "now";
  /** Whence the answer: the CPU's counter, or as {@link sources} says. */
  readonly source: string;
  readonly read: () => number;
  /** A difference of two readings in nanoseconds. */
  readonly toNs: (delta: number) => number;
}

/** The clock for short intervals, and the one for all others. */
export interface Clocks {
  readonly short: BenchClock;
  readonly long: BenchClock;
  /** Why `short` is not the CPU's counter, where it is not. */
  readonly reason?: string;
}

/** How good a clock is, in its own units. */
export interface ClockQuality {
  /** What a measurement of nothing shows: the distance of two readings, one after the other. */
  readonly cost: number;
  /** The least difference that it can show, to 1. */
  readonly resolution: number;
}

/** Below this many nanoseconds an interval is short: above, `ticks` has no advantage left. */
export const SHORT_NS = 100_000;

/** The clocks of this process. Binds. */
export function findClocks(): Clocks {
  const long: BenchClock = {
    name: "now",
    source: sources().entries.clock_gettime,
    read: now,
    toNs: (delta) => delta,
  };
  try {
    const { instruction } = counter();
    const short: BenchClock = {
      name: "ticks",
      source: instruction,
      read: ticks,
      toNs: ticksToNs,
    };
    return { short, long };
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    return { short: long, long, reason: error.message };
  }
}

const PAIRS = 4096;
const ROUNDS = 32;
const FASTEST = ROUNDS / 8;

/**
 * Reads the clock twice in a row, often, in a loop as the benchmarks have, and looks at what lies
 * between. The mean is the cost, not the median: a clock that ticks in steps longer than its cost
 * shows none or a whole step. What took more than twice the 99th percentile was interrupted, and is
 * left out. Of the rounds, one of the fastest counts: in the first ones the loop is compiled, and
 * V8 may throw that away and go on for a dozen rounds without. Some 7 ms.
 */
export function measureClock(clock: BenchClock): ClockQuality {
  const loop = compilePair(clock.read);
  const out = new Float64Array(PAIRS);
  const costs: number[] = [];
  const seen = new Set<number>();
  for (let round = 0; round < ROUNDS; round++) {
    loop(out, PAIRS);
    out.sort();
    const limit = 2 * (out[Math.floor(PAIRS * 0.99)] as number);
    const kept = out.filter((value) => value <= limit);
    costs.push(kept.reduce((sum, value) => sum + value, 0) / kept.length);
    for (const value of kept) seen.add(value);
  }
  costs.sort((a, b) => a - b);
  return { cost: costs[FASTEST] ?? NaN, resolution: smallestStep([...seen]) };
}

/** Readings are whole numbers: of one step, some come out as 40 and others as 41. */
const ROUNDING = 1.001; // and the doubles of performance.now() have crumbs

/**
 * The least distance between two of the values and 0, where neighbours count as one; or 1, where
 * more than two stand in a row, so that it was no rounding.
 */
export function smallestStep(values: readonly number[]): number {
  let least = Infinity;
  let [first, last] = [0, 0]; // of the neighbours so far
  for (const value of Float64Array.from(values).sort()) {
    if (value - first > ROUNDING) {
      if (value - last <= ROUNDING) return 1;
      least = Math.min(least, value - first);
      first = value;
    }
    last = value;
  }
  return least;
}
