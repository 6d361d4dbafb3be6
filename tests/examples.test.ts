/** The programs of examples/: each in the runtimes that it is for, and what it prints. */
import { assert, assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { RunResult } from "../bench/mod.ts";
import { command, ROOT, run, type RunOptions, runtime } from "./support.ts";

const timeout = 60_000;

/** Runs it, and wants success in silence. */
function example(file: string, args: readonly string[] = [], options: RunOptions = {}): string {
  const { code, stdout, stderr } = run(`examples/${file}`, args, options);
  assertEquals([code, stderr], [0, ""]);
  return stdout;
}

/** Deno's flags that the file's first comment names: they must be enough. */
function denoFlags(file: string): string[] {
  const source = readFileSync(join(ROOT, "examples", file), "utf8");
  const [, flags] = /^ \* +deno run (.*) examples\//m.exec(source) ?? [];
  assert(flags !== undefined, `${file} says how Deno runs it`);
  return flags.split(" ");
}

test("each example is in the list, and says how to run it", () => {
  const list = readFileSync(join(ROOT, "examples/README.md"), "utf8");
  const files = readdirSync(join(ROOT, "examples")).filter((file) => file !== "README.md");
  assertGreater(files.length, 0);
  for (const file of files) {
    const source = readFileSync(join(ROOT, "examples", file), "utf8");
    const [comment] = /^\/\*\*\n( \*.*\n)+/.exec(source) ?? [];
    const [, row] = new RegExp(`^\\| \\[${file}\\]\\(${file}\\) +\\| ([^|]+?) +\\|`, "m")
      .exec(list) ?? [];
    for (const name of row?.split(", ") ?? []) {
      assertMatch(
        comment ?? "",
        new RegExp(`^ \\* +${name.toLowerCase()} .*examples/${file}`, "m"),
      );
    }
    assert(row !== undefined, `examples/README.md lists ${file}`);
  }
});

const onlyBun = runtime === "bun" ? false : "the example is for Bun";

test("bun_server.ts times its handler", { skip: onlyBun, timeout }, async () => {
  const [program = "", ...args] = command(join(ROOT, "examples/bun_server.ts"), ["0"]);
  const server = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
    const line = (await lines.next()).value ?? "";
    const [, url] = /^Listening on (http:\/\/localhost:\d+\/)$/.exec(line) ?? [];
    assert(url !== undefined, line);
    for (let i = 1; i <= 3; i++) {
      const response = await fetch(`${url}some/path`);
      assertEquals(await response.text(), "Hello from /some/path\n");
      const [, ms] = /^handler;dur=([\d.]+)$/.exec(response.headers.get("server-timing") ?? "") ??
        [];
      // The handler sleeps for 2 ms, which some clocks round down to 1.
      assert(Number(ms) >= 1 && Number(ms) < 10_000, ms);
      const stats = await (await fetch(`${url}stats`)).json() as Record<string, number>;
      assertEquals(Object.keys(stats), ["count", "p50", "p99", "unit"]);
      assertEquals(stats["count"], i);
      assert(Number(stats["p50"]) >= 1000 && Number(stats["p50"]) <= Number(stats["p99"]));
    }
  } finally {
    const ended = server.exitCode !== null || once(server, "exit");
    server.kill();
    await ended;
  }
});

const onlyDeno = runtime === "deno" ? false : "the example is for Deno";
const LATE = /^late by, in µs: median (-?[\d.]+), p99 (-?[\d.]+), most (-?[\d.]+)$/m;

