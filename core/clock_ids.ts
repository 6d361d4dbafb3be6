/**
 * The clocks' numbers: include/uapi/linux/time.h, and how Linux makes numbers for other clocks.
 *
 * @module
 */
import { show } from "./errors.ts";

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
 * The CPU-time clock of another process, for {@link clockGettime}: clock_getcpuclockid(3).
 *
 * Costs a system call to read. A clock of a process that has ended is `EINVAL`, and one of a process
 * that came later under the same number is that one's.
 *
 * @param pid its process id; 0 is this process
 * @throws {TypeError | RangeError} if `pid` is not a whole number from 0 to 2^28 - 1
 *
 * @example
 * ```ts
 * import { clockGettime, processClock } from "@x/vdso";
 *
 * console.log(clockGettime(processClock(0)), "ns of CPU time");
 * ```
 */
export function processClock(pid: number): ClockId {
  // MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED) of include/linux/posix-timers_types.h
  return (~checkNumber("pid", pid) << 3) | 2;
}

/**
 * The clock of an open character device, a PTP hardware clock (`/dev/ptp0`), for
 * {@link clockGettime}: clock_gettime(2), "Dynamic clocks".
 *
 * Costs a system call and a read of the device. `EINVAL` if it is no clock device, `ENODEV` if that
 * has gone.
 *
 * @param fd a file descriptor, open for reading for as long as the clock is used
 * @throws {TypeError | RangeError} if `fd` is not a whole number from 0 to 2^28 - 1
 *
 * @example
 * ```ts
 * import { clockGettime, deviceClock, VdsoError } from "@x/vdso";
 *
 * const fd = 0; // of /dev/ptp0, rather
 * try {
 *   console.log(clockGettime(deviceClock(fd)));
 * } catch (error) {
 *   if (!(error instanceof VdsoError)) throw error;
 *   console.log(error.code);
 * }
 * ```
 */
export function deviceClock(fd: number): ClockId {
  // FD_TO_CLOCKID of include/linux/posix-timers_types.h
  return (~checkNumber("fd", fd) << 3) | 3;
}

function checkNumber(argument: string, value: number): number {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 28) return value;
  const error = typeof value === "number" ? RangeError : TypeError;
  throw new error(`Expected \`${argument}\` to be a whole number below 2^28, got ${show(value)}`);
}
