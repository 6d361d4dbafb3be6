/** What is said of the counter. */
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { fillFacts, type PartialFacts } from "../../../doctor/facts/shape.ts";
import { COUNTER_RULES } from "../../../doctor/rules/counter.ts";

const find = (counter: PartialFacts["counter"]) =>
  COUNTER_RULES.flatMap((rule) => rule(fillFacts({ counter: counter ?? {} })) ?? [])
    .map(({ id, severity }) => `${severity} ${id}`);

test("the counter is unusable, the guest's, or has jumped", () => {
  assertEquals(find({ refusal: "", trust: "kernel", jumps: 0 }), []);
  assertEquals(find({ refusal: "Reading it is trapped" }), ["information counter.unusable"]);
  assertEquals(find({ refusal: "", trust: "guest" }), ["information counter.guest"]);
  assertEquals(find({ refusal: "", trust: "kernel", jumps: 2 }), ["warning counter.jumped"]);
});
