/**
 * Measures on the thread that calls.
 *
 * @module
 */
import { now } from "../mod.ts";
import { pin } from "./affinity.ts";
import { Collector } from "./collector.ts";
import { GapLoop } from "./loop.ts";
import { checkCpus, checkSettings, type JitterOptions, type Settings } from "./options.ts";
import { SignReader } from "./signs.ts";
import type { Jitter, JitterProgress } from "./types.ts";

/** One run of the loop: the shorter, the surer are causes, and the less of the time is watched. */
const RUN_NS = 100e6;

/**
 * Watches one CPU by doing nothing but read its counter, for a given time: whatever lies between two
 * readings and is longer than a threshold was taken from this thread. Says how much that is, how it
 * is distributed, which gaps were the longest, and who took the time: an estimate, made of what the
 * kernel counts for every thread, without root.
 *
 * Blocks its thread, and uses one CPU entirely, for `time` and 5 ms more. The loop is native and
 * reads the counter every 10 ns or so (`rdtsc`, `cntvct_el0`, `rdtime`, `mftb`), whatever clocksource
 * the kernel has; where the counter is no clock, or trapped, it reads CLOCK_MONOTONIC, and `source`
 * says why. In Deno causes take `--allow-all`, since it gives /proc to nothing less; without, `signs`
 * and `unreadable` say so.
 *
 * @param options how long, and what is a gap
 * @throws {UnsupportedError} without an FFI
 * @throws {VdsoError} where the process may not choose its CPU
 * @throws {TypeError | RangeError} for options that cannot be
 *
 * @example
 * ```ts
 * import { jitter } from "@x/vdso/jitter";
 *
 * const { lostNs, watchedNs, worst, causes } = jitter({ time: 200 });
 * console.log(`${(lostNs / watchedNs * 100).toFixed(2)} % lost`);
 * for (const { ns, cause } of worst.slice(0, 3)) console.log(`${ns / 1e3} µs: ${cause}`);
 * console.log(causes.preempted); // { gaps: 3, ns: 128000 }
 * ```
 */
export function jitter(options: JitterOptions = {}): Jitter {
  const settings = checkSettings(options, ["time", "threshold", "top", "cpu", "onProgress"]);
  const { cpu, onProgress } = options;
  if (cpu === undefined) return measure(settings, null, onProgress);
  checkCpus("cpu", [cpu]);
  const release = pin(cpu);
  try {
    return measure(settings, cpu, onProgress);
  } finally {
    release();
  }
}

/** The same on a thread that has been pinned, if it is to be. */
export function measure(
  { timeNs, thresholdNs, top }: Settings,
  cpu: number | null,
  onProgress?: (progress: JitterProgress) => void,
): Jitter {
  const loop = new GapLoop(thresholdNs);
  const reader = new SignReader();
  const collector = new Collector(loop, thresholdNs, top);
  const at = now();
  for (let left = timeNs; left > 0; left = at + timeNs - now()) {
    const ns = Math.min(RUN_NS, left);
    const signs = reader.around(() => loop.run(ns));
    collector.add(loop.found(), signs);
    onProgress?.({ part: Math.min(1, (now() - at) / timeNs), ...collector.summary() });
  }
  return {
    cpu,
    at,
    durationNs: now() - at,
    ...collector.result(),
    unreadable: reader.unreadable,
  };
}
