/**
 * The wall clock, in the forms that people need it.
 *
 * @module
 */
import { SHIM_WALL } from "../shim/signatures.ts";
import { settle } from "./binding.ts";
import { checked, clockGettime } from "./clock.ts";
import { CLOCK_REALTIME } from "./clock_ids.ts";
import { VdsoError } from "./errors.ts";

/** As in core/clock.ts: V8 folds one's own constant. */
const REALTIME = CLOCK_REALTIME;

/** As in core/clock.ts: stubs that bind, then the FFI's functions. */
const table = {
  /** What is less is an errno, negative, of the shim's; no runtime's clock answers any. */
  leastTime: 0,
  gettimeofday(): number {
    fillTable();
    return table.gettimeofday();
  },
  time(): number {
    fillTable();
    return table.time();
  },
  timestamp(): bigint {
    fillTable();
    return table.timestamp();
  },
};

function fillTable(): void {
  const binding = settle();
  if (binding.kind === "native") {
    const wall = binding.shim.open(SHIM_WALL);
    table.gettimeofday = wall.vdso_gettimeofday;
    table.time = wall.vdso_time;
    table.timestamp = wall.vdso_timestamp;
  } else {
    table.leastTime = -Infinity;
    table.gettimeofday = () => Date.now() * 1000;
    table.time = () => Math.floor(Date.now() / 1000);
    table.timestamp = () => lastTimestamp = following(lastTimestamp, clockGettime(REALTIME));
  }
}

/**
 * Nanoseconds of CLOCK_REALTIME since the Unix epoch, exact: the wall clock.
 *
 * Jumps when somebody sets the clock (settimeofday(2), NTP's steps), also backwards, is slewed by NTP,
 * put right after suspend, and knows no leap seconds; time namespaces leave it alone. Measure
 * durations with {@link now}. Good until the year 2262. Costs about 30 ns, with koffi 65. Without an
 * FFI it has whole milliseconds. See clock_gettime(2), vdso(7).
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
  return clockGettime(REALTIME);
}

/**
 * CLOCK_REALTIME in whole microseconds since the Unix epoch: {@link realtimeBigInt} as a number.
 *
 * Exact in a number until the year 2255 (nanoseconds would have steps of 256). Rounded down. Set,
 * slewed and put right as {@link realtimeBigInt}. From gettimeofday(2) in the vDSO: about 25 ns. Without
 * an FFI it has whole milliseconds.
 *
 * @returns a number; NaN if the process has been forbidden to ask the time
 *
 * @example
 * ```ts
 * import { realtimeMicros } from "@x/vdso";
 *
 * console.log(new Date(realtimeMicros() / 1000).toISOString());
 * ```
 */
export function realtimeMicros(): number {
  const micros = table.gettimeofday();
  return micros >= table.leastTime ? micros : NaN;
}

/**
 * CLOCK_REALTIME as OpenTelemetry's `HrTime`: whole seconds since the Unix epoch, and nanoseconds
 * from 0 to 999999999. Exact.
 *
 * Set, slewed and put right as {@link realtimeBigInt}: for the time of an event, not for durations.
 * Costs that and an array. Without an FFI it has whole milliseconds.
 *
 * @throws {VdsoError} if the process has been forbidden to ask the time
 *
 * @example
 * ```ts
 * import { hrTime } from "@x/vdso";
 *
 * const [seconds, nanoseconds] = hrTime();
 * console.log(`${seconds}.${String(nanoseconds).padStart(9, "0")}`);
 * ```
 */
export function hrTime(): [seconds: number, nanoseconds: number] {
  return toHrTime(realtimeBigInt());
}

const wide = new BigInt64Array(1);
const halves = new Int32Array(wide.buffer);
wide[0] = 1n;
const [LOW, HIGH] = halves[0] === 1 ? [0, 1] : [1, 0];

