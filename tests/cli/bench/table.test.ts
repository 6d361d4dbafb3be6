/** Tables of results that are made up. */
// npm test: node26 (pure computation)
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { test } from "node:test";
import { printPlots } from "../../../cli/bench/plot.ts";
import { type BenchReport, sideBySide } from "../../../cli/bench/report.ts";
import { printMarkdown, printText } from "../../../cli/bench/table.ts";
import { report, result, runs, skips, throwing, TWO } from "./results.ts";

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
  const names = ["deno", "node24"];
  const benchmarks = sideBySide(results, names, "deno", ({ runtime }) => runtime === "node24");
  const text = printText(report(results, { benchmarks }));
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

test("what threw has its row, and failed stands only there", () => {
  const group = ["A"];
  const failures = [{ runtime: "deno", file: "a.ts", run: 1, reason: "why", output: [] }];
  const results = [
    ...throwing("deno", 5, "one", group),
    ...runs("deno", 5, "two", 100, { group }),
    ...runs("deno", 5, "three", 100, { group: ["B"] }),
    ...runs("node24", 5, "one", 100, { group }),
    ...runs("node24", 5, "node only", 100, { group }),
    ...runs("node24", 5, "three", 100, { group: ["B"] }),
  ].sort((a, b) => a.run - b.run); // process by process
  const text = printText(report(results, { failures }));
  const table = text.slice(text.indexOf("\nA\n")).replace(/ +/g, " ").split("\n").slice(1, 7);
  assertEquals(table.map((line) => line.replace(/\b[\d.]{3,}/g, "1")), [
    "A",
    " one ns failed 1",
    " node only ns - 1",
    " two ns 1 1 -",
    "B",
    " three ns 1 1 1 ~1",
  ]);
  assertMatch(printMarkdown(report(results)), /^\| A one \| failed \| \d+ ns \|$/m);
});

test("the legend counts the process runs that there were", () => {
  const said = (...counts: number[]) =>
    printText(report(counts.flatMap((count, i) => runs("deno", count, `${i}`, 100))));
  assertStringIncludes(said(1), "Median time per call, of one process run");
  assertStringIncludes(said(7, 7), "over 7 process runs, the median");
  assertStringIncludes(said(1, 7), "over 1 to 7 process runs, the median");
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
    ...skips("node24", 1, "parse", "Too hot"),
    ...throwing("node24", 1, "parse"),
    ...runs("node24", 3, "parse", 100),
  ];
  const reasons = [
    "n/a: counter (deno, node24); other counter (deno): No counter\\nhere",
    "n/a: parse (2 runs of node24): Too | busy",
    "n/a: parse (1 run of node24): Too hot",
  ];
  const text = printText(report(results));
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

/** Of benchmarks that all took as long: so far as a table wants to know. */
function uniform(runtimes: readonly string[], names: readonly string[]): BenchReport {
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
    ...{ results, skipped: [], failed: [] },
  }));
  const columns = runtimes.map((name) => ({ name, kind: "node", version: "26.1.0", flags: [] }));
  const platform = { cpu: "Sundial", arch: "x64", os: "linux", kernel: "6.18", clocksource: "tsc" };
  const found = { platform, settings, runtimes: columns, benchmarks, failures: [], base: null };
  return found as unknown as BenchReport;
}

test("printText() keeps what is wide in line: benchmarks, and runtimes by their paths", () => {
  const text = printText(uniform(["node", "日本語のノード"], ["ソート", "x", "🚀 go"]));
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith("benchmark"));
  assertEquals(lines.slice(start, start + 4), [
    "benchmark      node  日本語のノード",
    "ソート     ns  10.0            10.0",
    "x          ns  10.0            10.0",
    "🚀 go      ns  10.0            10.0",
  ]);
});
