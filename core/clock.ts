/**
 * The clocks that measure time passing, and clock_gettime(2) itself.
 *
 * @module
 */
import type { RuntimeClock, RuntimeClockName } from "../ffi/runtime_clocks.ts";
import { SHIM_CLOCKS } from "../shim/signatures.ts";
import { settle } from "./binding.ts";
import {
  CLOCK_BOOTTIME,
  CLOCK_MONOTONIC,
  CLOCK_MONOTONIC_COARSE,
  CLOCK_MONOTONIC_RAW,
  CLOCK_PROCESS_CPUTIME_ID,
  CLOCK_REALTIME,
  CLOCK_REALTIME_COARSE,
  CLOCK_THREAD_CPUTIME_ID,
  type ClockId,
} from "./clock_ids.ts";
import { show, UnsupportedError, VdsoError } from "./errors.ts";

/**
 * What the exported functions call. Each entry starts out as a stub that binds and puts the real
 * function in its place. V8 inlines the call through a module's private plain object as it does
 * one through a constant; a variable, an exported object or a class cost 4 to 6 ns more, so the
 * shape is measured (`npm run bench` holds it against an eager constant).
 */
const table = {
  now(): number {
    const binding = settle();
    table.now = binding.kind === "native"
      ? binding.shim.core.vdso_now
      : binding.runtime.clocks.CLOCK_MONOTONIC.now;
    return table.now();
  },
  clock(clock: ClockId): number {
    fillClocks();
    return table.clock(clock);
  },
  clockGettime(clock: ClockId): bigint {
    fillClocks();
    return table.clockGettime(clock);
  },
  clockGetres(clock: ClockId): bigint {
    fillClocks();
    return table.clockGetres(clock);
  },
};

function fillClocks(): void {
  const binding = settle();
  if (binding.kind === "native") {
    const clocks = binding.shim.open(SHIM_CLOCKS);
    table.clock = clocks.vdso_clock;
    table.clockGettime = clocks.vdso_clock_gettime;
    table.clockGetres = clocks.vdso_clock_getres;
    return;
  }
  const { runtime: { clocks }, error: cause } = binding;
  const unsupported = (clock: ClockId): never => {
    throw new UnsupportedError(`Clock ${clock} needs an FFI: ${cause.message}`, { cause });
  };
  const names = new Map(RUNTIME_CLOCKS);
  const find = (clock: ClockId): RuntimeClock => {
    const name = names.get(clock);
    return (name && clocks[name]) ?? unsupported(clock);
  };
  table.clock = (clock) => find(clock).now();
  table.clockGettime = (clock) => find(clock).nowBigInt();
  table.clockGetres = (clock) => clock === CLOCK_REALTIME ? 1_000_000n : unsupported(clock);
}

/** By the names that ffi/runtime_clocks.ts has. */
const RUNTIME_CLOCKS: readonly (readonly [ClockId, RuntimeClockName])[] = [
  [CLOCK_REALTIME, "CLOCK_REALTIME"],
  [CLOCK_REALTIME_COARSE, "CLOCK_REALTIME_COARSE"],
  [CLOCK_MONOTONIC, "CLOCK_MONOTONIC"],
  [CLOCK_MONOTONIC_COARSE, "CLOCK_MONOTONIC_COARSE"],
  [CLOCK_MONOTONIC_RAW, "CLOCK_MONOTONIC_RAW"],
  [CLOCK_BOOTTIME, "CLOCK_BOOTTIME"],
  [CLOCK_PROCESS_CPUTIME_ID, "CLOCK_PROCESS_CPUTIME_ID"],
  [CLOCK_THREAD_CPUTIME_ID, "CLOCK_THREAD_CPUTIME_ID"],
];

// V8 reads an imported constant anew at each call, as if it could change, but folds one's own: 2 to
// 5 ns a call.
const MONOTONIC = CLOCK_MONOTONIC;
const MONOTONIC_RAW = CLOCK_MONOTONIC_RAW;
const MONOTONIC_COARSE = CLOCK_MONOTONIC_COARSE;
const BOOTTIME = CLOCK_BOOTTIME;
const THREAD_CPUTIME_ID = CLOCK_THREAD_CPUTIME_ID;
const PROCESS_CPUTIME_ID = CLOCK_PROCESS_CPUTIME_ID;

/**
 * Nanoseconds of CLOCK_MONOTONIC, which counts from some moment about when the machine started.
 *
 * One timeline for every thread, process, runtime and language of the machine (see
 * {@link sources}): the same as `process.hrtime.bigint()` on Node, `time.monotonic_ns()` in Python,
 * C, Go and Rust. Never goes backwards, nor jumps when the wall clock is set (settimeofday(2)). Stands
 * still in suspend; NTP slews it (as a rule below 500 ppm, at most 10 %: adjtimex(2)); time namespaces
 * shift it. An exact integer for the first 104 days of uptime (2^53 ns), then rounded to 2 ns, after
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
 * Costs about 30 ns, with koffi 75, and garbage. See clock_gettime(2), vdso(7).
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
  return checked(table.clockGettime(MONOTONIC), "clock_gettime", MONOTONIC);
}

/**
 * Nanoseconds of CLOCK_MONOTONIC_RAW: the hardware's own rate, which NTP does not touch.
 *
 * For measuring the machine's own speed, and for intervals that must not stretch while NTP slews.
 * Drifts from real seconds as the oscillator does, about 10 to 100 ppm. Nobody sets it; stands still
 * in suspend; time namespaces shift it as {@link now}. An exact integer for the first 104 days of
 * uptime.
 *
 * Costs what {@link now} costs (on WSL and before Linux 5.3 on some CPUs a system call). See
 * clock_gettime(2).
 *
 * @returns nanoseconds, a number; NaN if the process has meanwhile been forbidden to ask the time
 *
 * @example
 * ```ts
 * import { nowRaw } from "@x/vdso";
 *
 * const start = nowRaw();
 * console.log(nowRaw() - start >= 0); // true
 * ```
 */
