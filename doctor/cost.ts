/**
 * What a clock costs, measured natively: without JavaScript, and against the system call.
 *
 * @module
 */
import { median } from "../bench/median.ts";
import {
  checkClock,
  checked,
  ENTRIES,
  native,
  SHIM_REFERENCE,
  show,
  SPARES_SYSCALL,
} from "../core/internals.ts";
import { CLOCK_MONOTONIC, clockGetres, type ClockId } from "../mod.ts";

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
 * Takes about 3 ms: medians of 25 rounds of 400 calls, alternating; on a machine whose clock moves by
 * timer ticks alone (clocksource jiffies) half a second.
 *
 * @param clock which one; CLOCK_MONOTONIC if left out
 * @throws {UnsupportedError} if there is no FFI
 * @throws {VdsoError} `EINVAL` if this kernel has no such clock
 * @throws {TypeError | RangeError} if `clock` is not an int32
 *
 * @example
 * ```ts
 * import { clockCost } from "@x/vdso/doctor";
 *
 * const { nativeNs, syscallNs, beatsSyscall } = clockCost();
 * console.log(nativeNs, syscallNs, beatsSyscall); // 24.4 243 true
 * ```
 */
export function clockCost(clock: ClockId = CLOCK_MONOTONIC): ClockCost {
  const loops = clockLoops(clock);
  const coarse = clockGetres(CLOCK_MONOTONIC) > 1000n;
  const [rounds, calls] = coarse ? [COARSE_ROUNDS, COARSE_CALLS] : [ROUNDS, CALLS];
  const entry: number[] = [];
  const syscall: number[] = [];
  for (let round = 0; round < rounds; round++) {
    entry.push(loops.entry(calls) / calls);
    syscall.push(loops.syscall(calls) / calls);
  }
  const nativeNs = median(entry);
  const syscallNs = median(syscall);
  return { nativeNs, syscallNs, beatsSyscall: nativeNs < SPARES_SYSCALL * syscallNs };
}

/** Loops in C over a clock: what {@link clockLoops} returns. Each takes whole calls from 1 on. */
export interface ClockLoops {
  /** Makes so many calls by the path that the entry takes; the nanoseconds that they took. */
  readonly entry: (calls: number) => number;
  /** The same by the system call. NaN, as above, if a call fails after all. */
  readonly syscall: (calls: number) => number;
}

/** An int32_t. */
const MOST_CALLS = 2 ** 31 - 1;

/**
 * The loops in C that {@link clockCost} measures with, for a benchmark that takes turns with them:
 * figures of two moments do not compare on a machine that does something else as well.
 *
 * @param clock which one; CLOCK_MONOTONIC if left out
 * @throws {UnsupportedError} if there is no FFI
 * @throws {VdsoError} `EINVAL` if this kernel has no such clock
 * @throws {TypeError | RangeError} if `clock` is not an int32; a loop, if its calls are not a whole
 * number from 1 to 2^31 - 1
 *
 * @example
 * ```ts
 * import { now } from "@x/vdso";
 * import { clockLoops } from "@x/vdso/doctor";
 *
 * const { entry } = clockLoops();
 * for (let round = 0; round < 5; round++) {
 *   const start = now();
 *   for (let i = 0; i < 1000; i++) now();
 *   console.log((now() - start) / entry(1000)); // 1.1
 * }
 * ```
 */
export function clockLoops(clock: ClockId = CLOCK_MONOTONIC): ClockLoops {
  clock = checkClock(clock);
  const c = native().shim.open(SHIM_REFERENCE);
  checked(c.vdso_syscall(ENTRIES.indexOf("clock_gettime"), clock), "clock_gettime", clock);
  return {
    entry: (calls) => c.vdso_loop(0, clock, checkCalls(calls)),
    syscall: (calls) => c.vdso_loop(1, clock, checkCalls(calls)),
  };
}

function checkCalls(calls: number): number {
  if (Number.isInteger(calls) && calls >= 1 && calls <= MOST_CALLS) return calls;
  const error = typeof calls === "number" ? RangeError : TypeError;
  throw new error(
    `Expected \`calls\` to be a whole number from 1 to ${MOST_CALLS}, got ${show(calls)}`,
  );
}
