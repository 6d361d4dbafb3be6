/** The times that a program gives to OpenTelemetry itself. */
import { show } from "../core/internals.ts";
import { now } from "../mod.ts";
import { addNs, anchors, timeAt } from "./anchor.ts";
import type { HrTime } from "./types.ts";

/**
 * The times that come from here. A span's events and its end have no mark that tells whether the
 * caller gave their time, or the SDK read its own clock: these are known to be given.
 */
const given = new WeakSet<HrTime>();

/** Whether a time comes from {@link hrTime} or {@link toHrTime}. */
export function isGiven(time: HrTime): boolean {
  return given.has(time);
}

/** 18 years of uptime; since the epoch it has been more from 1988 on. */
const MOST = 2 ** 59;

/**
 * The time now, as OpenTelemetry takes it, on the timeline of the spans that
 * {@link clockSpanProcessor} corrects: for `startSpan({ startTime })`, `addEvent()` and `end()`.
 *
 * The wall clock's time in nanoseconds, counted by the monotonic clock from one anchor: set only
 * when somebody has set the wall clock. Without an FFI the anchor has whole milliseconds. Costs
 * about 200 ns: three readings of clocks, an array, and a mark that it was given.
 *
 * @returns whole seconds since the Unix epoch, and nanoseconds from 0 to 999999999
 * @throws {VdsoError} if the process has been forbidden to ask the time
 *
 * @example
 * ```ts
 * import { hrTime } from "@x/vdso/otel";
 *
 * const [seconds, nanoseconds] = hrTime(); // span.addEvent("cache miss", hrTime())
 * console.log(new Date(seconds * 1000 + nanoseconds / 1e6).toISOString());
 * ```
 */
export function hrTime(): HrTime {
  const time = now();
  return mark(timeAt(anchors.at(time), time));
}

/**
 * A reading of `now()` or `nowBigInt()`, as OpenTelemetry takes it: {@link hrTime} of another moment.
 *
 * The SDK takes a number for milliseconds, so a reading of `now()` must not be given to it as it is.
 * Read again after somebody has set the wall clock, the same reading gives another time.
 *
 * @param ns nanoseconds of CLOCK_MONOTONIC, from 0 to 2^59; a part of one is dropped
 * @returns whole seconds since the Unix epoch, and nanoseconds from 0 to 999999999
 * @throws {TypeError} if `ns` is neither a number nor a bigint
 * @throws {RangeError} if `ns` cannot be a reading: since the epoch, negative, or not finite
 * @throws {VdsoError} if the process has been forbidden to ask the time
 *
 * @example
 * ```ts
 * import { now } from "@x/vdso";
 * import { toHrTime } from "@x/vdso/otel";
 *
 * const start = now();
 * JSON.parse('{"answer": 42}');
 * console.log(toHrTime(start)); // tracer.startSpan("parse", { startTime: toHrTime(start) })
 * ```
 */
export function toHrTime(ns: number | bigint): HrTime {
  if (typeof ns !== "number" && typeof ns !== "bigint") {
    throw new TypeError(`Expected \`ns\` to be a number or a bigint, got ${show(ns)}`);
  }
  if (!(ns >= 0 && ns < MOST)) {
    throw new RangeError(`Expected \`ns\` to be a reading of now(), 0 to 2^59, got ${show(ns)}`);
  }
  const anchor = anchors.at(now());
  // As a number, a bigint may be off by a few nanoseconds; what lies between is smaller.
  const since = typeof ns === "bigint"
    ? Number(ns - BigInt(anchor.now))
    : Math.floor(ns) - anchor.now;
  return mark(addNs(anchor.wall, since));
}

function mark(time: HrTime): HrTime {
  given.add(time);
  return time;
}
