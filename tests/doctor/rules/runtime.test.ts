/** What is said of the runtime, and of what could not be examined. */
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { fillFacts, type PartialFacts } from "../../../doctor/facts/shape.ts";
import { RUNTIME_RULES } from "../../../doctor/rules/runtime.ts";

const find = (facts: PartialFacts) => RUNTIME_RULES.flatMap((rule) => rule(fillFacts(facts)) ?? []);

test("runtime.elu-stub is of runtimes that say zeros, not of those that say nothing", () => {
  assertEquals(find({ runtime: { eluIsStub: true } })[0]?.id, "runtime.elu-stub");
  assertEquals(find({ runtime: { eluIsStub: false } }), []);
  assertEquals(find({}), []);
});

test("check.skipped gathers what has one reason, and is unknown where costs are not known", () => {
  const skipped = ["clocksource", "steal", "DMI"].map((check) => ({ check, reason: "denied" }));
  const [finding] = find({ skipped });
  assertEquals(finding?.severity, "information");
  assertEquals(finding?.evidence, [{ name: "clocksource, steal, DMI", value: "denied" }]);
  const without = [...skipped, { check: "costs in C", reason: "no FFI" }];
  assertEquals(find({ skipped: without })[0]?.severity, "unknown");
});
