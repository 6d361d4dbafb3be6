// npm test: node26 (data in, data out)
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { printJitter, printPercent } from "../../../cli/jitter/report.ts";
import type { Jitter } from "../../../jitter/mod.ts";
import { CAUSES } from "../../../jitter/types.ts";
import { jitterSample } from "../../fixtures/jitter_sample.ts";

const platform = { os: "linux", arch: "x64", kernel: "6.1", cpu: null, clocksource: null };

function printed(threads: readonly Jitter[], top = 10): string {
  return stripVTControlCharacters(printJitter({ version: 1, platform, threads }, top));
}

test("printJitter() shows each CPU, who took the time, and the longest gaps of all", () => {
  const other = jitterSample({
    cpu: 4,
    at: 5.1e9,
    worst: [{ ns: 9e6, at: 5.3e9, cpu: 4, cause: "throttled" }],
  });
  assertEquals(
    printed([jitterSample(), other], 2),
    `1.00 s: rdtsc every 10.0 ns, gaps longer than 1.00 µs

CPU  watched  gaps  lost     of the time  median   99 %     longest
  3  990 ms      2  8.00 ms  0.81 %       2.00 µs  8.00 ms  8.00 ms
  4  990 ms      2  8.00 ms  0.81 %       2.00 µs  8.00 ms  8.00 ms

who (an estimate)  gaps  lost     of that
preempted             2  16.0 ms  100.0 %   other threads of this machine had the CPU
interrupt or host     2  4.00 µs  0.0250 %  interrupts, firmware, or the hypervisor

longest  ended after  CPU  who
9.00 ms  300 ms         4  throttled
8.00 ms  500 ms         3  preempted`,
  );
});

test("printJitter() says that there were no gaps", () => {
  const causes = Object.fromEntries(
    CAUSES.map((cause) => [cause, { gaps: 0, ns: 0 }]),
  ) as Jitter["causes"];
  const quiet = jitterSample({
    gaps: 0,
    lostNs: 0,
    quantiles: null,
    worst: [],
    histogram: [],
    causes,
  });
  const text = printed([quiet]);
  assertMatch(text, /^ {2}3 {2}990 ms +0 +0\.00 %$/m);
  assertMatch(text, /\n\nNo gaps$/);
});

test("printJitter() says what takes away from the figures, once", () => {
  const doubtful = jitterSample({
    source: { reads: "clock_gettime", reason: "Reading the counter is trapped" },
    unreadable: { stealNs: "/proc/stat may not be read", runDelayNs: "/proc/stat may not be read" },
    signs: { ...jitterSample().signs, jumps: 2, backwards: 1 },
  });
  const [, notes = ""] = printed([doubtful, doubtful]).split("\n\nNotes\n");
  assertEquals(notes.split("\n"), [
    "CLOCK_MONOTONIC in place of the CPU's counter: Reading the counter is trapped",
    "Causes may be missing: /proc/stat may not be read",
    "The counter jumped 2 times on CPU 3",
    "The counter went back 1 times on CPU 3",
  ]);
  assertStringIncludes(printed([doubtful]), "clock_gettime every 10.0 ns");
});

test("printPercent() has the figures that tell something", () => {
  assertEquals(
    [0, 1e-6, 0.00123, 0.0123, 0.5, 1].map(printPercent),
    ["0.00 %", "0.0001 %", "0.12 %", "1.23 %", "50.0 %", "100.0 %"],
  );
});