/**
 * Nanoseconds since the epoch, split without dividing bigints, which takes 20 to 50 ns.
 *
 * As doubles they are within 256 ns, so that the seconds are right or, around a full second, one off;
 * modulo 2^32 they are exact, and so are the nanoseconds above those seconds, which tell if it is so.
 */
export function toHrTime(ns: bigint): [seconds: number, nanoseconds: number] {
  wide[0] = ns;
  const low = (halves[LOW] as number) >>> 0;
  const seconds = Math.floor(((halves[HIGH] as number) * 2 ** 32 + low) / 1e9);
  const nanoseconds = (low - Math.imul(seconds, 1e9)) | 0;
  if (nanoseconds < 0) return [seconds - 1, nanoseconds + 1e9];
  if (nanoseconds >= 1e9) return [seconds + 1, nanoseconds - 1e9];
  return [seconds, nanoseconds];
}

/**
 * CLOCK_REALTIME in nanoseconds since the Unix epoch, but strictly increasing: for ids and for the
 * order of log lines.
 *
 * No two calls in the process return the same, on whichever threads, also when the wall clock is set
 * back or answers twice alike: then the last value plus one is returned, until the clock has caught
 * up. So it may run ahead of the wall clock by as much as that was set back. Threads that load the shim
 * in different ways ({@link bind}: another FFI, a file), or another version of this library, have their
 * own; without an FFI each JavaScript context has. Other processes have their own as well; add a process's number
 * where that matters. Costs {@link realtimeBigInt} and about 5 ns.
 *
 * @throws {VdsoError} if the process has been forbidden to ask the time
 *
 * @example
 * ```ts
 * import { timestampBigInt } from "@x/vdso";
 *
 * console.log(timestampBigInt() < timestampBigInt()); // true
 * ```
 */
export function timestampBigInt(): bigint {
  return checked(table.timestamp(), "clock_gettime", REALTIME);
}

/** Of this context, without an FFI: at first before any time. */
let lastTimestamp = -(1n << 63n);

/** The time, or what comes after the last one. */
export function following(last: bigint, time: bigint): bigint {
  return time > last ? time : last + 1n;
}

/** What {@link gettimeofday} returns: `struct timeval`. */
export interface Timeval {
  /** Whole seconds since the Unix epoch. */
  readonly sec: number;
  /** Microseconds, 0 to 999999. */
  readonly usec: number;
}

/**
 * gettimeofday(2): CLOCK_REALTIME in seconds and microseconds.
 *
 * Set, slewed and put right as {@link realtimeBigInt}. About 40 ns: every vDSO has it. Without an FFI
 * it has whole milliseconds.
 *
 * @throws {VdsoError} if the process has been forbidden to ask the time
 *
 * @example
 * ```ts
 * import { gettimeofday } from "@x/vdso";
 *
 * const { sec, usec } = gettimeofday();
 * console.log(sec + usec / 1e6);
 * ```
 */
export function gettimeofday(): Timeval {
  const micros = table.gettimeofday();
  if (micros < table.leastTime) throw new VdsoError("gettimeofday", -micros, "");
  return toTimeval(micros);
}

/** Whole microseconds, split. */
export function toTimeval(micros: number): Timeval {
  const sec = Math.floor(micros / 1e6);
  return { sec, usec: micros - sec * 1e6 };
}

/**
 * time(2): whole seconds since the Unix epoch, as of the last timer tick.
 *
 * Up to a tick (1 to 10 ms) behind {@link realtimeBigInt}, so that it may still tell the old second
 * when that tells the new one. Set and slewed as {@link realtimeBigInt}. About 4 ns on x86_64 and ppc64le,
 * where it is in the vDSO; elsewhere a system call, or clock_gettime(2) of the coarse clock.
 *
 * @returns a number; NaN if the process has been forbidden to ask the time
 *
 * @example
 * ```ts
 * import { time } from "@x/vdso";
 *
 * console.log(new Date(time() * 1000).toUTCString());
 * ```
 */
export function time(): number {
  const seconds = table.time();
  return seconds >= table.leastTime ? seconds : NaN;
}
