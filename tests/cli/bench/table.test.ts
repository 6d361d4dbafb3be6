// npm test: node26 (pure computation)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import type { BenchReport } from "../../../cli/bench/report.ts";
import { printText } from "../../../cli/bench/table.ts";

/** Of benchmarks that all took as long: so far as a table wants to know. */
function report(runtimes: readonly string[], names: readonly string[]): BenchReport {
  const run = {
    clock: { name: "ticks", source: "rdtsc", costNs: 10, resolutionNs: 1 },
    disturbance: { unreadable: {} },
    ns: { p50: 10 },
    slices: [10],
    warnings: [],
  };
  const settings = { processes: 1, relativeTo: null };
  const results = runtimes.map((runtime) => ({ runtime, ns: 10, relative: null, runs: [run] }));
  const benchmarks = names.map((name) => ({
    ...{ file: "a.ts", group: [], name, params: {}, mode: "throughput", occurrence: 0 },
    ...{ results, skipped: [] },
  }));
  const columns = runtimes.map((name) => ({ name, kind: "node", version: "26.1.0", flags: [] }));
  const platform = { cpu: "Sundial", arch: "x64", os: "linux", kernel: "6.18", clocksource: "tsc" };
  const found = { platform, settings, runtimes: columns, benchmarks, failures: [], base: null };
  return found as unknown as BenchReport;
}

test("printText() keeps what is wide in line: benchmarks, and runtimes by their paths", () => {
  const text = printText(report(["node", "日本語のノード"], ["ソート", "x", "🚀 go"]));
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith("benchmark"));
  assertEquals(lines.slice(start, start + 4), [
    "benchmark      node  日本語のノード",
    "ソート     ns  10.0            10.0",
    "x          ns  10.0            10.0",
    "🚀 go      ns  10.0            10.0",
  ]);
});
