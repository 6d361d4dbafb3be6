import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { test } from "node:test";
import { decisiveRows, writePerformance } from "../../../scripts/measure/performance.ts";
import type { Report, RuntimeResult } from "../../../scripts/measure/results.ts";

const figure = (median: number) => {
  const ns = { median, min: median, q1: median, q3: median };
  return { ns, ratio: ns };
};
const deno = {
  version: "2",
  contenders: { native: figure(20), now: figure(21.04), performanceNow: figure(80) },
  others: { contenders: { ticks: figure(9.96) } },
} as unknown as RuntimeResult;
const report = {
  machine: { date: "2026-12-01", cpu: "Sundial", kernel: "7.0", clocksource: "shadow" },
  runtimes: { deno },
} as unknown as Report;

test("decisiveRows() has a row for each decision, and a column for each runtime", () => {
  const rows = decisiveRows(report);
  assertStringIncludes(rows, "2026-12-01, Sundial, Linux 7.0, clocksource shadow:");
  assertStringIncludes(rows, "| `now()`                   | 21.0 |");
  assertStringIncludes(rows, "| `ticks()`                 | 10.0 |");
  assertStringIncludes(rows, "| `nowBigInt()`             |      |");
  assertEquals(rows.split("\n").length, 2 + 2 + 10);
});

test("writePerformance() writes no page of half the figures", () => {
  assertThrows(() => writePerformance(report), Error, "Expected all contenders and the start");
});
