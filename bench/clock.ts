/**
 * The clocks that samples are taken with, and how good they are.
 *
 * @module
 */
import { now, sources, ticks, ticksInfo, ticksToNs, UnsupportedError } from "../mod.ts";
import { runtimeNow } from "./globals.ts";
import { compilePair } from "./loop.ts";
import { watchSteps } from "./step.ts";
import type { ClockReport } from "./types.ts";

/** A clock, in its own units: they are converted at the end, since that costs time. */
export interface BenchClock {
  readonly name: "ticks" | "now";
  /** What answers: the instruction that reads the counter, or as {@link sources} says. */
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
  const { ffi, entries } = sources();
  const long: BenchClock = {
    name: "now",
    source: entries.clock_gettime,
    read: ffi === "none" ? runtimeNow() : now,
    toNs: (delta) => delta,
  };
  try {
    const { instruction } = ticksInfo();
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
 * V8 may throw that away and go on for a dozen rounds without. About 7 ms; four steps more of a clock
 * that moves in long ones.
 *
 * @throws {Error} if the clock stands still
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
    if (!(limit > 0)) return measureLongSteps(clock);
    const kept = out.filter((value) => value <= limit);
    costs.push(kept.reduce((sum, value) => sum + value, 0) / kept.length);
    for (const value of kept) seen.add(value);
  }
  costs.sort((a, b) => a - b);
  return { cost: costs[FASTEST] ?? NaN, resolution: smallestStep([...seen]) };
}

/** Of a clock whose steps are a hundred readings long and more. */
function measureLongSteps({ name, source, read }: BenchClock): ClockQuality {
  const steps = watchSteps(read);
  if (!steps) throw new Error(`Cannot measure: ${name}() by ${source} stands still`);
  return { cost: steps.reading, resolution: steps.step };
}

/**
 * How good the clocks are that samples are taken with, cheapest first: what reading one costs in a
 * loop, and its smallest step. Takes about 10 ms.
 *
 * @example
 * ```ts
 * import { clockQuality } from "@x/vdso/bench";
 *
 * for (const { name, source, costNs, resolutionNs } of clockQuality()) {
 *   console.log(name, source, costNs.toFixed(1), resolutionNs.toFixed(1));
 * }
 * ```
 */
export function clockQuality(): ClockReport[] {
  const { short, long, reason } = findClocks();
  return [...new Set([short, long])].map((clock) => {
    const { cost, resolution } = measureClock(clock);
    return {
      name: clock.name,
      source: clock.source,
      costNs: clock.toNs(cost),
      resolutionNs: clock.toNs(resolution),
      ...(reason !== undefined && { reason }),
    };
  });
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
