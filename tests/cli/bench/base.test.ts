/** Reports and their bases, of results that are made up. */
// npm test: node26 (pure computation)
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { test } from "node:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkBase, compareWithBase, readBase } from "../../../cli/bench/base.ts";
import { type BenchReport, printReport } from "../../../cli/bench/report.ts";
import type { FileResult } from "../../../cli/bench/rows.ts";
import { printText } from "../../../cli/bench/table.ts";
import { inDirectory } from "../directory.ts";
import { report, result, runs, skips, throwing, TWO } from "./results.ts";

const COMPARE = { file: "base.json", maxRegress: 0.05, notes: [] };
const FILES = ["a.ts"];

test("readBase() reads what is saved, and refuses what lacks a part that is compared", async () => {
  await inDirectory((directory) => {
    const file = join(directory, "base.json");
    const sound = report([...TWO, ...skips("deno", 1, "nowhere", "why")]);
    const nothing = { os: null, arch: null, kernel: null, cpu: null, clocksource: null };
    for (const base of [sound, { ...sound, platform: nothing }]) {
      const text = printReport(base as unknown as BenchReport);
      writeFileSync(file, text);
      assertEquals(readBase(file), JSON.parse(text));
    }
    const [row] = sound.benchmarks;
    const benchmark = (more: object) => ({ ...sound, benchmarks: [row, { ...row, ...more }] });
    const result = (more: object) => benchmark({ results: [{ ...row?.results[0], ...more }] });
    const broken: unknown[] = [
      null,
      [],
      "text",
      { version: 1, benchmarks: [] },
      { ...sound, version: 2 },
      ...Object.keys(sound).filter((key) => /^(plat|sett|runt|benchm)/.test(key)).flatMap((key) =>
        [undefined, null, 5, [null], {}].map((value) => ({ ...sound, [key]: value }))
      ),
      { ...sound, settings: { ...sound.settings, processes: null } },
      { ...sound, runtimes: [{ ...sound.runtimes[0], flags: undefined }] },
      ...["file", "group", "name", "params", "mode", "occurrence", "results"].map((key) =>
        benchmark({ [key]: null })
      ),
      ...["runtime", "ns", "runs"].map((key) => result({ [key]: null })),
      ...[[null], [{}], [{ slices: [null] }], [{ slices: 5 }]].map((runs) => result({ runs })),
    ];
    for (const base of broken) {
      writeFileSync(file, JSON.stringify(base));
      const { message } = assertThrows(() => readBase(file), Error);
      assertEquals(message, `${file} is not what vdso bench --save writes, in version 1`);
    }
  });
});

test("compareWithBase() finds what was saved again, whatever its parameters", () => {
  const now = (ns: number) =>
    report(
      [1 / 3, Math.PI, 1.0000001, 1.0000002].flatMap((x) =>
        runs("deno", 5, "pow", ns, { params: { x } })
      ),
    );
  const base = JSON.parse(printReport(now(100))) as BenchReport;
  const { notes, problems } = compareWithBase(now(1000).benchmarks, base, COMPARE).base;
  assertEquals([notes, problems.length], [[], 4]);
});

test("compareWithBase() says of what threw that it failed, and not that the base lacks it", () => {
  const base = report([...TWO, ...runs("deno", 5, "other", 1)]);
  const compared = (now: BenchReport) => compareWithBase(now.benchmarks, base, COMPARE).base;
  const some = compared(report([...TWO, ...throwing("deno", 5, "other")]));
  assertEquals([some.notes, some.problems], [["other is in the base, and failed now"], []]);
  const all = compared(report([...throwing("deno", 5, "parse"), ...throwing("deno", 5, "other")]));
  assertEquals([all.notes, all.problems], [[
    "parse is in the base, and failed now",
    "other is in the base, and failed now",
  ], []]);
  const lost = compared(
    report([...throwing("deno", 5, "parse"), ...skips("deno", 5, "other", "")]),
  );
  assertEquals(lost.problems, ["Nothing of what ran is in base.json"]);
});

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
    run: i + 1,
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