test("deno_script.ts says what answers, and how late timers are", {
  skip: onlyDeno,
  timeout,
}, () => {
  const file = "deno_script.ts";
  assertEquals(denoFlags(file), ["--allow-ffi"]);
  const ways: [string[], RegExp][] = [
    [denoFlags(file), /^clock: vdso$/m],
    [["--no-prompt"], /^clock: runtime \(Deno grants no FFI .*--allow-ffi/m],
  ];
  for (const [deno, clock] of ways) {
    const start = Date.now();
    const text = example(file, ["50"], { deno });
    const elapsed = Date.now() - start;
    assertMatch(text, clock);
    const [median, p99, most] = LATE.exec(text)?.slice(1).map(Number) ?? [];
    // setTimeout(1) fires a millisecond early at most, however its runtime rounds.
    assert(Number(median) > -1000 && Number(median) <= Number(p99) && Number(p99) <= Number(most));
    // Half of the rounds took the median or more, all of them within the run.
    assertLess(25 * (1 + Number(median) / 1000), elapsed);
  }
});

const notDeno = runtime === "deno" ? "the example is for Node and Bun" : false;
const TIMES = /^least ([\d.]+) ms, median ([\d.]+) ms\n$/;

test("node_tool.cjs times a command", { skip: notDeno, timeout }, () => {
  const start = Date.now();
  const text = example("node_tool.cjs", ["3", "sleep", "0.05"]);
  const elapsed = Date.now() - start;
  const [least, median] = TIMES.exec(text)?.slice(1).map(Number) ?? [];
  assert(Number(least) >= 50 && Number(least) <= Number(median), text);
  assertLess(3 * Number(least), elapsed);
});

test("node_tool.cjs reports a command that fails, and wrong usage", {
  skip: notDeno,
  timeout,
}, () => {
  for (
    const [args, code, message] of [
      [["1", "sh", "-c", "exit 3"], 1, "sh: exit status 3\n"],
      [["1", "/no/such/program"], 1, /^\/no\/such\/program: .*ENOENT/],
      [["1"], 2, "usage: node_tool.cjs ROUNDS COMMAND [ARGS...]\n"],
      [["some", "true"], 2, "usage: node_tool.cjs ROUNDS COMMAND [ARGS...]\n"],
    ] as const
  ) {
    const result = run("examples/node_tool.cjs", args);
    assertEquals([result.code, result.stdout], [code, ""]);
    if (typeof message === "string") assertEquals(result.stderr, message);
    else assertMatch(result.stderr, message);
  }
});

test("workers.ts has stamps of two threads in order", { timeout }, () => {
  const text = example("workers.ts", ["50"], { deno: denoFlags("workers.ts") });
  const lines = text.trimEnd().split("\n");
  assertEquals(lines.length, 2);
  const line = /^(?:there:|back: ) least ([\d.]+) µs, median ([\d.]+) µs$/;
  for (const [, ...micros] of lines.map((text) => line.exec(text) ?? [])) {
    const [least, median] = micros.map(Number);
    // Were the timelines apart by more than a message takes, one direction would be negative.
    assert(Number(least) > 0 && Number(least) <= Number(median), text);
  }
});

test("workers.ts says so where stamps do not compare", { skip: onlyDeno, timeout }, () => {
  const text = example("workers.ts", [], { deno: ["--no-prompt"] });
  assertMatch(text, /^Stamps of Workers do not compare here: Deno grants no FFI/);
});

test("log_line.ts writes lines whose times are all different and sorted", { timeout }, () => {
  const before = Date.now();
  const text = example("log_line.ts", ["5000"], { deno: denoFlags("log_line.ts") });
  const after = Date.now();
  const lines = text.trimEnd().split("\n").map((line) =>
    JSON.parse(line) as { time: string; message: string; line: number }
  );
  assertEquals(lines.map(({ line }) => line), Array.from({ length: 5000 }, (_, i) => i + 1));
  const times = lines.map(({ time }) => time);
  assertEquals(times, [...new Set(times)].sort());
  for (const time of times) {
    assertMatch(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    const ms = Date.parse(time.slice(0, 23) + "Z");
    assert(before <= ms && ms <= after, time);
  }
  // Nanoseconds, not milliseconds with noughts behind.
  assert(times.some((time) => !time.endsWith("000Z")));
});

test("bench_copy.ts prints a line for each benchmark", { timeout }, () => {
  const text = example("bench_copy.ts", ["20"], { deno: denoFlags("bench_copy.ts") });
  const lines = text.trimEnd().split("\n").filter((line) => !line.startsWith("  "));
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

/** Group and name, parameters, mode, and whether it is awaited. */
const BENCHMARKS: Readonly<Record<string, readonly string[]>> = {
  "bench_clocks.ts": [
    "@x/vdso ticks() {} throughput sync",
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

for (const [file, expected] of Object.entries(BENCHMARKS)) {
  test(`${file} declares benchmarks, and they run`, { timeout }, () => {
    const { code, stdout, stderr } = run("tests/fixtures/declared_benchmarks.ts", [
      join(ROOT, "examples", file),
    ]);
    assertEquals([code, stderr], [0, ""]);
    const { results } = JSON.parse(stdout) as RunResult;
    assertEquals(
      results.map(({ group, name, params, mode, async }) =>
        [...group, name, JSON.stringify(params), mode, async ? "async" : "sync"].join(" ")
      ),
      [...expected],
    );
    for (const { name, ns } of results) assertGreater(ns.p50, 0, name);
    // What has more to do takes longer, by ten times and more.
    const [small, large] = results;
    if (Object.keys(small?.params ?? {}).length > 0) {
      assertGreater(large?.ns.min ?? 0, 10 * (small?.ns.min ?? Infinity));
    }
  });
}
