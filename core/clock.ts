/**
 * The clocks.
 *
 * @module
 */
import { SHIM_CLOCKS } from "../ffi/types.ts";
import { bound } from "./bind.ts";
import { show, UnsupportedError, VdsoError } from "./errors.ts";

/** A clock's number, an int32: a constant from here, or a dynamic id (see clock_getcpuclockid(3)). */
export type ClockId = number;

/** Wall clock, since the Unix epoch; set by people, NTP and leap seconds. clock_gettime(2). */
export const CLOCK_REALTIME: ClockId = 0;
/** Never set, stands still in suspend, slewed by NTP. clock_gettime(2). */
export const CLOCK_MONOTONIC: ClockId = 1;
/** CPU time of the process. clock_gettime(2). */
export const CLOCK_PROCESS_CPUTIME_ID: ClockId = 2;
/** CPU time of the thread. clock_gettime(2). */
export const CLOCK_THREAD_CPUTIME_ID: ClockId = 3;
/** As CLOCK_MONOTONIC, but not slewed by NTP. clock_gettime(2). */
export const CLOCK_MONOTONIC_RAW: ClockId = 4;
/** CLOCK_REALTIME as of the last timer tick: a few ms old, and cheap. clock_gettime(2). */
export const CLOCK_REALTIME_COARSE: ClockId = 5;
/** CLOCK_MONOTONIC as of the last timer tick: a few ms old, and cheap. clock_gettime(2). */
export const CLOCK_MONOTONIC_COARSE: ClockId = 6;
/** As CLOCK_MONOTONIC, but goes on in suspend. clock_gettime(2). */
export const CLOCK_BOOTTIME: ClockId = 7;
/** CLOCK_REALTIME, for timers that wake the machine. timerfd_create(2). */
export const CLOCK_REALTIME_ALARM: ClockId = 8;
/** CLOCK_BOOTTIME, for timers that wake the machine. timerfd_create(2). */
export const CLOCK_BOOTTIME_ALARM: ClockId = 9;
/** International Atomic Time: CLOCK_REALTIME without leap seconds. clock_gettime(2). */
export const CLOCK_TAI: ClockId = 11;
/** The first of eight auxiliary clocks, 16 to 23, from Linux 6.17. include/uapi/linux/time.h. */
export const CLOCK_AUX: ClockId = 16;

/**
 * What the exported functions call. Each entry starts out as a stub that binds and puts the real
 * function in its place. V8 inlines the call through a module's private plain object as it does
 * one through a constant; a variable, an exported object or a class cost 4 to 6 ns more, so the
 * shape is measured (`npm run bench` holds it against an eager constant).
 */
const table = {
  now(): number {
    const binding = bound();
    table.now = binding.kind === "native" ? binding.shim.core.vdso_now : binding.clock.now;
    return table.now();
  },
  nowBigInt(): bigint {
    fillClocks();
    return table.nowBigInt();
  },
  realtimeBigInt(): bigint {
    fillClocks();
    return table.realtimeBigInt();
  },
  clockGettime(clock: number): bigint {
    fillClocks();
    return table.clockGettime(clock);
  },
  clockGetres(clock: number): bigint {
    fillClocks();
    return table.clockGetres(clock);
  },
};

function fillClocks(): void {
  const binding = bound();
  if (binding.kind === "native") {
    const clocks = binding.shim.open(SHIM_CLOCKS);
    table.nowBigInt = clocks.vdso_now_bigint;
    table.realtimeBigInt = clocks.vdso_realtime_bigint;
    table.clockGettime = clocks.vdso_clock_gettime;
    table.clockGetres = clocks.vdso_clock_getres;
    return;
  }
  const { clock: { nowBigInt }, error } = binding;
  // Date has whole milliseconds, but it is the wall clock, also after somebody has set it.
  const realtimeBigInt = () => BigInt(Date.now()) * 1_000_000n;
  table.nowBigInt = nowBigInt;
  table.realtimeBigInt = realtimeBigInt;
  table.clockGettime = (clock) => {
    if (clock === CLOCK_MONOTONIC) return nowBigInt();
    if (clock === CLOCK_REALTIME) return realtimeBigInt();
    throw new UnsupportedError(`Clock ${clock} needs an FFI: ${error.message}`, { cause: error });
  };
  table.clockGetres = (clock) => {
    if (clock === CLOCK_REALTIME) return 1_000_000n;
    throw new UnsupportedError(
      `The resolution of clock ${clock} needs an FFI: ${error.message}`,
      { cause: error },
    );
  };
}

