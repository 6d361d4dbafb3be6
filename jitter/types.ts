/**
 * What the loop finds, as plain data.
 *
 * @module
 */
import type { Source } from "./loop.ts";

/**
 * Who took the CPU, as far as that can be told without root: an estimate.
 *
 * - `"preempted"`: other threads of this machine had it
 * - `"throttled"`: a CPU quota of the control group was used up
 * - `"moved"`: the kernel took the thread to another CPU, which takes less than a millisecond
 * - `"stopped"`: the thread slept, which the loop never does: SIGSTOP, a debugger, the freezer, a disk
 * - `"jumped"`: no time has passed; the CPU's counter went ahead at once (a restored snapshot). Not
 *   part of `lostNs`, nor of the quantiles' `max`
 * - `"interrupt or host"`: nothing that the kernel counts for the thread: an interrupt, the firmware,
 *   or the hypervisor
 */
export type Cause =
  | "preempted"
  | "throttled"
  | "moved"
  | "stopped"
  | "jumped"
  | "interrupt or host";

/** All of them, in the order of reports. */
export const CAUSES: readonly Cause[] = [
  "preempted",
  "throttled",
  "moved",
  "stopped",
  "jumped",
  "interrupt or host",
];

/** One gap. */
export interface Gap {
  /** How long it was, in nanoseconds. */
  readonly ns: number;
  /** When it ended, in nanoseconds of CLOCK_MONOTONIC: on the timeline of `now()`. */
  readonly at: number;
  /** The CPU after it; null where the process may not ask. */
  readonly cpu: number | null;
  /** An estimate. */
  readonly cause: Cause;
}

/** Gaps together. */
export interface Sum {
  /** How many. */
  readonly gaps: number;
  /** How long all of them together. */
  readonly ns: number;
}

/** How many gaps were from so long to shorter than that. */
export interface HistogramRow {
  /** The shortest that is in it. */
  readonly fromNs: number;
  /** The shortest that is not any more. */
  readonly toNs: number;
  /** How many. */
  readonly count: number;
}

/** What one thread has found: what {@link jitter} returns. Times are in nanoseconds. */
export interface Jitter {
  /** The CPU that the thread was kept on; null if it was free to move. */
  readonly cpu: number | null;
  /** What the loop reads. */
  readonly source: Source;
  /** The median of what lies between two readings: shorter gaps cannot be seen. */
  readonly readingNs: number;
  /** What is longer than this is a gap. */
  readonly thresholdNs: number;
  /** When it began, on the timeline of `now()`. */
  readonly at: number;
  /** How long it took. */
  readonly durationNs: number;
  /** How much of that the loop was watching: not while it wrote gaps down and looked for their causes. */
  readonly watchedNs: number;
  /** How often the counter was read. */
  readonly readings: number;
  /** How many gaps there were. */
  readonly gaps: number;
  /** Their sum, without jumps of the counter. */
  readonly lostNs: number;
  /** Of the gaps; null without any. Within 1 %, but `max` is exact. */
  readonly quantiles: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly p999: number;
    readonly max: number;
  } | null;
  /** The longest ones, longest first. */
  readonly worst: readonly Gap[];
  /** Who took the time: an estimate. */
  readonly causes: Readonly<Record<Cause, Sum>>;
  /** How many gaps there were of each length, without those of which there was none. */
  readonly histogram: readonly HistogramRow[];
  /** What the estimate is made of; null what could not be read. */
  readonly signs: {
    /** How long the thread waited for a CPU that others had. */
    readonly runDelayNs: number | null;
    /** How often the kernel took the CPU from it. */
    readonly involuntary: number | null;
    /** How often it slept. */
    readonly voluntary: number | null;
    /** How often quotas stopped the control group, and those above it, */
    readonly throttledPeriods: number | null;
    /** and for how long: all CPUs together. */
    readonly throttledNs: number | null;
    /** What the hypervisor says it took, from all CPUs together. In steps of 10 ms. */
    readonly stealNs: number | null;
    /** How often the thread came to another CPU. */
    readonly moves: number;
    /** How often the counter and CLOCK_MONOTONIC_RAW went apart at once. */
    readonly jumps: number;
    /** How often the counter was behind what it had been. */
    readonly backwards: number;
  };
  /** Which of the signs could not be read, and why. */
  readonly unreadable: Readonly<Record<string, string>>;
}

/** How far a measurement is. */
export interface JitterProgress {
  /** Of the time, from 0 to 1. */
  readonly part: number;
  /** How many gaps there were so far. */
  readonly gaps: number;
  /** Their sum in nanoseconds. */
  readonly lostNs: number;
  /** How long the loop has watched, in nanoseconds. */
  readonly watchedNs: number;
  /** Who took the time: an estimate. */
  readonly causes: Readonly<Record<Cause, Sum>>;
  /** The longest gap. */
  readonly worst: Gap | null;
}
