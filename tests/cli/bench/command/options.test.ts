/** `vdso bench` with the options that change what it prints, and where its processes run. */
// both tiers: node26 (what differs by the runtime of the command is in whole/bench_processes.test.ts)
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { benchInProcess, fixture, output, report, TIMEOUT } from "../../../bench_command.ts";
import { skipUnless } from "../../../support.ts";

test("vdso bench prints one table, relative to a column", TIMEOUT, async () => {
  const words = [fixture("sides"), "--runtimes", "bun,node26", "--relative-to", "node26"];
  const text = await output([...words, "--filter", "plain|inner|sort"]);
  // Of several clocks, where a disturbed benchmark took another one.
  assertMatch(text, /^bun +bun \d+\.\d+\.\d+ +(ticks by \w+|now by vdso) .*[\d.]+ ns +[\d.]+ ns/m);
  assertMatch(text, /^benchmark +bun +node26$/m);
  assertMatch(text, /^plain +(ns|µs) +[\d.]+ +[\d.]+ +[\d.]+ +1\.00$/m);
  assertMatch(text, /^outer\n {2}inner\n {4}a \| b: µ +(ns|µs) .* +1\.00\n {6}p99 +(ns|µs|ms)/m);
  assertMatch(text, /^ {2}sort, length 10 +(ns|µs) .*\n {2}sort, length 100 +(ns|µs) /m);
  assertStringIncludes(text, "the ratio to node26, which may be chance");
});

test("vdso bench --markdown prints a table for Markdown", TIMEOUT, async () => {
  const words = [fixture("sides"), "--runtimes", "deno", "--filter", "inner"];
  const text = await output([...words, "--markdown"]);
  assertMatch(text, /^- deno: deno [\d.]+ with `--no-prompt` `--allow-ffi`; (ticks|now) by /m);
  assertMatch(text, /^\| benchmark \| deno \|\n\| --- \| ---: \|$/m);
  assertMatch(text, /^\| outer inner a \\\| b: µ \| .*\n\| p99 \| [\d.]+ \S+ \|$/m);
});

test("vdso bench --plot draws histograms and percentiles", TIMEOUT, async () => {
  const words = [fixture("sides"), "--runtimes", "node26", "--filter", "inner"];
  const text = await output([...words, "--plot"]);
  assertMatch(text, /^outer inner a \| b: µ\n\nnode26 {2} *[▁▂▃▄▅▆▇█ ]*█/m);
  assertMatch(text, /┤.*━[^]*└┬[^]*min +p50 +p75 +p90 +p99 +p99\.9 +p99\.99 +max/);
});

const taskset = skipUnless(
  spawnSync("taskset", ["--version"]).status === 0,
  "taskset(1) is not installed",
  "REQUIRE_TASKSET",
);

test("vdso bench --cpu keeps benchmarks on one CPU", { ...TIMEOUT, skip: taskset }, async () => {
  const words = [fixture("cpus"), "--runtimes", "bun,node26", "--cpu"];
  const { text, ok, said } = await benchInProcess([...words, "0", "--json"]);
  assertEquals([said, ok], ["bun | CPUs: 0\nnode26 | CPUs: 0\n", true]);
  assertEquals(report(text).settings.cpu, 0);
  const refused = await assertRejects(() => benchInProcess([...words, "60000"]), Error);
  assertMatch(refused.message, /^Cannot pin to CPU 60000: taskset: /);
});
