/** Results that are made up, and reports of them. */
import type { BenchResult } from "../../../bench/mod.ts";
import { type BenchReport, sideBySide } from "../../../cli/bench/report.ts";
import type { FileResult } from "../../../cli/bench/rows.ts";

/** A result whose slices all took so many nanoseconds. */
export function result(name: string, ns: number, more: Partial<BenchResult> = {}): BenchResult {
  const slices = Array.from({ length: 20 }, (_, i) => ns * (1 + i / 1e5));
  return {
    name,
    group: [],
    params: {},
    mode: "throughput",
    async: false,
    ns: {
      min: ns,
      p50: ns,
      p75: ns,
      p90: ns,
      p99: 2 * ns,
      p999: 3 * ns,
      p9999: 4 * ns,
      max: 5 * ns,
      mean: ns,
      deviation: 0,
    },
    histogram: [[ns, 95], [2 * ns, 5]],
    median: { low: ns, high: ns, level: 0.95 },
    slices,
    samples: 100,
    calls: 100,
    batch: 1,
    clock: { name: "ticks", source: "rdtsc", costNs: 10, resolutionNs: 0.5 },
    baseline: { ns: 0.3, p99: 0.4 },
    warmup: { ns: 1e6, calls: 10, settled: true, restarts: 0 },
    disturbance: {
      disturbed: false,
      reasons: [],
      migrations: 0,
      counterJumps: 0,
      offCpuNs: 0,
      voluntarySwitches: 0,
      involuntarySwitches: 0,
      minorFaults: 0,
      majorFaults: 0,
      collections: null,
      collectionNs: null,
      stealNs: 0,
      governor: "performance",
      unreadable: { collections: "why", collectionNs: "why" },
    },
    warnings: [],
    ...more,
  };
}

/** So many runs, each a thousandth slower than the one before. */
export function runs(
  runtime: string,
  count: number,
  name: string,
  ns: number,
  more: Partial<BenchResult> = {},
): FileResult[] {
  return Array.from({ length: count }, (_, i) => ({
    file: "a.ts",
    runtime,
    run: i + 1,
    result: result(name, ns * (1 + i / 1000), more),
    occurrence: 0,
  }));
}

/** So many runs in which it was skipped. */
export function skips(runtime: string, count: number, name: string, reason: string): FileResult[] {
  const benchmark = { name, group: [], params: {}, mode: "throughput" as const, reason };
  return Array.from({ length: count }, (_, i) => ({
    file: "a.ts",
    runtime,
    run: i + 1,
    result: benchmark,
    occurrence: 0,
  }));
}

/** So many runs in which it threw. */
export function throwing(
  runtime: string,
  count: number,
  name: string,
  group: readonly string[] = [],
): FileResult[] {
  const result = { name, group, params: {}, mode: "throughput" as const };
  return Array.from({ length: count }, (_, i) => ({
    file: "a.ts",
    runtime,
    run: i + 1,
    result,
    occurrence: 0,
  }));
}

/** A report of these, of two runtimes. */
export function report(
  results: readonly FileResult[],
  more: Partial<BenchReport> = {},
): BenchReport {
  return {
    version: 1,
    platform: { os: "linux", arch: "x64", kernel: "6.18", cpu: "Sundial", clocksource: "tsc" },
    settings: { processes: 5, time: null, filter: null, cpu: null, relativeTo: "deno" },
    runtimes: [
      { name: "deno", kind: "deno", version: "2.9.5", flags: ["--allow-ffi"] },
      { name: "node24", kind: "node", version: "24.21.0", flags: [] },
    ],
    missing: [],
    benchmarks: sideBySide(results, ["deno", "node24"], "deno"),
    failures: [],
    base: null,
    ok: true,
    ...more,
  };
}

/** In one of which it is slower. */
export const TWO = [...runs("deno", 5, "parse", 100), ...runs("node24", 5, "parse", 250)];
