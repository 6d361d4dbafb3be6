/**
 * What a clock costs, measured natively: without JavaScript, and against the system call.
 *
 * @module
 */
import { ENTRIES } from "../elf/entries.ts";
import { SHIM_REFERENCE } from "../ffi/types.ts";
import { native } from "./bind.ts";
import { checkClock, checked, clockGetres } from "./clock.ts";
import { CLOCK_MONOTONIC, type ClockId } from "./clock_ids.ts";

/** Nanoseconds per call: what {@link clockCost} returns. */
export interface ClockCost {
  /** `clock_gettime` from a loop in C, by the path that the entry takes. */
  readonly nativeNs: number;
  /** The system call clock_gettime(2) from a loop in C. */
  readonly syscallNs: number;
  /**
   * Whether the vDSO spares the system call: not so for CPU and alarm clocks, nor for any fine clock
   * while the clocksource cannot be read from user space.
   */
  readonly beatsSyscall: boolean;
}

const ROUNDS = 25;
const CALLS = 400;

/** Where the loops are timed by a clock of whole timer ticks: some tens of them each. */
const COARSE_ROUNDS = 3;
const COARSE_CALLS = 100_000;

/**
 * Measures what reading a clock costs in C, by the path that the entry takes and by the system
 * call. Where both cost alike, the vDSO makes the system call itself.
 *
 * Takes some 3 ms: medians of 25 rounds of 400 calls, alternating; on a machine whose clock moves by
 * timer ticks alone (clocksource jiffies) half a second.
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
 * const { nativeNs, syscallNs, beatsSyscall } = clockCost();
 * console.log(nativeNs, syscallNs, beatsSyscall); // 24.4 243 true
 * ```
 */
export function clockCost(clock: ClockId = CLOCK_MONOTONIC): ClockCost {
  clock = checkClock(clock);
  const c = native().shim.open(SHIM_REFERENCE);
  checked(c.vdso_syscall(ENTRIES.indexOf("clock_gettime"), clock), "clock_gettime", clock);
  const coarse = clockGetres(CLOCK_MONOTONIC) > 1000n;
  const [rounds, calls] = coarse ? [COARSE_ROUNDS, COARSE_CALLS] : [ROUNDS, CALLS];
  const entry: number[] = [];
  const syscall: number[] = [];
  for (let round = 0; round < rounds; round++) {
    entry.push(c.vdso_loop(0, clock, calls) / calls);
    syscall.push(c.vdso_loop(1, clock, calls) / calls);
  }
  const nativeNs = median(entry);
  const syscallNs = median(syscall);
  return { nativeNs, syscallNs, beatsSyscall: nativeNs < 0.75 * syscallNs };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}
