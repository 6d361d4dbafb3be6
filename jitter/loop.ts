/**
 * The native loop: its memory, the counter that it reads, and its runs.
 *
 * @module
 */
import {
  counterCosts,
  COUNTERS,
  detectPlatform,
  native,
  SHIM_JITTER,
  SHIM_TICKS,
} from "../core/internals.ts";
import { CLOCK_MONOTONIC_RAW, clockGetres } from "../mod.ts";
import { BUCKETS, quantiles } from "./buckets.ts";
import { Rate } from "./rate.ts";

/** Where things are in the loop's memory: shim/jitter.h. */
const AT = {
  byClock: 0,
  threshold: 1,
  ticks: 2,
  ns: 3,
  startTicks: 4,
  startRaw: 5,
  endTicks: 6,
  endRaw: 7,
  now: 8,
  elapsed: 9,
  readings: 10,
  gaps: 11,
  lost: 12,
  blind: 13,
  backwards: 14,
  moves: 15,
  cpu: 16,
  counts: 17,
  worst: 17 + BUCKETS,
} as const;
const WORST_SIZE = 4;
/** Gaps of one run that are known one by one: more than a CPU is taken away in 50 ms. */
const WORST = 64;

/** A gap of a run. */
export interface RawGap {
  readonly ns: number;
  /** When it ended, in nanoseconds of CLOCK_MONOTONIC. */
  readonly at: number;
  /** The CPU after it; negative where the process may not ask. */
  readonly cpu: number;
  /** Whether that is another one than before. */
  readonly moved: boolean;
}

/** What a run of the loop has found. */
export interface Run {
  /** When it began, in nanoseconds of CLOCK_MONOTONIC. */
  readonly at: number;
  readonly elapsedNs: number;
  readonly readings: number;
  readonly gaps: number;
  readonly lostNs: number;
  /** What it took to write the gaps down. */
  readonly blindNs: number;
  readonly backwards: number;
  readonly moves: number;
  /** By how much the counter has jumped ahead of CLOCK_MONOTONIC_RAW; negative if it went back. */
  readonly jumpNs: number;
  /** The longest gaps, longest first. */
  readonly worst: readonly RawGap[];
}

/** What the loop reads. */
export interface Source {
  /** The instruction that reads the CPU's counter, or the clock CLOCK_MONOTONIC. */
  readonly reads: "rdtsc" | "cntvct_el0" | "rdtime" | "mftb" | "clock_gettime";
  /** Why it is the clock; null where it is the counter. */
  readonly reason: string | null;
}

/** Time for a first rate, and where the clock has coarse steps. */
const FIRST_NS = 2e6;
const FIRST_COARSE_NS = 200e6;
const COARSE_NS = 1000;
/** Longer than any run. */
const EVER = 1e18;

/** What a run was blind for, of the time that passed, if the counter has jumped in just that time, too. */
export function blindTime(countedNs: number, elapsedNs: number, jumpNs: number): number {
  const isJump = countedNs < 0 || countedNs > elapsedNs;
  return Math.min(Math.max(0, isJump ? countedNs - jumpNs : countedNs), elapsedNs);
}

/** Opens the loop for this thread. */
export class GapLoop {
  readonly source: Source;
  /** The median of what lies between two readings. */
  readonly readingNs: number;
  readonly #thresholdNs: number;
  /**
   * Engines keep a buffer of this size outside of their heaps, where no collector moves it; and while
   * C has it, nothing else runs on this thread, and this object holds it.
   */
  readonly #memory = new Float64Array(new ArrayBuffer(8 * (AT.worst + WORST_SIZE * WORST)));
  readonly #bytes = new Uint8Array(this.#memory.buffer);
  readonly #run: (memory: Uint8Array, length: number) => number;
  readonly #rate: Rate;

