/** The benchmarks among the examples: what they declare, and that it can be measured. */
// npm test: bun, node26 (one of each engine; Deno in the full tier: it takes longest)
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { join } from "node:path";
import { test } from "node:test";
import type { RunResult } from "../../bench/mod.ts";
import { ticks, UnsupportedError } from "../../mod.ts";
import { denoFlags } from "../examples.ts";
import { full, ROOT, run, type RunOptions, runtime, statisticalTest } from "../support.ts";

const timeout = 60_000;

const elsewhere = !full && runtime !== "deno" &&
  "in the full tier: Deno, where its permissions must do, runs it in this one";

test("bench_copy.ts prints a line for each benchmark", { skip: elsewhere, timeout }, () => {
  const { code, stdout, stderr } = run("examples/bench_copy.ts", ["20"], {
    deno: denoFlags("bench_copy.ts"),
  });
  assertEquals([code, stderr], [0, ""]);
  const lines = stdout.trimEnd().split("\n").filter((line) => !line.startsWith("  "));
  const ns = String.raw`[\d.]+`;
  const shapes = [
    ...["spread", "structuredClone", "JSON"].map((name) =>
      new RegExp(`^throughput, ${name}: ${ns} ns a call \\(by (ticks|now)\\)$`)
    ),
    ...["spread", "structuredClone", "JSON"].map((name) =>
      new RegExp(
        `^latency, ${name}: median ${ns}, p99 ${ns}, p99.9 ${ns} ns \\(by (ticks|now)\\)$`,
      )
    ),
  ];
  assertEquals(lines.length, shapes.length);
  lines.forEach((line, i) => assertMatch(line, shapes[i] as RegExp));
});

/** Whether this machine has a counter that can be trusted. */
function hasCounter(): boolean {
  try {
    ticks();
    return true;
  } catch (error) {
    if (error instanceof UnsupportedError) return false;
    throw error;
  }
}

/** Group and name, parameters, mode, and whether it is awaited. */
const BENCHMARKS: Readonly<Record<string, readonly string[]>> = {
  "bench_clocks.ts": [
    ...(hasCounter() ? ["@x/vdso ticks() {} throughput sync"] : []),
    "@x/vdso nowCoarse() {} throughput sync",
    "@x/vdso now() {} throughput sync",
    "@x/vdso nowBigInt() {} throughput sync",
    "built in performance.now() {} throughput sync",
    "built in process.hrtime.bigint() {} throughput sync",
    ...(runtime === "bun" ? ["built in Bun.nanoseconds() {} throughput sync"] : []),
  ],
  "bench_json.ts": [
    'parse JSON.parse {"orders":1} throughput sync',
    'parse JSON.parse {"orders":100} throughput sync',
    'parse JSON.parse with a reviver {"orders":1} throughput sync',
    'parse JSON.parse with a reviver {"orders":100} throughput sync',
    'parse JSON.parse, each call {"orders":1} latency sync',
    'parse JSON.parse, each call {"orders":100} latency sync',
  ],
  "bench_hash.ts": [
    'hash FNV-1a in JavaScript {"bytes":16} throughput sync',
    'hash FNV-1a in JavaScript {"bytes":4096} throughput sync',
    'hash SHA-256, node:crypto {"bytes":16} throughput sync',
    'hash SHA-256, node:crypto {"bytes":4096} throughput sync',
    'hash SHA-256, WebCrypto {"bytes":16} throughput async',
    'hash SHA-256, WebCrypto {"bytes":4096} throughput async',
  ],
  "bench_http.ts": [
    "HTTP the handler {} throughput sync",
    "HTTP a request {} latency async",
  ],
};

/** Runs what files declare, one after the other in a process: the results of each. */
function measured(
  files: readonly string[],
  options: RunOptions & { filter?: string } = {},
): RunResult[] {
  const { code, stdout, stderr } = run("tests/fixtures/declared_benchmarks.ts", [
    options.filter ?? "",
    ...files.map((file) => join(ROOT, "examples", file)),
  ], options);
  assertEquals([code, stderr], [0, ""]);
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as RunResult);
}

const onlyPermissions = runtime === "deno" ? false : "the other runtimes take no FFI away";

test("bench_clocks.ts says why there is no counter", { skip: onlyPermissions, timeout }, () => {
  const deno = ["--no-prompt", "--allow-read"]; // and no --allow-ffi
  const filter = full ? "" : "ticks"; // the others take their time
  const [result] = measured(["bench_clocks.ts"], { deno, filter });
  const first = result?.skipped[0];
  assertEquals(first?.name, "ticks()");
  assertMatch(first?.reason ?? "", /--allow-ffi/);
});

/** Of the files that share a process, in the quick tier: a second try has one of its own. */
const shared = new Map<string, RunResult>();
let begun = full;

function resultOf(file: string): RunResult {
  if (!begun) {
    begun = true;
    const files = Object.keys(BENCHMARKS);
    measured(files).forEach((result, i) => shared.set(files[i] as string, result));
  }
  const result = shared.get(file) ?? measured([file])[0];
  shared.delete(file);
  assert(result !== undefined);
  return result;
}

for (const [file, expected] of Object.entries(BENCHMARKS)) {
  statisticalTest(`${file} declares benchmarks, and they run`, { timeout }, () => {
    const { results, skipped } = resultOf(file);
    assertEquals(
      results.map(({ group, name, params, mode, async }) =>
        [...group, name, JSON.stringify(params), mode, async ? "async" : "sync"].join(" ")
      ),
      [...expected],
    );
    for (const { name, ns } of results) assertGreater(ns.p50, 0, name);
    // What there is not in a runtime, or on a machine.
    assertEquals(
      skipped.filter(({ name }) => name !== "ticks()").map(({ name, reason }) => [name, reason]),
      file === "bench_clocks.ts" && runtime !== "bun"
        ? [["Bun.nanoseconds()", "It is there in Bun alone"]]
        : [],
    );
    // What has more to do takes longer, by ten times and more.
    const [small, large] = results;
    if (Object.keys(small?.params ?? {}).length > 0) {
      assertGreater(large?.ns.min ?? 0, 10 * (small?.ns.min ?? Infinity));
    }
  });
}
