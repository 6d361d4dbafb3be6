/** `vdso bench`, run in this runtime, with benchmarks in all of them. */
// both tiers: node26 (what differs by the runtime of the command is in whole/bench_processes.test.ts)
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { printText } from "../../../cli/bench/table.ts";
import { benchInProcess, fixture, output, report, TIMEOUT } from "../../bench_command.ts";
import { inDirectory } from "../../cli/directory.ts";
import { full, ROOT, skipUnless, statisticalTest } from "../../support.ts";

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

test("vdso bench saves and compares where nothing can be measured", TIMEOUT, async () => {
  await inDirectory(async (directory) => {
    const words = [fixture("skips"), "--runtimes", "bun", "--processes", "5", "--plot"];
    const base = join(directory, "base.json");
    const text = await output([...words, "--save", base]);
    assertMatch(text, /^ {2}nowhere +n\/a\nsomewhere, n 1 +n\/a\nsomewhere, n 10n +n\/a\n/m);
    assert(text.endsWith("\nn/a: somewhere (bun): Bun has none"), text);
    const compared = await output([...words, "--compare", base]);
    assertStringIncludes(compared, "Nothing of it can be measured");
  });
});

/** In Deno the environment takes a permission. */
const WORK = [fixture("work"), "--runtimes", "bun", "--deno-args", "--allow-env=TEST_KILOBYTES"];

statisticalTest(
  "vdso bench --compare finds a regression, and none where nothing changed",
  TIMEOUT,
  async () => {
    await inDirectory(async (directory) => {
      const base = join(directory, "base.json");
      process.env["TEST_KILOBYTES"] = "64";
      await output([...WORK, "--processes", "5", "--save", base]);
      assertEquals(report(readFileSync(base, "utf8")).benchmarks[0]?.results[0]?.runs.length, 5);

      // 64 times the work, where three times as much would do; and as much as before.
      const compare = ["--processes", "5", "--compare", base, "--max-regress", "200%"];
      process.env["TEST_KILOBYTES"] = "4096";
      const { text, ok, said } = await benchInProcess([...WORK, ...compare, "--json"]);
      assertEquals(ok, false);
      assertMatch(
        said,
        /^vdso: work in bun takes \d+(\.\d)? % longer than in .*: more than 200 %\n$/,
      );
      const compared = report(text);
      assertEquals([compared.base?.maxRegress, compared.base?.problems.length], [2, 1]);
      const changes = compared.benchmarks.map(({ name, results: [only] }) => [
        name,
        only?.change?.basis,
      ]);
      assertEquals(changes, [["work", "runs"], ["as before", "runs"]]);
      const table = new RegExp(`^against ${base} +bun\nwork +[\\d.]+ slower$`, "m");
      assertMatch(printText(compared), table);
    });
  },
);

test(
  "vdso bench --compare refuses what cannot be compared, before it measures",
  TIMEOUT,
  async () => {
    await inDirectory(async (directory) => {
      const file = join(directory, "base.json");
      const sides = [fixture("sides"), "--runtimes", "bun"];
      await output([...sides, "--filter", "^plain", "--processes", "1", "--save", file]);
      const saved = report(readFileSync(file, "utf8"));
      const five = { ...saved, settings: { ...saved.settings, processes: 5 } };
      const bases: [base: unknown, message: RegExp][] = [
        [saved, /^Too few process runs to tell a difference: 1 in the base, 10 now\. Five /],
        [
          { ...five, platform: { ...five.platform, cpu: "Sundial 9000" } },
          /^The base is of another machine, .*: cpu Sundial 9000 there, .* here$/m,
        ],
        [
          { ...five, runtimes: [{ ...five.runtimes[0], name: "node1" }] },
          /^The base has no results of bun, but of node1$/m,
        ],
        [
          { ...five, benchmarks: five.benchmarks.map((row) => ({ ...row, file: "sides.ts" })) },
          /^The base has no results of tests\/fixtures\/bench_sides\.ts, but of sides\.ts\. /,
        ],
        [{ version: 2 }, /is not what vdso bench --save writes, in version 1$/m],
        ["text", /is not what vdso bench --save writes, in version 1$/m],
      ];
      for (const [base, message] of bases) {
        writeFileSync(file, JSON.stringify(base));
        const words = [...sides, "--compare", file];
        assertMatch((await assertRejects(() => benchInProcess(words), Error)).message, message);
      }
    });
  },
);

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
