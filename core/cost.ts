/**
 * What a clock costs, measured natively: without JavaScript, and against the system call.
 *
 * @module
 */
import { SHIM_REFERENCE } from "../ffi/types.ts";
import { native } from "./bind.ts";
import { checkClock, checked, CLOCK_MONOTONIC, type ClockId } from "./clock.ts";

/** Nanoseconds per call: what {@link clockCost} returns. */
export interface ClockCost {
  /** `clock_gettime` from a loop in C, by the path that the entry takes. */
  readonly nativeNs: number;
  /** The system call clock_gettime(2) from a loop in C. */
  readonly syscallNs: number;
}

const ROUNDS = 25;
const CALLS = 400;

/**
 * Measures what reading a clock costs in C, by the path that the entry takes and by the system
 * call. A clock whose two figures are alike is answered by a system call inside the vDSO: CPU
 * clocks always are, and all clocks are while the clocksource cannot be read from user space.
 *
 * Takes some 3 ms: medians of 25 rounds of 400 calls, alternating.
 *
 * @param clock which one; CLOCK_MONOTONIC if left out
 * @throws {UnsupportedError} if there is no FFI
 * @throws {VdsoError} `EINVAL` if this kernel has no such clock
 * @throws {TypeError | RangeError} if `clock` is not an int32
 *
 * @example
 * ```ts
 * import { clockCost } from "@x/vdso";
 *
 * const { nativeNs, syscallNs } = clockCost();
 * console.log(`the vDSO is ${(syscallNs / nativeNs).toFixed(1)} times as fast`);
 * ```
 */
export function clockCost(clock: ClockId = CLOCK_MONOTONIC): ClockCost {
  checkClock(clock);
  const c = native().shim.open(SHIM_REFERENCE);
  checked(c.vdso_clock_gettime_syscall(clock), "clock_gettime", clock);
  const entry: number[] = [];
  const syscall: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    entry.push(c.vdso_loop_entry(clock, CALLS) / CALLS);
    syscall.push(c.vdso_loop_syscall(clock, CALLS) / CALLS);
  }
  return { nativeNs: median(entry), syscallNs: median(syscall) };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}
