/** Reports, bases, tables and plots of results that are made up. */
// npm test: node26 (pure computation)
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { test } from "node:test";
import type { BenchResult, Bucket } from "../../../bench/mod.ts";
import { checkBase, compareWithBase } from "../../../cli/bench/base.ts";
import { bars, columnSums, printPlots, quantile } from "../../../cli/bench/plot.ts";
import {
  type BenchReport,
  type FileResult,
  overRuns,
  printReport,
  sideBySide,
} from "../../../cli/bench/report.ts";
import { printMarkdown, printText } from "../../../cli/bench/table.ts";
import { commonUnit, printTime, printWithUnit } from "../../../cli/bench/units.ts";

/** A result whose slices all took so many nanoseconds. */
function result(name: string, ns: number, more: Partial<BenchResult> = {}): BenchResult {
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
function runs(
  runtime: string,
  count: number,
  name: string,
  ns: number,
  more: Partial<BenchResult> = {},
): FileResult[] {
  return Array.from({ length: count }, (_, i) => ({
    file: "a.ts",
    runtime,
    result: result(name, ns * (1 + i / 1000), more),
    occurrence: 0,
  }));
}

/** So many runs in which it was skipped. */
function skips(runtime: string, count: number, name: string, reason: string): FileResult[] {
  const benchmark = { name, group: [], params: {}, mode: "throughput" as const, reason };
  return Array.from({ length: count }, () => ({
    file: "a.ts",
    runtime,
    result: benchmark,
    occurrence: 0,
  }));
}

function report(results: readonly FileResult[], more: Partial<BenchReport> = {}): BenchReport {
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

const TWO = [...runs("deno", 5, "parse", 100), ...runs("node24", 5, "parse", 250)];

test("sideBySide() puts runs of one benchmark together, and compares the runtimes", () => {
  const rows = sideBySide(TWO, ["node24", "deno"], "deno");
  assertEquals(rows.length, 1);
  const [node, deno] = rows[0]?.results ?? [];
  assertEquals([node?.runtime, deno?.runtime], ["node24", "deno"]);
  assertEquals([node?.runs.length, deno?.runs.length], [5, 5]);
  assertEquals([node?.relative?.verdict, deno?.relative], ["slower", null]);
  // The third of five; half of twenty slices are slower by less than a ten thousandth.
  assertEquals(deno?.ns.toFixed(3), "100.210");
});

test("sideBySide() keeps apart what differs in file, group, parameters, mode or place", () => {
  const all = [
    ...runs("deno", 1, "parse", 1),
    ...runs("deno", 1, "parse", 1, { group: ["a"] }),
    ...runs("deno", 1, "parse", 1, { params: { length: 1 } }),
    ...runs("deno", 1, "parse", 1, { mode: "latency" }),
    ...runs("deno", 1, "parse", 1).map((item) => ({ ...item, file: "b.ts" })),
    ...runs("deno", 1, "parse", 1).map((item) => ({ ...item, occurrence: 1 })),
  ];
  assertEquals(sideBySide(all, ["deno"], undefined).length, all.length);
});

test("sideBySide() makes no ratio of a time that is 0", () => {
  const none = runs("node24", 5, "parse", 0);
  const [row] = sideBySide([...runs("deno", 5, "parse", 1), ...none], ["deno", "node24"], "deno");
  assertEquals(row?.results.map(({ relative }) => relative), [null, null]);
});

test("sideBySide() has a row of what is skipped, in its place, and says why", () => {
  const rows = sideBySide(
    [
      ...skips("deno", 5, "nowhere", "why"),
      ...skips("deno", 5, "some", "why"),
      ...runs("deno", 5, "parse", 1),
      ...skips("node24", 5, "nowhere", "why not"),
      ...skips("node24", 2, "some", "now and then"),
      ...runs("node24", 3, "some", 1),
    ],
    ["deno", "node24"],
    "deno",
  );
  assertEquals(
    rows.map(({ name, results, skipped }) => [name, results.map((each) => each.runtime), skipped]),
    [
      ["nowhere", [], [
        { runtime: "deno", reason: "why", runs: 5 },
        { runtime: "node24", reason: "why not", runs: 5 },
      ]],
      ["some", ["node24"], [
        { runtime: "deno", reason: "why", runs: 5 },
        { runtime: "node24", reason: "now and then", runs: 2 },
      ]],
      ["parse", ["deno"], []],
    ],
  );
  assertEquals(rows[1]?.results[0]?.runs.length, 3);
});

test("overRuns() takes the least, the largest, and medians of the rest", () => {
  const all = [1, 2, 9].map((ns) => result("parse", ns));
  assertEquals([overRuns(all, "min"), overRuns(all, "p50"), overRuns(all, "max")], [1, 2, 45]);
});

test("printText() marks a ratio that may be chance, and says so of single runs", () => {
  const close = runs("node24", 5, "same", 100).map((item, i) => ({
    ...item,
    result: result("same", [101, 99, 100.5, 99.5, 100][i] ?? NaN),
  }));
  const text = printText(report([...TWO, ...runs("deno", 5, "same", 100), ...close]));
  assertMatch(text, /^parse +ns +100 1\.00 +251 +2\.50$/m);
  assertMatch(text, /^same +ns +100 1\.00 +100 +~[\d.]+$/m);
  assertStringIncludes(text, "the ratio to deno: with ~ where that may be chance");

  const single = [...runs("deno", 1, "parse", 100), ...runs("node24", 1, "parse", 250)];
  const settings = { ...report([]).settings, processes: 1 };
  const said = printText(report(single, { settings }));
  assertMatch(said, /^parse +ns +100 1\.00 +250 2\.50$/m);
  assertStringIncludes(said, "which may be chance: --processes 5 or more tells");
});

test("printText() shows what is missing, failed, and wrong with the figures", () => {
  const warnings = [{ code: "noise" as const, message: "Cannot be told from doing nothing" }];
  const results = [
    ...runs("deno", 5, "parse", 100, { warnings }),
    ...runs("node24", 5, "other", 1),
  ];
  const failures = [{ runtime: "node24", file: "a.ts", run: 1, reason: "why", output: [] }];
  const text = printText(report(results, { failures }));
  assertMatch(text, /^deno +deno 2\.9\.5 --allow-ffi +ticks by rdtsc +10\.0 ns +0\.50 ns$/m);
  assertStringIncludes(text, "Not readable: collections, collectionNs\n");
  assertMatch(text, /^parse +ns +100 1\.00 +failed/m);
  assertMatch(text, /^other +ns +- +1\.00/m);
  assertMatch(
    text,
    /^parse +deno +noise +Cannot be told from doing nothing \(so in 5 of 5 runs\)$/m,
  );
  assertEquals(printText(report([])), "No results");
});

test("printMarkdown() has the same figures, and no cell ends early", () => {
  const results = [...runs("deno", 5, "a|b", 100), ...runs("node24", 5, "a|b", 2500)];
  const text = printMarkdown(report(results));
  assertMatch(text, /^\| a\\\|b \| 100 ns \(1\.00\) \| 2505 ns \(25\.00\) \|$/m);
});

test("a cell of what is skipped says n/a, and each reason stands below the table once", () => {
  const results = [
    ...skips("deno", 5, "counter", "No counter\nhere"),
    ...skips("deno", 5, "other counter", "No counter\nhere"),
    ...runs("deno", 5, "parse", 100),
    ...skips("node24", 5, "counter", "No counter\nhere"),
    ...runs("node24", 5, "other counter", 1),
    ...skips("node24", 2, "parse", "Too | busy"),
    ...runs("node24", 3, "parse", 100),
  ];
  const reasons = [
    "n/a: counter (deno, node24); other counter (deno): No counter\\nhere",
    "n/a: parse (2 of 5 runs of node24): Too | busy",
  ];
  const failures = [{ runtime: "deno", file: "a.ts", run: 1, reason: "why", output: [] }];
  const text = printText(report(results, { failures }));
  assertMatch(text, /^counter +n\/a +n\/a$/m);
  assertMatch(text, /^other counter +ns +n\/a +1\.00$/m);
  assert(text.endsWith(`\n${reasons.join("\n")}`), text);
  const markdown = printMarkdown(report(results));
  assertMatch(markdown, /^\| counter \| n\/a \| n\/a \|$/m);
  const list = reasons.map((line) => `- ${line.replace(/[\\|]/g, "\\$&")}\n`).join("");
  assertStringIncludes(`${markdown}\n`, `|\n\n${list}`);

  const none = report(skips("deno", 1, "counter", "why"));
  assert(!/^counter .*\bs\b|Median/m.test(printText(none)), printText(none));
  assertStringIncludes(printMarkdown(none), "\n- node24: node 24.21.0\n"); // no clock was read
  assertEquals(printPlots(none), "");
});

test("a name stays in its line, and means nothing in Markdown", () => {
  const results = runs("deno", 1, "Array<string>\n*b* | c\x1b[2J", 100, {
    group: ["two\nlines"],
    params: { like: "_x_\r" },
  });
  const text = printText(report(results));
  assertMatch(
    text,
    /^two\\nlines\n {2}Array<string>\\n\*b\* \| c\\u001b\[2J, like _x_\\r +ns +100/m,
  );
  const cell = String.raw`| two\\nlines Array\<string\>\\n\*b\* \| c\\u001b\[2J, like \_x\_\\r |`;
  assertStringIncludes(printMarkdown(report(results)), `\n${cell} 100 ns`);
});

test("printReport() keeps six figures of fractions, and whole numbers", () => {
  const { benchmarks } = JSON.parse(
    printReport(report(runs("deno", 1, "parse", 1.23456789, { calls: 123456789 }))),
  ) as BenchReport;
  const [run] = benchmarks[0]?.results[0]?.runs ?? [];
  assertEquals([run?.ns.p50, run?.calls], [1.23457, 123456789]);
});

const COMPARE = { file: "base.json", maxRegress: 0.05, notes: [] };

test("compareWithBase() finds what got slower than allowed, and nothing else", () => {
  const base = report([...runs("deno", 5, "a", 100), ...runs("deno", 5, "b", 100), ...TWO]);
  const now = report([
    ...runs("deno", 5, "a", 107),
    ...runs("deno", 5, "b", 104),
    ...runs("deno", 5, "parse", 90),
    ...runs("node24", 5, "parse", 250),
    ...runs("deno", 5, "new", 1),
  ]);
  const { benchmarks, base: changes } = compareWithBase(now.benchmarks, base, COMPARE);
  assertEquals(changes.problems.length, 1);
  assertMatch(
    changes.problems[0] ?? "",
    /^a in deno takes 7 % longer than in base\.json \(\S+ % to \S+ %\): more than 5 %$/,
  );
  assertEquals(
    benchmarks.flatMap(({ name, results }) =>
      results.map(({ change }) => [name, change?.verdict ?? null])
    ),
    [["a", "slower"], ["b", "slower"], ["parse", "faster"], ["parse", "no change"], ["new", null]],
  );
  assertEquals(changes.notes, ["new is not in the base"]);
});

test("compareWithBase() says what did not run, and when nothing could be compared", () => {
  const base = report(TWO);
  const { base: changes } = compareWithBase(
    report(runs("deno", 5, "x", 1)).benchmarks,
    base,
    COMPARE,
  );
  assertEquals(changes.notes, ["x is not in the base", "parse is in the base, and did not run"]);
  assertEquals(changes.problems, ["Nothing of what ran is in base.json"]);
  const single = report([...runs("deno", 1, "parse", 100), ...TWO.slice(5)]);
  assertEquals(compareWithBase(single.benchmarks, base, COMPARE).base.problems, [
    "parse in deno has too few process runs to tell",
  ]);
});

const FILES = ["a.ts"];

test("checkBase() notes what differs, and refuses another machine and too few runs", () => {
  const base = report(TWO);
  assertEquals(checkBase(base, base, FILES), []);
  const now = {
    ...base,
    platform: { ...base.platform, kernel: "6.19" },
    settings: { ...base.settings, cpu: 1 },
    runtimes: [
      { name: "deno", kind: "deno" as const, version: "2.9.6", flags: [] },
      { name: "bun", kind: "bun" as const, version: "1.4.5", flags: [] },
    ],
  };
  assertEquals(checkBase(base, now, FILES), [
    "kernel: 6.18 in the base, 6.19 now",
    "--cpu: none in the base, 1 now",
    "deno: deno 2.9.5 in the base, deno 2.9.6 now",
    'deno is started with: "--allow-ffi" in the base, "" now',
    "bun is not in the base",
  ]);
  const elsewhere = { ...base, platform: { ...base.platform, arch: "arm64" } };
  assertThrows(() => checkBase(base, elsewhere, FILES), Error, "arch x64 there, arm64 here");
  const few = { ...base, settings: { ...base.settings, processes: 4 } };
  assertThrows(() => checkBase(base, few, FILES), Error, "5 in the base, 4 now");
  const other = { ...base, runtimes: now.runtimes.slice(1) };
  assertThrows(() => checkBase(base, other, FILES), Error, "no results of bun, but of deno,node24");
  assertThrows(
    () => checkBase(base, base, ["../a.ts"]),
    Error,
    "no results of ../a.ts, but of a.ts",
  );
});

test("checkBase() compares CPUs only where both are known, and says where they are not", () => {
  const base = report(TWO);
  const unknown = { ...base, platform: { ...base.platform, cpu: null } };
  const note = "The CPU is unknown: the base may be of another machine";
  assertEquals(checkBase(base, unknown, FILES), [note, "cpu: Sundial in the base, unknown now"]);
  assertEquals(checkBase(unknown, unknown, FILES), [note]);
});

test("compareWithBase() fails only where the whole interval is above the limit", () => {
  const noisy = runs("deno", 10, "a", 100).map((item, i) => ({
    ...item,
    result: result("a", [104, 109, 103, 110, 104, 108, 107, 107, 108, 103][i] ?? NaN),
  }));
  const base = report(runs("deno", 10, "a", 100));
  const { benchmarks: [row], base: changes } = compareWithBase(
    report(noisy).benchmarks,
    base,
    COMPARE,
  );
  const change = row?.results[0]?.change;
  assertEquals(change?.verdict, "slower");
  assert((change?.ratio ?? 0) > 1.05 && (change?.interval.low ?? 2) < 1.05);
  assertEquals(changes.problems, []);
  assertMatch(
    changes.notes.join(),
    /^a in deno takes \S+ % longer than in base\.json \(\S+ % to \S+ %\): may be more than 5 %$/,
  );
});

test("compareWithBase() notes where runs spread too much to tell, and only there", () => {
  const spread = [50, 55, 90, 98, 99, 101, 102, 150, 190, 195].map((ns, i) => ({
    file: "a.ts",
    runtime: "deno",
    result: result("a", ns + i / 1000),
    occurrence: 0,
  }));
  const base = report(runs("deno", 10, "a", 100));
  const compared = (now: readonly FileResult[], maxRegress = 0.05) =>
    compareWithBase(report(now).benchmarks, base, { ...COMPARE, maxRegress });
  const { benchmarks: [row], base: { notes, problems } } = compared(spread);
  assertEquals([row?.results[0]?.change?.verdict, problems], ["cannot tell", []]);
  assertMatch(
    notes.join(),
    /^a in deno takes -\S+ % to \S+ % longer than in base\.json: cannot tell$/,
  );
  const printed = printText({
    ...report(spread),
    benchmarks: row ? [row] : [],
    base: {
      ...COMPARE,
      problems,
    },
  });
  assertMatch(printed, /^a +~1\.\d\d cannot tell/m);
  // That none of it matters is allowed, and so is what changes by less than is allowed.
  const [allowed] = compared(spread, 2).benchmarks;
  assertEquals(allowed?.results[0]?.change?.verdict, "no change");
  assertEquals(compared(runs("deno", 10, "a", 100)).base.notes, []);
  const [strict] = compared(runs("deno", 10, "a", 100), 0).benchmarks;
  assertEquals(strict?.results[0]?.change?.verdict, "no change");
});

test("sideBySide() compares runtimes pair by pair: what slows both down cancels out", () => {
  const drifting = (runtime: string, ns: number) =>
    Array.from({ length: 10 }, (_, i) => ({
      file: "a.ts",
      runtime,
      result: result("a", ns * (1 + i / 5)),
      occurrence: 0,
    }));
  const rows = (other: number) =>
    sideBySide(
      [...drifting("deno", 100), ...drifting("node24", 104).slice(0, other)],
      ["deno", "node24"],
      "deno",
    );
  const interval = (other: number) => rows(other)[0]?.results[1]?.relative?.interval;
  const paired = interval(10);
  assert(paired && paired.low > 1.03 && paired.high < 1.05, JSON.stringify(paired));
  const apart = interval(9); // a process failed, and nobody knows which
  assert(apart && apart.low < 0.9 && apart.high > 1.1, JSON.stringify(apart));
});

test("compareWithBase() cannot tell where something took no time at all", () => {
  const of = (ns: number) => report(runs("deno", 5, "a", ns));
  for (const [before, after] of [[0, 3200], [3200, 0], [0, 0]] as const) {
    const { problems } = compareWithBase(of(after).benchmarks, of(before), COMPARE).base;
    assertEquals(problems.length, 1);
    assertMatch(problems[0] ?? "", /^a in deno cannot be compared: .* took no time at all$/);
  }
});

test("compareWithBase() says which runtime the base has no result of", () => {
  const base = report(TWO.slice(0, 5)); // Node ran, and did not declare it
  const { notes } = compareWithBase(report(TWO).benchmarks, base, COMPARE).base;
  assertEquals(notes, ["parse in node24 is not in the base"]);
});

test("compareWithBase() notes what the base has and is skipped now, and nothing of the rest", () => {
  const { notes, problems } = compareWithBase(
    report([
      ...skips("deno", 5, "parse", "Not any more"),
      ...skips("node24", 5, "new", "why"),
      ...runs("node24", 5, "parse", 250),
    ]).benchmarks,
    report([...TWO, ...skips("deno", 5, "old", "why")]),
    COMPARE,
  ).base;
  assertEquals(notes, ["parse in deno is in the base, and is skipped now: Not any more"]);
  assertEquals(problems, []);
});

test("compareWithBase() cannot tell where all that the base has is skipped now, but where it never ran", () => {
  const skipped = report(skips("deno", 5, "a", "why"));
  const before = compareWithBase(skipped.benchmarks, skipped, COMPARE).base;
  assertEquals(before.problems, []);
  assertEquals(before.notes, ["Nothing of it can be measured here"]);
  const lost = compareWithBase(skipped.benchmarks, report(runs("deno", 5, "a", 1)), COMPARE).base;
  assertEquals(lost.problems, ["Nothing of what ran is in base.json"]);
  // It runs now, and did not when the base was made.
  const found = compareWithBase(report(runs("deno", 5, "a", 1)).benchmarks, skipped, COMPARE).base;
  assertEquals(found.problems, ["Nothing of what ran is in base.json"]);
});

test("compareWithBase() compares each of those with the same name with its own", () => {
  const both = (first: number, second: number) =>
    report([
      ...runs("deno", 5, "a", first),
      ...runs("deno", 5, "a", second).map((item) => ({ ...item, occurrence: 1 })),
    ]);
  const { benchmarks, base } = compareWithBase(
    both(100, 900).benchmarks,
    both(100, 900),
    COMPARE,
  );
  const ratios = benchmarks.map(({ results }) => results[0]?.change?.ratio);
  assertEquals([ratios, base.problems, base.notes], [[1, 1], [], []]);
});

test("printPlots() draws every benchmark", () => {
  const text = printPlots(report(TWO));
  assertMatch(text, /^parse\n\ndeno {4}█ +▁\nnode24 {2} +█\n {8}100 ns +251 ns$/m);
  assertMatch(text, /^deno\n[^]*502 ns┤.*[^]*min +p50[^]*\nnode24\n[^]*1\.26 µs┤/m);
});

test("quantile(), columnSums() and bars() make a histogram of buckets", () => {
  const buckets: Bucket[] = [[1, 10], [10, 80], [100, 8], [1000, 2]];
  assertEquals([0, 0.1, 0.5, 0.95, 1].map((part) => quantile(buckets, part)), [
    1,
    1,
    10,
    100,
    1000,
  ]);
  assertEquals(columnSums(buckets, 1, 1000, 3), [10, 80, 10]);
  assertEquals(columnSums(buckets, 1, 100, 2), [10, 88]);
  assertEquals(columnSums([[0, 5]], 0, 0, 2), [5, 0]);
  assertEquals(bars([0, 1, 40, 80]), " ▁▄█");
  assertEquals(bars([0, 0]), "  ");
});

test("times have three figures or more, in a unit that suits the least of them", () => {
  assertEquals(commonUnit([1500, 2_000_000]).name, "µs");
  assertEquals(commonUnit([0.02]).name, "ns");
  assertEquals(commonUnit([]).name, "s");
  const times = [0.123, 9.994, 12.34, 123.4, 12345, 1.5e6, 2e9];
  assertEquals(times.map(printWithUnit), [
    "0.12 ns",
    "9.99 ns",
    "12.3 ns",
    "123 ns",
    "12.3 µs",
    "1.50 ms",
    "2.00 s",
  ]);
  assertEquals(printTime(2_000_000, { name: "µs", ns: 1000 }), "2000");
});