  /**
   * Takes 3 ms, to learn the counter's rate; 0.2 s where the clock moves by coarse steps.
   *
   * @throws {UnsupportedError} without an FFI
   */
  constructor(thresholdNs: number) {
    const { shim } = native();
    const { vdso_ticks_frequency, vdso_ticks_costs } = shim.open(SHIM_TICKS);
    const hz = vdso_ticks_frequency(); // first of all: it fixes where the counter counts from
    const { counter, entry } = counterCosts(vdso_ticks_costs);
    this.source = chooseSource(hz, counter, entry, detectPlatform().arch);
    this.#run = shim.open(SHIM_JITTER).vdso_jitter;
    this.#thresholdNs = thresholdNs;
    this.#memory[AT.byClock] = this.source.reads === "clock_gettime" ? 1 : 0;
    const stepNs = Number(clockGetres(CLOCK_MONOTONIC_RAW));
    this.#call(EVER, EVER, stepNs > COARSE_NS ? FIRST_COARSE_NS : FIRST_NS);
    this.#rate = this.source.reads === "clock_gettime"
      ? new Rate(1, 1, 0)
      : new Rate(...this.#passed(), stepNs);
    this.readingNs = this.#measureReading();
    this.counts.fill(0);
  }

  /** Gaps by their lengths in ticks, of all runs so far. */
  get counts(): Float64Array {
    return this.#memory.subarray(AT.counts, AT.worst);
  }

  /** Of the counter, as well as it is known by now. */
  get nsPerTick(): number {
    return this.#rate.nsPerTick;
  }

  /** Blocks this thread for so long, and uses its CPU alone. Makes no garbage. */
  run(ns: number): void {
    this.#call(this.#thresholdNs / this.nsPerTick, ns / this.nsPerTick, ns);
  }

  /** What the last run has found: to be asked once. */
  found(): Run {
    const rate = this.#rate.nsPerTick;
    const passed = this.#passed();
    const jumpNs = this.source.reads === "clock_gettime" ? 0 : this.#rate.add(...passed);
    const at = this.#at(AT.now);
    const elapsedNs = jumpNs === 0 ? this.#at(AT.elapsed) * rate : passed[1];
    return {
      at,
      elapsedNs,
      readings: this.#at(AT.readings),
      gaps: this.#at(AT.gaps),
      lostNs: this.#at(AT.lost) * rate,
      blindNs: blindTime(this.#at(AT.blind) * rate, elapsedNs, jumpNs),
      backwards: this.#at(AT.backwards),
      moves: this.#at(AT.moves),
      jumpNs,
      worst: this.#worst(at, rate),
    };
  }

  #at(index: number): number {
    return this.#memory[index] ?? NaN;
  }

  #call(threshold: number, ticks: number, ns: number): void {
    this.#memory[AT.threshold] = threshold;
    this.#memory[AT.ticks] = ticks;
    this.#memory[AT.ns] = ns;
    this.#memory.fill(0, AT.worst);
    const error = this.#run(this.#bytes, this.#bytes.length);
    if (error !== 0) throw new Error(`The loop failed with errno ${-error}`);
  }

  /** In the last run: ticks, and nanoseconds of CLOCK_MONOTONIC_RAW. */
  #passed(): [ticks: number, ns: number] {
    return [
      this.#at(AT.endTicks) - this.#at(AT.startTicks),
      this.#at(AT.endRaw) - this.#at(AT.startRaw),
    ];
  }

  /** Takes a millisecond, in which every reading is a gap. */
  #measureReading(): number {
    this.#call(0, 1e6 / this.nsPerTick, 1e6);
    const [median = NaN] = quantiles(this.counts, [0.5]);
    return median * this.nsPerTick;
  }

  #worst(start: number, rate: number): RawGap[] {
    const found: RawGap[] = [];
    for (let at: number = AT.worst; this.#at(at) > 0; at += WORST_SIZE) {
      const [ticks = NaN, end = NaN, from = NaN, cpu = NaN] = this.#memory.subarray(at);
      found.push({ ns: ticks * rate, at: start + end * rate, cpu, moved: cpu !== from });
    }
    return found.sort((a, b) => b.ns - a.ns);
  }
}

/**
 * The counter, where it is one and is not trapped: whatever clocksource the kernel has, and in whatever
 * steps that moves.
 *
 * @param hz as vdso_ticks_frequency() has it: negative if the CPU does not promise a constant one
 * @param counter what reading it costs, in any unit
 * @param entry what reading CLOCK_MONOTONIC costs, in the same unit
 */
export function chooseSource(hz: number, counter: number, entry: number, arch: string): Source {
  const instruction = COUNTERS[arch]?.instruction;
  const reason = !instruction
    ? "The counter of this CPU is not known here"
    : hz < 0
    ? "The CPU does not state that its counter is constant and nonstop"
    : !(counter < entry)
    ? "Reading the counter is trapped: " +
      `it costs ${(counter / entry).toFixed(2)} times CLOCK_MONOTONIC`
    : null;
  return reason === null && instruction
    ? { reads: instruction, reason }
    : { reads: "clock_gettime", reason };
}
