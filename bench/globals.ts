/**
 * JavaScript's globals as they were when this module was loaded. Fake timers, and whatever else
 * replaces globals later, change nothing about a measurement.
 *
 * @module
 */
import { PerformanceObserver as Observer } from "node:perf_hooks";
import process from "node:process";
import timers from "node:timers"; // the object: names that are imported one by one may change later
import { type Globals, globals, runtimeClocks } from "../core/internals.ts";

const { setTimeout, setImmediate } = timers;

/** The real one, though a copy in `globalThis` may be another by now. */
export const { Function: NewFunction, Promise: NewPromise } = globalThis;

/** Tells of garbage collections. */
export const PerformanceObserver: typeof Observer = Observer;

/** Milliseconds, on the timeline of {@link PerformanceObserver}. */
export const performanceNow: () => number = performance.now.bind(performance);

const { Deno, Bun, process: nodeProcess } = globals;
const own: Globals = {
  performance: { now: performanceNow },
  ...(Deno && { Deno }),
  ...(Bun && { Bun: { nanoseconds: Bun.nanoseconds.bind(Bun) } }),
  ...(nodeProcess && {
    process: Object.create(nodeProcess, {
      hrtime: { value: { bigint: nodeProcess.hrtime.bigint.bind(nodeProcess.hrtime) } },
    }) as typeof nodeProcess,
  }),
};

/** The monotonic clock that the runtime has without an FFI: nanoseconds. */
export function runtimeNow(): () => number {
  return runtimeClocks(own).clocks.CLOCK_MONOTONIC.now;
}

/** Of the process; throws where it cannot be read. */
export const resourceUsage: () => ReturnType<typeof process.resourceUsage> = process.resourceUsage
  .bind(process);

/**
 * A turn of the event loop, in which engines finish what they do in the background: V8 marks the heap
 * until then, and allocating is ten times as slow meanwhile.
 */
export function turn(): Promise<void> {
  return new NewPromise((resolve) => setImmediate(resolve));
}

/** The same through the timers, which come later. */
export function timerTurn(): Promise<void> {
  return new NewPromise((resolve) => setTimeout(resolve, 0));
}