export function nowRaw(): number {
  return table.clock(MONOTONIC_RAW);
}

/**
 * Nanoseconds of CLOCK_MONOTONIC_COARSE: {@link now} as of the last timer tick.
 *
 * Up to one tick old, 1 to 10 ms (`clockGetres(CLOCK_MONOTONIC_COARSE)` says), never ahead of
 * {@link now}, and cheap on every clocksource, since it reads no hardware: about 5 ns. For timeouts,
 * caches and log lines, and the way out where the fine clocks make system calls. Suspend, NTP, time
 * namespaces and the range: as {@link now}.
 *
 * @returns nanoseconds, a number; NaN if the process has meanwhile been forbidden to ask the time
 *
 * @example
 * ```ts
 * import { now, nowCoarse } from "@x/vdso";
 *
 * console.log(nowCoarse() <= now()); // true
 * ```
 */
export function nowCoarse(): number {
  return table.clock(MONOTONIC_COARSE);
}

/**
 * Nanoseconds of CLOCK_BOOTTIME: {@link now} plus the time that the machine was suspended.
 *
 * For what must expire also while a laptop sleeps: tokens, leases, sessions. Slewed by NTP as
 * {@link now}, never set. Time namespaces shift it. An exact integer for the first 104 days since
 * boot. Costs what {@link now} costs. See clock_gettime(2).
 *
 * @returns nanoseconds, a number; NaN if the process has meanwhile been forbidden to ask the time
 * @throws {UnsupportedError} without an FFI, in Deno without --allow-sys=osUptime
 *
 * @example
 * ```ts
 * import { now, nowBoot } from "@x/vdso";
 *
 * console.log(`asleep for ${(nowBoot() - now()) / 1e9} s so far`);
 * ```
 */
export function nowBoot(): number {
  return table.clock(BOOTTIME);
}

/**
 * Nanoseconds of CPU time that this thread has taken: CLOCK_THREAD_CPUTIME_ID.
 *
 * User and kernel time together, of this operating system thread: in the main context all that runs
 * there, garbage collection and compilation on other threads not included. Does not pass while the
 * thread sleeps or waits for a CPU; NTP, suspend and time namespaces do not touch it. Exact for the
 * first 104 days of CPU time. A system call, also inside the vDSO: about 500 ns. See clock_gettime(2).
 *
 * @returns nanoseconds, a number; NaN if the process has meanwhile been forbidden to ask the time
 * @throws {UnsupportedError} without an FFI, where the runtime has no process.threadCpuUsage()
 *
 * @example
 * ```ts
 * import { threadCpuTime } from "@x/vdso";
 *
 * const start = threadCpuTime();
 * JSON.stringify(new Array(1000).fill("x"));
 * console.log(`${threadCpuTime() - start} ns of CPU`);
 * ```
 */
export function threadCpuTime(): number {
  return table.clock(THREAD_CPUTIME_ID);
}

/**
 * Nanoseconds of CPU time that this process has taken: CLOCK_PROCESS_CPUTIME_ID.
 *
 * User and kernel time of all its threads together: grows faster than {@link now} when several run.
 * NTP, suspend and time namespaces do not touch it. Exact for the first 104 days of CPU time. A
 * system call, also inside the vDSO: about 500 ns. See clock_gettime(2).
 *
 * @returns nanoseconds, a number; NaN if the process has meanwhile been forbidden to ask the time
 *
 * @example
 * ```ts
 * import { processCpuTime, threadCpuTime } from "@x/vdso";
 *
 * console.log(processCpuTime() - threadCpuTime(), "ns on other threads");
 * ```
 */
export function processCpuTime(): number {
  return table.clock(PROCESS_CPUTIME_ID);
}

/**
 * clock_gettime(2): nanoseconds of any clock.
 *
 * From the vDSO: CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_TAI
 * and the coarse ones, in 10 to 40 ns (koffi: 75). The vDSO makes a system call for the others, 200
 * ns and more.
 *
 * @param clock a constant, or a dynamic id (negative: a PTP device, a process's CPU time)
 * @throws {VdsoError} `EINVAL` if this kernel has no such clock
 * @throws {TypeError} if `clock` is not a number
 * @throws {RangeError} if `clock` is not an int32
 * @throws {UnsupportedError} without an FFI, for a clock that `sources().clocks` does not have
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
 * @throws {UnsupportedError} without an FFI, for all but CLOCK_REALTIME
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

// The shim returns INT64_MIN + errno; Linux has no error number above 4095.
const INT64_MIN = -(1n << 63n);
const LAST_ERROR = INT64_MIN + 4095n;

/** The shim's answer, or the error that it stands for. */
export function checked(ns: bigint, syscall: string, clock: ClockId): bigint {
  if (ns > LAST_ERROR) return ns;
  throw new VdsoError(syscall, Number(ns - INT64_MIN), `clock ${clock}`);
}

/** The FFIs would wrap or truncate anything else in silence. */
export function checkClock(clock: ClockId): ClockId {
  if (typeof clock === "number" && clock === (clock | 0)) return clock | 0; // no -0 either
  const error = typeof clock === "number" ? RangeError : TypeError;
  throw new error(`Expected \`clock\` to be an int32, got ${show(clock)}`);
}
