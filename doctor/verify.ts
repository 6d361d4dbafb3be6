/**
 * Checks the vDSO against the system calls, as vdsotest(1) and the kernel's selftests do.
 *
 * @module
 */
import { show } from "../core/internals.ts";
import { type EntryName, type EntrySource, now, sources } from "../mod.ts";
import { type Check, checks } from "./checks.ts";

/** What one check found. */
export interface VerifyResult {
  /** `"clock_gettime monotonic"` */
  readonly name: string;
  /** Which entry of the vDSO was asked. */
  readonly entry: EntryName;
  /** What answered; a check of a system call against itself says little, and nothing bad. */
  readonly source: EntrySource;
  /** How often the two were compared. */
  readonly comparisons: number;
  /** How often they did not agree. */
  readonly failures: number;
  /** The first failure, in words; null if there is none. */
  readonly failure: string | null;
}

/** What {@link verify} takes. */
export interface VerifyOptions {
  /** Called a few times a second with the part that is done, 0 to 1. */
  readonly onProgress?: (part: number) => void;
}

/**
 * Compares each interface of the vDSO with its system call, again and again, for a while: values in
 * order, resolutions and CPUs equal, errors the same, fractions below their unit. What a thread reads
 * on one CPU is held against what it reads on the next one, since any thread may run on either.
 *
 * Blocks the thread for that long. A clock that somebody may set meanwhile is asked a second time
 * before it counts as a failure; no other is.
 *
 * @param milliseconds how long; each check is made once, however short
 * @returns one result for each check
 * @throws {UnsupportedError} if there is no FFI
 * @throws {TypeError} if `milliseconds` is not a number
 * @throws {RangeError} if it is not finite and at least 0
 *
 * @example
 * ```ts
 * import { verify } from "@x/vdso/doctor";
 *
 * for (const { name, failure } of verify(100)) {
 *   if (failure !== null) console.log(name, failure);
 * }
 * ```
 */
export function verify(milliseconds: number, options: VerifyOptions = {}): VerifyResult[] {
  if (typeof milliseconds !== "number") {
    throw new TypeError(`Expected \`milliseconds\` to be a number, got ${show(milliseconds)}`);
  }
  if (!(milliseconds >= 0 && milliseconds < Infinity)) {
    throw new RangeError(
      `Expected \`milliseconds\` to be a finite number of at least 0, got ${milliseconds}`,
    );
  }
  const onProgress = Object.hasOwn(options, "onProgress") ? options.onProgress : undefined;
  return runChecks(checks(), milliseconds, onProgress);
}

/** Makes all checks of a list in turn, again and again. */
export function runChecks(
  list: readonly Check[],
  milliseconds: number,
  onProgress: (part: number) => void = () => {},
): VerifyResult[] {
  const { entries } = sources();
  const results = list.map(({ name, entry }) => ({
    name,
    entry,
    source: entries[entry],
    comparisons: 0,
    failures: 0,
    failure: null,
  } as Writable<VerifyResult>));
  const start = now();
  // At least once around, however short the time.
  for (let part = 0; part < 1; part = (now() - start) / (milliseconds * 1e6)) {
    onProgress(part);
    list.forEach(({ compare }, i) => {
      const result = results[i];
      if (!result) return;
      const until = now() + SLICE_NS;
      do {
        const failure = compare();
        if (failure === null) continue;
        result.comparisons++;
        if (failure === undefined) continue;
        result.failures++;
        result.failure ??= failure;
      } while (now() < until);
    });
  }
  onProgress(1);
  return results;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Long enough for some thousand comparisons, short enough to meet every tick of the timer. */
const SLICE_NS = 2e6;
