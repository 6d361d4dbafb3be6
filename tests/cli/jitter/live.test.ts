// npm test: node26 (data in, data out)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { line } from "../../../cli/jitter/live.ts";
import { jitterSample } from "../../fixtures/jitter_sample.ts";

const { gaps, lostNs, watchedNs, causes, worst: [worst = null] } = jitterSample();

test("line() shows how far a CPU is, what is lost, and who took most", () => {
  assertEquals(
    line(3, { part: 0.5, gaps, lostNs, watchedNs, causes, worst }),
    `CPU 3    ${"█".repeat(10)}${"░".repeat(10)}     0.81 % lost        2 gaps  ` +
      "longest 8.00 ms preempted",
  );
});

test("line() names who took most, where that is not who had the longest gap", () => {
  const others = { ...causes, throttled: { gaps: 9, ns: 9e6 } };
  assertEquals(
    line(3, { part: 1, gaps, lostNs, watchedNs, causes: others, worst }).split("  ").slice(-1),
    ["mostly throttled"],
  );
});

test("line() has no figures of nothing", () => {
  const none = {
    ...causes,
    preempted: { gaps: 0, ns: 0 },
    "interrupt or host": { gaps: 0, ns: 0 },
  };
  assertEquals(
    line(12, { part: 0, gaps: 0, lostNs: 0, watchedNs: 1e8, causes: none, worst: null }),
    `CPU 12   ${"░".repeat(20)}     0.00 % lost        0 gaps`,
  );
});
