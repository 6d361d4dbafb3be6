/** `vdso bench`, run in this runtime, with benchmarks in all of them. */
// both tiers: node26 (what differs by the runtime of the command is in whole/bench_processes.test.ts)
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { test } from "node:test";
import { fixture, output, report, TIMEOUT } from "../../bench_command.ts";
import { full, ROOT } from "../../support.ts";

/** In the order in which all of them are found. */
const EVERY = ["deno", "bun", ...(full ? ["node22", "node24"] : []), "node26"];

test("vdso bench --json has every benchmark in every runtime", TIMEOUT, async () => {
  const text = await output([fixture("sides"), "--runtimes", EVERY.join(","), "--json"]);
  const { version, runtimes, missing, benchmarks, failures, base, ok } = report(text);
  assertEquals({ version, missing, failures, base, ok }, {
    version: 1,
    missing: [],
    failures: [],
    base: null,
    ok: true,
  });
  assertEquals(runtimes.map(({ name }) => name), EVERY);
  assertEquals(runtimes.map(({ kind }) => kind), EVERY.map((name) => name.replace(/\d+/, "")));
  assertEquals(runtimes[0]?.flags, ["--no-prompt", "--allow-ffi"]);
  assertEquals(runtimes.map(({ version }) => Number.parseInt(version)).at(-1), 26);
  assertEquals(
    benchmarks.map(({ file, group, name, params, mode }) => [file, group, name, params, mode]),
    [
      [fixture("sides"), [], "plain", {}, "throughput"],
      [fixture("sides"), ["outer", "inner"], "a | b: µ", {}, "latency"],
      [fixture("sides"), ["outer"], "awaited", {}, "throughput"],
      [fixture("sides"), ["outer"], "sort", { length: 10 }, "throughput"],
      [fixture("sides"), ["outer"], "sort", { length: 100 }, "throughput"],
      [fixture("sides"), [], "plain", {}, "throughput"],
    ],
  );
  for (const { name, results } of benchmarks) {
    assertEquals(results.map(({ runtime }) => runtime), EVERY);
    for (const { runtime, ns, relative, change, runs } of results) {
      assertEquals([runs.length, change], [1, null]);
      assertEquals(relative === null, runtime === "deno");
      const [only] = runs;
      assertEquals(only?.async, name === "awaited");
      assert(ns > 0 && (only?.slices.length ?? 0) > 0 && (only?.histogram.length ?? 0) > 0);
    }
  }
  // Of a base's file and of a report alike: nothing of this machine's paths.
  assert(!text.includes(ROOT), "no path of this machine");
});

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

test(
  "vdso bench has a cell for what cannot be measured, which is no failure",
  TIMEOUT,
  async () => {
    const words = [fixture("skips"), "--runtimes", "bun,deno,node26"];
    const { benchmarks, failures, ok } = report(await output([...words, "--json"]));
    assertEquals([failures, ok], [[], true]);
    const all = (reason: string, ...runtimes: string[]) =>
      runtimes.map((runtime) => ({ runtime, reason, runs: 1 }));
    assertEquals(
      benchmarks.map(({ group, name, params, results, skipped }) => [
        [...group, name].join(" "),
        params,
        results.map(({ runtime }) => runtime),
        skipped,
      ]),
      [
        ["odd nowhere", {}, [], all("It is nowhere: µ | x", "bun", "deno", "node26")],
        ["somewhere", { n: 1 }, ["deno", "node26"], all("Bun has none", "bun")],
        ["somewhere", { n: "10n" }, ["deno", "node26"], all("Bun has none", "bun")],
      ],
    );
  },
);
