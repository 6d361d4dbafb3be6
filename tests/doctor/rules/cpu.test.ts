/** Where the rules of CPU time say something, and where they do not. */
import { assertEquals, assertMatch } from "@std/assert";
import { test } from "node:test";
import { fillFacts, type PartialFacts } from "../../../doctor/facts/shape.ts";
import { CPU_RULES } from "../../../doctor/rules/cpu.ts";

const find = (cpu: PartialFacts["cpu"], cpus = 8) =>
  CPU_RULES.flatMap((rule) => rule(fillFacts({ cpu: cpu ?? {}, machine: { cpus } })) ?? []);
const ids = (cpu: PartialFacts["cpu"]) => find(cpu).map(({ id }) => id);

test("cpu.throttled is a warning now, and information if it was so before", () => {
  const severity = (cpu: PartialFacts["cpu"]) => find(cpu)[0]?.severity;
  assertEquals(severity({ throttledPeriods: 1, periods: 10 }), "warning");
  assertEquals(severity({ allPeriods: 100, allThrottledPeriods: 6 }), "information");
  assertEquals(severity({ allPeriods: 100, allThrottledPeriods: 5 }), undefined);
  assertEquals(severity({ allPeriods: 0, allThrottledPeriods: 0, throttledPeriods: 0 }), undefined);
});

test("cpu.throttled advises fewer threads where the machine has more CPUs than the quota", () => {
  const advice = (quotaCpus: number, cpus: number) =>
    find({ throttledPeriods: 1, quotaCpus }, cpus)[0]?.advice ?? "";
  assertMatch(advice(0.5, 8), /fewer threads: runtimes size their pools by 8 CPUs/);
  assertMatch(advice(1.5, 2), /^Raise the quota \(cpu\.max/);
});

test("the others have limits", () => {
  assertEquals(ids({ pressure: 10 }), []);
  assertEquals(ids({ pressure: 10.1 }), ["cpu.pressure"]);
  assertEquals(ids({ steal: 0.01 }), []);
  assertEquals(ids({ steal: 0.011 }), ["cpu.steal"]);
  assertEquals(ids({ runDelayNs: 5e7, windowNs: 1e9 }), []);
  assertEquals(ids({ runDelayNs: 5.1e7, windowNs: 1e9 }), ["runqueue.wait"]);
  assertEquals(ids({ governor: "performance", idleLatencyUs: 49 }), []);
  assertEquals(ids({ governor: "powersave", idleLatencyUs: 50 }), ["cpu.governor", "cpu.idle"]);
});
