/** Runs side by side, of results that are made up. */
// npm test: node26 (pure computation)
import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { type BenchReport, overRuns, printReport, sideBySide } from "../../../cli/bench/report.ts";
import { report, result, runs, skips, throwing, TWO } from "./results.ts";

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

test("sideBySide() has a row of what threw, in its place, and says where", () => {
  const rows = sideBySide(
    [
      ...throwing("deno", 1, "everywhere"),
      ...throwing("deno", 1, "now and then"),
      ...runs("deno", 1, "now and then", 1),
      ...runs("deno", 1, "parse", 1),
      ...throwing("node24", 1, "everywhere"),
      ...runs("node24", 1, "now and then", 1),
    ],
    ["deno", "node24", "bun"],
    "deno",
    ({ file, runtime }) => file === "a.ts" && runtime === "bun",
  );
  assertEquals(
    rows.map(({ name, results, failed }) => [name, results.map((each) => each.runtime), failed]),
    [
      ["everywhere", [], ["deno", "node24", "bun"]],
      ["now and then", ["deno", "node24"], ["bun"]],
      ["parse", ["deno"], ["bun"]],
    ],
  );
});

test("overRuns() takes the least, the largest, and medians of the rest", () => {
  const all = [1, 2, 9].map((ns) => result("parse", ns));
  assertEquals([overRuns(all, "min"), overRuns(all, "p50"), overRuns(all, "max")], [1, 2, 45]);
});

test("printReport() keeps six figures of fractions, and whole numbers", () => {
  const { benchmarks } = JSON.parse(
    printReport(report(runs("deno", 1, "parse", 1.23456789, { calls: 123456789 }))),
  ) as BenchReport;
  const [run] = benchmarks[0]?.results[0]?.runs ?? [];
  assertEquals([run?.ns.p50, run?.calls], [1.23457, 123456789]);
});

test("printReport() keeps what was asked for as it was", () => {
  const params = { x: 1 / 3, ns: [Math.PI, { results: 1.0000001 }] };
  const settings = { ...report([]).settings, time: 0.123456789 };
  const before = report(runs("deno", 1, "parse", 1, { params }), { settings });
  const after = JSON.parse(printReport(before)) as BenchReport;
  assertEquals(after.benchmarks[0]?.params, params);
  assertEquals(after.settings, settings);
});

test("sideBySide() compares runtimes pair by pair: what slows both down cancels out", () => {
  const drifting = (runtime: string, ns: number) =>
    Array.from({ length: 10 }, (_, i) => ({
      file: "a.ts",
      runtime,
      run: i + 1,
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
