/**
 * Measures what functions cost and how their latencies are distributed, with this project's clock.
 *
 * ```ts
 * import { bench, run } from "@x/vdso/bench";
 *
 * const text = '{"answer":42}';
 * bench("parse", () => JSON.parse(text), { time: 50 });
 * bench("parse, each call", () => JSON.parse(text), { time: 50, mode: "latency" });
 * const { results } = await run();
 * for (const { name, ns, warnings } of results) console.log(name, ns.p50, ns.p99, warnings);
 * ```
 *
 * - Two modes, never mixed: throughput in batches, and latency call by call.
 * - Warms up until the samples are steady; each benchmark has a loop of its own.
 * - Each result says how good its clock was, what disturbed it, what could not be read, and what is
 *   wrong with it.
 * - {@link compare} claims a difference only where there is one.
 * - Prints nothing, and returns plain data.
 *
 * Deno needs `--allow-ffi`, and nothing else.
 *
 * @module
 */
export type { Interval } from "./bootstrap.ts";
export { clockQuality } from "./clock.ts";
export { compare, type Comparison } from "./compare.ts";
export { bench, group } from "./declare.ts";
export type { Bucket, Distribution } from "./distribution.ts";
export type { Disturbance } from "./disturbance.ts";
export { measure } from "./measure.ts";
export { run } from "./run.ts";
export type {
  Baseline,
  BenchIdentity,
  BenchOptions,
  BenchResult,
  ClockReport,
  CompareOptions,
  MeasureOptions,
  Mode,
  Params,
  RunOptions,
  RunResult,
  SetupIfNeeded,
  SkippedBenchmark,
  Warmup,
  Warning,
} from "./types.ts";
