/** A machine that is made up, and what its tests measure there. */
import { assertLess } from "@std/assert";
import type { BenchClock, Clocks } from "../../bench/clock.ts";
import { UNWATCHED } from "../../bench/disturbance.ts";
import type { Disturbance } from "../../bench/mod.ts";
import type { Environment, Settings, Subject } from "../../bench/subject.ts";

export const MS = 1e6; // in nanoseconds
/** Nanoseconds between two readings. */
export const COST = 25;
const TICKS_PER_NS = 2.5;

/**
 * A machine whose time passes when its clocks are read, and when somebody says so. Its clocks may show
 * it in steps.
 */
export function machine(
  baselineNs = 0,
  disturbance: Disturbance = UNWATCHED,
  clockNs = COST,
  stepNs?: number,
) {
  let ns = 1e9;
  const reading = () => {
    ns += clockNs;
    return stepNs === undefined ? ns : Math.floor(ns / stepNs) * stepNs;
  };
  const long: BenchClock = { name: "now", source: "test", read: reading, toNs: (delta) => delta };
  const short: BenchClock = {
    name: "ticks",
    source: "test",
    read: () => Math.round(reading() * TICKS_PER_NS),
    toNs: (delta) => delta / TICKS_PER_NS,
  };
  const clocks: Clocks = { short, long };
  const looks: number[] = [];
  let begun = Infinity;
  const env: Environment = {
    clocks,
    quality: (clock) =>
      clock === short
        ? { cost: clockNs * TICKS_PER_NS, resolution: (stepNs ?? 0) * TICKS_PER_NS || 1 }
        : { cost: clockNs, resolution: stepNs ?? 1 },
    watch: () => {
      begun = Math.min(begun, ns);
      return Promise.resolve({
        look: () => void looks.push(ns),
        end: () => Promise.resolve(disturbance),
      });
    },
    baseline: () => Promise.resolve({ ns: baselineNs, p99: baselineNs }),
  };
  return {
    env,
    looks,
    now: () => ns,
    /** Since the warm-up was over for the first time; negative before. */
    running: () => ns - begun,
    pass: (duration: number) => void (ns += duration),
  };
}

export const THROUGHPUT: Settings = { mode: "throughput", time: 2e7, warmup: 1e9 };
export const LATENCY: Settings = { mode: "latency", time: 2e7, warmup: 1e9 };

export function subject(fn: () => unknown): Subject<undefined> {
  return { fn, setup: () => undefined };
}

/** Asserts that they differ by no more than such a part. */
export function near(value: number, expected: number, part: number): void {
  assertLess(Math.abs(value / expected - 1), part, `${value}, not ${expected}`);
}
