/**
 * The clocks that a runtime has without any FFI: the best it has for each of the kernel's.
 *
 * @module
 */
import { builtin, detectRuntime, type Globals, globals } from "./runtime.ts";

/** The clocks of clock_gettime(2) that a runtime may have something for. */
export type RuntimeClockName =
  | "CLOCK_REALTIME"
  | "CLOCK_REALTIME_COARSE"
  | "CLOCK_MONOTONIC"
  | "CLOCK_MONOTONIC_COARSE"
  | "CLOCK_MONOTONIC_RAW"
  | "CLOCK_BOOTTIME"
  | "CLOCK_PROCESS_CPUTIME_ID"
  | "CLOCK_THREAD_CPUTIME_ID";

/** One of them. Both functions are in nanoseconds. */
export interface RuntimeClock {
  /** What is called: `"process.hrtime.bigint"`. */
  readonly name: string;
  now(): number;
  nowBigInt(): bigint;
}

/** All of them. */
export interface RuntimeClocks {
  /** `machine` where CLOCK_MONOTONIC is the kernel's, `context` where its origin is private. */
  readonly timeline: "machine" | "context";
  readonly clocks: Readonly<
    & { CLOCK_MONOTONIC: RuntimeClock }
    & Partial<Record<RuntimeClockName, RuntimeClock | undefined>>
  >;
}

/**
 * This runtime's own clocks.
 *
 * Each call asks the global object anew: test frameworks replace clocks for a while, and one that was
 * kept from then would stand still for good.
 */
export function runtimeClocks(g: Globals = globals): RuntimeClocks {
  const runtime = detectRuntime(g);
  const [timeline, monotonic] = monotonicClock(runtime, g);
  const date = clock("Date.now", () => Date.now(), 1e6);
  return {
    timeline,
    clocks: {
      CLOCK_REALTIME: date,
      CLOCK_REALTIME_COARSE: date,
      CLOCK_MONOTONIC: monotonic,
      CLOCK_MONOTONIC_COARSE: monotonic,
      CLOCK_MONOTONIC_RAW: monotonic,
      ...cpuClocks(runtime, g),
      // Asked anew each time: a program may have dropped the permission since.
      get CLOCK_BOOTTIME() {
        return bootClock(runtime, g);
      },
    },
  };
}

function monotonicClock(
  runtime: string,
  g: Globals,
): [timeline: RuntimeClocks["timeline"], RuntimeClock] {
  const { process, Bun } = g;
  if (runtime === "node" && process) {
    return ["machine", {
      name: "process.hrtime.bigint",
      now: () => Number(process.hrtime.bigint()),
      nowBigInt: () => process.hrtime.bigint(),
    }];
  }
  if (runtime === "bun" && Bun) {
    return [
      "context",
      clock("Bun.nanoseconds", () => Bun.nanoseconds()),
    ];
  }
  return ["context", clock("performance.now", () => g.performance.now(), 1e6)];
}

/** Whole or hundredths of seconds, but with the time in suspend, which no other clock of theirs has. */
function bootClock(runtime: string, { Deno }: Globals): RuntimeClock | undefined {
  if (runtime === "deno" && Deno) {
    // Elsewhere Deno would prompt.
    const { state } = Deno.permissions.querySync({ name: "sys", kind: "osUptime" });
    return state === "granted" ? clock("Deno.osUptime", () => Deno.osUptime(), 1e9) : undefined;
  }
  const os = builtin("node:os") as { uptime(): number } | undefined;
  return os && clock("os.uptime", () => os.uptime(), 1e9);
}

/** In steps of a microsecond to ten milliseconds. */
function cpuClocks(runtime: string, g: Globals) {
  if (runtime === "other") return {};
  // Not touched before somebody asks: Deno loads Node's API then.
  const total = ({ user, system }: { user: number; system: number }) => user + system;
  const threads = runtime === "deno" || g.process?.threadCpuUsage !== undefined;
  return {
    CLOCK_PROCESS_CPUTIME_ID: clock(
      "process.cpuUsage",
      () => g.process ? total(g.process.cpuUsage()) : NaN,
      1000,
    ),
    ...(threads && {
      CLOCK_THREAD_CPUTIME_ID: clock(
        "process.threadCpuUsage",
        () => g.process?.threadCpuUsage ? total(g.process.threadCpuUsage()) : NaN,
        1000,
      ),
    }),
  };
}

/** From a function that returns a number of units of so many nanoseconds. */
function clock(name: string, read: () => number, unitNs = 1): RuntimeClock {
  return {
    name,
    now: () => read() * unitNs,
    nowBigInt: () => BigInt(Math.round(read() * unitNs)),
  };
}
