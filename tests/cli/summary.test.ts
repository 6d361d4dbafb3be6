/** What `vdso` says of costs that are made up, and of those of this machine. */
// npm test: deno, bun, node26 (one of each kind)
import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { test } from "node:test";
import { UNWATCHED } from "../../bench/disturbance.ts";
import { type Costs, measureCosts, type Relative } from "../../cli/measure.ts";
import { isDoubtful, printRelative, printSummary, type Summary } from "../../cli/summary.ts";
import { sources } from "../../mod.ts";
import { runtime } from "../support.ts";

const timeout = 30_000;

/** With an interval so wide, as a part of the ratio. */
function relative(ratio: number, width: number): Relative {
  return { ratio, low: ratio * (1 - width / 2), high: ratio * (1 + width / 2), level: 0.95 };
}

function costs(more: Partial<Costs> = {}): Costs {
  return {
    now: 20,
    native: 18,
    syscall: 130,
    builtin: { "performance.now": 40 },
    relative: {
      native: relative(0.9, 0.01),
      syscall: relative(6.5, 0.01),
      builtin: { "performance.now": relative(2, 0.01) },
    },
    rounds: 200,
    doubts: [],
    disturbance: UNWATCHED,
    ...more,
  };
}

/** The table and what stands below it. */
function printed(cost: Costs): string {
  const summary: Summary = {
    runtime: { name: "sundial", version: "1" },
    platform: { os: "linux", arch: "x64", kernel: "6.18", cpu: null, clocksource: null },
    sources: sources(),
    vdso: null,
    cost,
  };
  return printSummary(summary).replace(/^[^]*\n\n(?=clock )/, "");
}

test("printRelative() shows as much of a ratio as its interval leaves standing", () => {
  const cases: [ratio: number, width: number, text: string][] = [
    [1.0949, 0.001, "1.09"],
    [1.0949, 0.049, "1.09"],
    [1.0949, 0.051, "~1.1"],
    [0.0567, 0.3, "~0.057"],
    [12.34, 0.3, "~12"],
    [1234, 0.3, "~1200"],
    [1.1, 0.51, "?"],
    [NaN, NaN, "?"],
  ];
  for (const [ratio, width, text] of cases) {
    assertEquals(printRelative(relative(ratio, width), false), text);
    assertEquals(printRelative(relative(ratio, width), true), "?");
  }
});

test("isDoubtful() also holds against a clock what is wrong with now()", () => {
  const doubt = (clock: string) => ({ doubts: [{ clock, reason: "why" }] });
  assertEquals(
    ["performance.now()", "now()", "native C"].map((clock) =>
      isDoubtful(doubt(clock), "performance.now()")
    ),
    [true, true, false],
  );
});

test("printSummary() has costs beside now(), and how they were measured", () => {
  assertEquals(
    printed(costs()),
    [
      "clock              ns per call  relative",
      "now()                     20.0      1.00",
      "native C                  18.0      0.90",
      "system call              130.0      6.50",
      "performance.now()         40.0      2.00",
      "",
      "Medians of 200 rounds, in turns",
    ].join("\n"),
  );
});

test("printSummary() says less where less can be told, and why", () => {
  const text = printed(costs({
    relative: {
      native: relative(0.9, 0.1),
      syscall: relative(6, 1),
      builtin: { "performance.now": relative(2, 0.01) },
    },
    doubts: [{ clock: "performance.now()", reason: "Still changed after 700 ms" }],
    disturbance: { ...UNWATCHED, disturbed: true, reasons: ["moved", "stolen"] },
  }));
  assertMatch(text, /^native C +18\.0 +~0\.9$/m);
  assertMatch(text, /^system call +130\.0 +\?$/m);
  assertMatch(text, /^performance\.now\(\) +40\.0 +\?$/m);
  assert(
    text.endsWith([
      "",
      "Medians of 200 rounds, in turns",
      "?: performance.now(): Still changed after 700 ms",
      "?: system call: 3.00 to 9.00 times now()",
      "~: may be off by more than 2.5 %",
      "Disturbed: moved; stolen",
    ].join("\n")),
    text,
  );
});

test("printSummary() has no row of what there is not", () => {
  const { native: _, syscall: __, ...rest } = costs();
  const text = printed({ ...rest, relative: { builtin: costs().relative.builtin } });
  assert(!/native|system/.test(text), text);
  assertStringIncludes(text, "performance.now()");
});

test("measureCosts() measures every clock of this runtime, beside now()", { timeout }, () => {
  const { builtin, relative, disturbance, doubts, rounds, ...ns } = measureCosts(sources());
  assertEquals(Object.keys(ns), ["now", "native", "syscall"]);
  const names = ["performance.now", "process.hrtime.bigint"];
  assertEquals(Object.keys(builtin), runtime === "bun" ? [...names, "Bun.nanoseconds"] : names);
  assertEquals(Object.keys(relative.builtin), Object.keys(builtin));
  for (const value of [...Object.values(ns), ...Object.values(builtin)]) assertGreater(value, 0.2);
  for (const one of [relative.native, relative.syscall, ...Object.values(relative.builtin)]) {
    assert(one && one.low <= one.ratio && one.ratio <= one.high, JSON.stringify(one));
  }
  assertEquals(disturbance.disturbed, disturbance.reasons.length > 0);
  assertGreater(rounds, 0);
  for (const { reason } of doubts) assertMatch(reason, /^(Still changed|Not called)/);
});
