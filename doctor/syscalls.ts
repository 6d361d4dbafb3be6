/**
 * The traditional system calls, past the vDSO.
 *
 * @module
 */
import {
  checkClock,
  checked,
  ENTRIES,
  native,
  SHIM_REFERENCE,
  toLocation,
  toTimeval,
} from "../core/internals.ts";
import {
  CLOCK_REALTIME,
  type ClockId,
  type CpuLocation,
  type EntryName,
  type Timeval,
  VdsoError,
} from "../mod.ts";

/** What {@link syscalls} has: what the vDSO spares. All throw `UnsupportedError` without an FFI. */
export interface Syscalls {
  /** clock_gettime(2) in nanoseconds; throws as `clockGettime` does. */
  clockGettime(clock: ClockId): bigint;
  /** clock_getres(2) in nanoseconds; throws as `clockGetres` does. */
  clockGetres(clock: ClockId): bigint;
  /** gettimeofday(2). */
  gettimeofday(): Timeval;
  /** time(2); on CPUs without it, the coarse clock by clock_gettime(2). */
  time(): number;
  /** getcpu(2). */
  getcpu(): CpuLocation;
}

/**
 * The traditional system calls, past the vDSO: what its answers can be checked against. Frozen. Each
 * costs 100 to 1000 ns, more under seccomp or gVisor.
 *
 * @example
 * ```ts
 * import { CLOCK_MONOTONIC, clockGettime } from "@x/vdso";
 * import { syscalls } from "@x/vdso/doctor";
 *
 * const before = syscalls.clockGettime(CLOCK_MONOTONIC);
 * const between = clockGettime(CLOCK_MONOTONIC);
 * const after = syscalls.clockGettime(CLOCK_MONOTONIC);
 * console.log(before <= between && between <= after); // true
 * ```
 */
export const syscalls: Syscalls = Object.freeze({
  clockGettime(clock: ClockId) {
    return checked(call("clock_gettime", checkClock(clock)), "clock_gettime", clock);
  },
  clockGetres(clock: ClockId) {
    return checked(call("clock_getres", checkClock(clock)), "clock_getres", clock);
  },
  gettimeofday() {
    return toTimeval(result("gettimeofday"));
  },
  time() {
    return result("time");
  },
  getcpu() {
    return toLocation(result("getcpu"));
  },
});

let reference: ((entry: number, clock: number) => bigint) | undefined;

function call(entry: EntryName, clock: ClockId): bigint {
  reference ??= native().shim.open(SHIM_REFERENCE).vdso_syscall;
  return reference(ENTRIES.indexOf(entry), clock);
}

/** Of a call without arguments, which answers a negative errno where it fails. */
function result(entry: EntryName): number {
  const value = Number(call(entry, CLOCK_REALTIME));
  if (value < 0) throw new VdsoError(entry, -value, "");
  return value;
}
