/**
 * What a call costs in this runtime.
 *
 * @module
 */
import process from "node:process";
import { clockCost, now, type Sources } from "../mod.ts";

/** Nanoseconds per call; undefined where there is no such thing. */
export interface Costs {
  /** `now()` from JavaScript. */
  readonly now: number;
  /** The same clock from a loop in C, by the same path. */
  readonly native?: number;
  /** The system call, from a loop in C. */
  readonly syscall?: number;
  /** The runtime's own clocks, by name. */
  readonly builtin: Readonly<Record<string, number>>;
}

const ROUNDS = 15;
const CALLS = 20_000;

// Each contender has a loop of its own, written out: a loop that they shared would see several
// functions, and V8 would no longer inline any of them.

function loopNow(): number {
  const start = now();
  let sum = 0;
  for (let i = 0; i < CALLS; i++) sum += now();
  return sum > 0 ? now() - start : NaN;
}

function loopPerformance(): number {
  const start = now();
  let sum = 0;
  for (let i = 0; i < CALLS; i++) sum += performance.now();
  return sum > 0 ? now() - start : NaN;
}

function loopHrtime(): number {
  const { hrtime } = process;
  const start = now();
  let last = 0n;
  for (let i = 0; i < CALLS; i++) last = hrtime.bigint();
  return last > 0n ? now() - start : NaN;
}

interface BunNamespace {
  nanoseconds(): number;
}
const { Bun } = globalThis as unknown as { Bun?: BunNamespace };

function loopBun(): number {
  const start = now();
  let sum = 0;
  for (let i = 0; i < CALLS; i++) sum += Bun?.nanoseconds() ?? 0;
  return sum > 0 ? now() - start : NaN;
}

/** Measures for some 0.2 s: medians of rounds that alternate. */
export function measureCosts(sources: Sources): Costs {
  const loops: Record<string, () => number> = {
    "now": loopNow,
    "performance.now": loopPerformance,
    "process.hrtime.bigint": loopHrtime,
    ...(Bun && { "Bun.nanoseconds": loopBun }),
  };
  const samples = new Map(Object.keys(loops).map((name) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, loop] of Object.entries(loops)) samples.get(name)?.push(loop() / CALLS);
  }
  const { now = NaN, ...builtin } = Object.fromEntries(
    Array.from(samples, ([name, values]) => [name, median(values)]),
  );
  if (sources.ffi === "none") return { now, builtin };
  const { nativeNs, syscallNs } = clockCost();
  return { now, native: nativeNs, syscall: syscallNs, builtin };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}
