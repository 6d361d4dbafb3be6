/**
 * What callers may get wrong.
 *
 * @module
 */
import { show } from "../core/internals.ts";
import { allowedCpus } from "./affinity.ts";
import type { JitterProgress } from "./types.ts";

/** How {@link jitter} measures. */
export interface JitterOptions {
  /** Milliseconds, up to a day; 1000 if left out. */
  readonly time?: number;
  /** Nanoseconds: what is longer is a gap; 1000 if left out. Below `readingNs` all readings are. */
  readonly threshold?: number;
  /** How many of the longest gaps to tell of, up to 1000; 10 if left out. */
  readonly top?: number;
  /** The CPU to keep this thread on meanwhile; it may move if left out. */
  readonly cpu?: number;
  /** Called about 10 times a second, between runs of the loop. What it takes is not watched. */
  readonly onProgress?: (progress: JitterProgress) => void;
}

/** How {@link jitterPerCpu} measures. */
export interface JitterPerCpuOptions extends Omit<JitterOptions, "cpu" | "onProgress"> {
  /** The CPUs; all that this process may run on if left out. */
  readonly cpus?: readonly number[];
  /** Called about 5 times a second for each CPU. */
  readonly onProgress?: (cpu: number, progress: JitterProgress) => void;
}

/** What is measured, filled in. */
export interface Settings {
  readonly timeNs: number;
  readonly thresholdNs: number;
  readonly top: number;
}

const LONGEST_MS = 86_400_000;
const MOST_TOP = 1000;

/** Throws for what a misspelling makes, and for numbers out of range. */
export function checkSettings(options: unknown, known: readonly string[]): Settings {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Expected \`options\` to be an object, got ${show(options)}`);
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(
      `Expected the keys of \`options\` to be among ${known.join(", ")}, got ${unknown}`,
    );
  }
  const { time = 1000, threshold = 1000, top = 10, onProgress } = options as JitterOptions;
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw new TypeError(`Expected \`onProgress\` to be a function, got ${show(onProgress)}`);
  }
  checkNumber("time", time, (ms) => ms > 0 && ms <= LONGEST_MS, "milliseconds, up to a day");
  checkNumber("threshold", threshold, (ns) => ns >= 0 && ns <= 1e9, "nanoseconds from 0 to 1e9");
  checkNumber(
    "top",
    top,
    (count) => Number.isInteger(count) && count >= 1 && count <= MOST_TOP,
    `a whole number from 1 to ${MOST_TOP}`,
  );
  return { timeNs: time * 1e6, thresholdNs: threshold, top };
}

function checkNumber(
  name: string,
  value: unknown,
  isRight: (value: number) => boolean,
  what: string,
): void {
  if (typeof value !== "number") {
    throw new TypeError(`Expected \`${name}\` to be a number, got ${show(value)}`);
  }
  if (!isRight(value)) {
    throw new RangeError(`Expected \`${name}\` to be ${what}, got ${show(value)}`);
  }
}

/** The CPUs, if this process may run on all of them. */
export function checkCpus(name: "cpu" | "cpus", cpus: unknown): readonly number[] {
  if (!Array.isArray(cpus) || cpus.length === 0) {
    throw new TypeError(`Expected \`${name}\` to be an array of CPUs, got ${show(cpus)}`);
  }
  const allowed = allowedCpus();
  for (const cpu of cpus as unknown[]) {
    if (typeof cpu !== "number") {
      throw new TypeError(`Expected \`${name}\` to be a number, got ${show(cpu)}`);
    }
    if (!allowed.includes(cpu)) {
      throw new RangeError(
        `Expected \`${name}\` to be of those that this thread may run on ` +
          `(${allowed.join(", ")}), got ${show(cpu)}`,
      );
    }
  }
  return [...new Set(cpus as number[])];
}
