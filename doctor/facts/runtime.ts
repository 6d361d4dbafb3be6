/**
 * What this JavaScript runtime makes of clocks.
 *
 * @module
 */
import { builtin, detectRuntime, globals } from "../../core/internals.ts";
import { now, sources } from "../../mod.ts";
import { clockLoops } from "../cost.ts";
import type { MeasuredFacts, RuntimeFacts } from "./types.ts";

interface Utilization {
  readonly idle: number;
  readonly active: number;
}

interface Hooks {
  readonly performance: { eventLoopUtilization?(): Utilization };
}

/** As it was when this was loaded: fake timers never come. */
const { setTimeout } = globalThis;

/** Long enough that a loop that waits is idle. */
const IDLE_MS = 5;

/** Takes a turn of the event loop: before, Node has nothing to tell either. */
export async function askRuntime(): Promise<RuntimeFacts> {
  const name = detectRuntime();
  const { Deno, process } = globals;
  const versions = process?.versions as Readonly<Record<string, string | undefined>> | undefined;
  const version = name === "deno"
    ? (Deno?.version as { deno?: string } | undefined)?.deno
    : versions?.[name];
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const { performance } = (builtin("node:perf_hooks") ?? {}) as Partial<Hooks>;
  const used = performance?.eventLoopUtilization?.();
  return {
    name,
    version: version ?? null,
    eluIsStub: used === undefined ? null : used.idle === 0 && used.active === 0,
  };
}

/** For the clocks of the runtime. */
const TIMES = { least: 1.5e8, most: 3.5e8 };

/**
 * What JavaScript pays for clocks, and in what steps CLOCK_MONOTONIC moves. The loops are those that
 * benchmarks are measured with, which nothing else here needs.
 */
export async function measureRuntime(): Promise<Pick<MeasuredFacts, "runtimeNs" | "stepNs">> {
  const { contender, takeTurns } = await import("../../bench/turns.ts");
  const { measureClock } = await import("../../bench/clock.ts");
  const { Bun, process } = globals;
  const contenders = [
    contender("now()", () => now()),
    contender("performance.now()", () => performance.now()),
    contender("Date.now()", () => Date.now()),
  ];
  if (process) {
    const { hrtime } = process;
    contenders.push(contender("process.hrtime.bigint()", () => hrtime.bigint()));
  }
  if (Bun) contenders.push(contender("Bun.nanoseconds()", () => Bun.nanoseconds()));
  const native = "native C";
  const isNative = sources().ffi !== "none";
  if (isNative) contenders.push({ name: native, take: clockLoops().entry });
  const { figures } = takeTurns(contenders, isNative ? native : undefined, TIMES);

  const clock = { name: "now", source: "", read: now, toNs: (ns: number) => ns } as const;
  return {
    runtimeNs: Object.fromEntries(
      Array.from(figures).filter(([name]) => name !== native).map(([name, { ns }]) => [name, ns]),
    ),
    stepNs: isNative ? measureClock(clock).resolution : null,
  };
}
