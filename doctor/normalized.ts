/**
 * Whether the kernel keeps fractions of a second below a second.
 *
 * @module
 */
import { checkClock, ENTRIES, native, SHIM_REFERENCE, show } from "../core/internals.ts";
import { CLOCK_MONOTONIC, type ClockId, VdsoError } from "../mod.ts";

/** The entries that answer in seconds and a fraction. */
export type FractionEntry = "clock_gettime" | "clock_getres" | "gettimeofday";

const FRACTION_ENTRIES: readonly FractionEntry[] = [
  "clock_gettime",
  "clock_getres",
  "gettimeofday",
];

let ask: ((entry: number, clock: number) => number) | undefined;

/**
 * Whether an entry's answer is normalised: 0 to 999999999 nanoseconds beside the seconds, 0 to
 * 999999 microseconds for gettimeofday(2).
 *
 * All other functions give one number, in which a kernel's mistake there would not show. The
 * kernel's own selftests and vdsotest look at it, and so does `vdso verify`. Costs a clock reading.
 *
 * @param entry a function of the vDSO; the system call where the vDSO has it not
 * @param clock for clock_gettime(2) and clock_getres(2); CLOCK_MONOTONIC if left out
 * @throws {VdsoError} `EINVAL` if this kernel has no such clock
 * @throws {RangeError} if `entry` is another one, or `clock` is not an int32
 * @throws {TypeError} if `clock` is not a number
 * @throws {UnsupportedError} if there is no FFI
 *
 * @example
 * ```ts
 * import { isNormalized } from "@x/vdso/doctor";
 *
 * console.log(isNormalized("clock_gettime")); // true
 * ```
 */
export function isNormalized(entry: FractionEntry, clock: ClockId = CLOCK_MONOTONIC): boolean {
  if (!FRACTION_ENTRIES.includes(entry)) {
    const expected = FRACTION_ENTRIES.join(", ");
    throw new RangeError(`Expected \`entry\` to be one of ${expected}, got ${show(entry)}`);
  }
  ask ??= native().shim.open(SHIM_REFERENCE).vdso_is_normalized;
  const answer = ask(ENTRIES.indexOf(entry), checkClock(clock));
  if (answer < 0) throw new VdsoError(entry, -answer, `clock ${clock}`);
  return answer === 1;
}
