/**
 * What this machine takes from programs: a native loop that reads the CPU's counter finds every gap in
 * which its thread did not run, and says who took the time.
 *
 * ```ts
 * import { jitter } from "@x/vdso/jitter";
 *
 * const { gaps, lostNs, watchedNs, quantiles } = jitter({ time: 200 });
 * console.log(`${gaps} gaps, ${(lostNs / watchedNs * 100).toFixed(2)} % lost`, quantiles);
 * ```
 *
 * {@link jitter} watches the CPU of the thread that calls, {@link jitterPerCpu} several at once;
 * {@link loopDelay} watches an event loop.
 *
 * @module
 */
export type { Source } from "./loop.ts";
export {
  type LoopDelay,
  loopDelay,
  type LoopDelayOptions,
  type LoopDelaySnapshot,
} from "./loop_delay.ts";
export { jitter } from "./measure.ts";
export type { JitterOptions, JitterPerCpuOptions } from "./options.ts";
export { jitterPerCpu } from "./per_cpu.ts";
export type { Cause, Gap, HistogramRow, Jitter, JitterProgress, Sum } from "./types.ts";
export type { Waits } from "./waits.ts";