/**
 * Nanoseconds of CLOCK_MONOTONIC, which counts from some moment about when the machine started.
 *
 * One timeline for every thread, process, runtime and language of the machine (see
 * {@link sources}): the same as `process.hrtime.bigint()` on Node, `time.monotonic_ns()` in Python,
 * C, Go and Rust. Never goes backwards, stands still in suspend, is slewed by NTP by at most
 * 500 ppm. An exact integer for the first 104 days of uptime (2^53 ns), then rounded to 2 ns, after
 * 208 days to 4 ns; {@link nowBigInt} stays exact.
 *
 * Costs what C's `clock_gettime` costs, about 25 ns. See clock_gettime(2), vdso(7).
 *
 * @returns nanoseconds, a number; NaN if the process has meanwhile been forbidden to ask the time
 *
 * @example
 * ```ts
 * import { now } from "@x/vdso";
 *
 * const start = now();
 * JSON.parse('{"answer": 42}');
 * console.log(`${now() - start} ns`);
 * ```
 */
export function now(): number {
  return table.now();
}

/**
 * Nanoseconds of CLOCK_MONOTONIC, exact at any uptime: {@link now} as a bigint.
 *
 * Costs 25 to 50 ns, and garbage. See clock_gettime(2), vdso(7).
 *
 * @throws {VdsoError} if the process has meanwhile been forbidden to ask the time
 *
 * @example
 * ```ts
 * import { nowBigInt } from "@x/vdso";
 *
 * const start = nowBigInt();
 * console.log(nowBigInt() - start >= 0n); // true
 * ```
 */
export function nowBigInt(): bigint {
  return checked(table.nowBigInt(), "clock_gettime", CLOCK_MONOTONIC);
}

/**
 * Nanoseconds of CLOCK_REALTIME since the Unix epoch, exact: the wall clock.
 *
 * Jumps when somebody sets the clock, also backwards, and knows no leap seconds; measure durations
 * with {@link now}. Costs 25 to 50 ns. Without an FFI it has whole milliseconds. See
 * clock_gettime(2), vdso(7).
 *
 * @throws {VdsoError} if the process has meanwhile been forbidden to ask the time
 *
 * @example
 * ```ts
 * import { realtimeBigInt } from "@x/vdso";
 *
 * const ns = realtimeBigInt();
 * console.log(new Date(Number(ns / 1_000_000n)).toISOString(), ns % 1_000_000_000n);
 * ```
 */
export function realtimeBigInt(): bigint {
  return checked(table.realtimeBigInt(), "clock_gettime", CLOCK_REALTIME);
}

/**
 * clock_gettime(2): nanoseconds of any clock.
 *
 * From the vDSO: CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_TAI
 * and the coarse ones, in 10 to 50 ns. The vDSO makes a system call for the others, 200 ns and
 * more.
 *
 * @param clock a constant, or a dynamic id (negative: a PTP device, a process's CPU time)
 * @throws {VdsoError} `EINVAL` if this kernel has no such clock
 * @throws {TypeError} if `clock` is not a number
 * @throws {RangeError} if `clock` is not an int32
 * @throws {UnsupportedError} if there is no FFI, for all but CLOCK_MONOTONIC and CLOCK_REALTIME
 *
 * @example
 * ```ts
 * import { CLOCK_MONOTONIC, clockGettime } from "@x/vdso";
 *
 * console.log(clockGettime(CLOCK_MONOTONIC)); // 812345678901n
 * ```
 */
export function clockGettime(clock: ClockId): bigint {
  return checked(table.clockGettime(checkClock(clock)), "clock_gettime", clock);
}

/**
 * clock_getres(2): the resolution of a clock in nanoseconds.
 *
 * 1 for the fine clocks, the length of a timer tick (1 to 10 ms) for the coarse ones. It says
 * nothing of cost or jitter.
 *
 * @param clock a constant, or a dynamic id
 * @throws {VdsoError} `EINVAL` if this kernel has no such clock
 * @throws {TypeError} if `clock` is not a number
 * @throws {RangeError} if `clock` is not an int32
 * @throws {UnsupportedError} if there is no FFI, for all but CLOCK_REALTIME
 *
 * @example
 * ```ts
 * import { CLOCK_REALTIME, clockGetres } from "@x/vdso";
 *
 * console.log(clockGetres(CLOCK_REALTIME)); // 1n
 * ```
 */
export function clockGetres(clock: ClockId): bigint {
  return checked(table.clockGetres(checkClock(clock)), "clock_getres", clock);
}

// The trampoline returns INT64_MIN + errno; Linux has no error number above 4095.
const INT64_MIN = -(2n ** 63n);
const LAST_ERROR = INT64_MIN + 4095n;

/** The trampoline's answer, or the error that it stands for. */
export function checked(ns: bigint, syscall: string, clock: ClockId): bigint {
  if (ns > LAST_ERROR) return ns;
  throw new VdsoError(syscall, Number(ns - INT64_MIN), `clock ${clock}`);
}

/** The FFIs would wrap or truncate anything else in silence. */
export function checkClock(clock: ClockId): ClockId {
  if (typeof clock === "number" && clock === (clock | 0)) return clock;
  const error = typeof clock === "number" ? RangeError : TypeError;
  throw new error(`Expected \`clock\` to be an int32, got ${show(clock)}`);
}
