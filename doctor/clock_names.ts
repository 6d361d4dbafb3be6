/**
 * The clocks by the names that people type.
 *
 * @module
 */
import {
  CLOCK_BOOTTIME,
  CLOCK_MONOTONIC,
  CLOCK_MONOTONIC_COARSE,
  CLOCK_MONOTONIC_RAW,
  CLOCK_PROCESS_CPUTIME_ID,
  CLOCK_REALTIME,
  CLOCK_REALTIME_COARSE,
  CLOCK_TAI,
  CLOCK_THREAD_CPUTIME_ID,
  type ClockId,
} from "../mod.ts";

/** As in clock_gettime(2), without CLOCK_ and in lower case. */
export const CLOCK_NAMES: Readonly<Record<string, ClockId>> = {
  "monotonic": CLOCK_MONOTONIC,
  "monotonic-raw": CLOCK_MONOTONIC_RAW,
  "monotonic-coarse": CLOCK_MONOTONIC_COARSE,
  "boottime": CLOCK_BOOTTIME,
  "realtime": CLOCK_REALTIME,
  "realtime-coarse": CLOCK_REALTIME_COARSE,
  "tai": CLOCK_TAI,
  "process-cputime": CLOCK_PROCESS_CPUTIME_ID,
  "thread-cputime": CLOCK_THREAD_CPUTIME_ID,
};
