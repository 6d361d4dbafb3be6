// npm test: node26 (pure computation)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { measure } from "../../../bench/mod.ts";
import type { ChildMessage } from "../../../cli/bench/child.ts";
import { parseMessage } from "../../../cli/bench/message_shape.ts";

const timeout = 60_000;
const benchmark = { name: "a", group: ["g"], params: { n: 1 }, mode: "latency" as const };

test("parseMessage() takes every kind of message", { timeout }, async () => {
  const result = await measure(() => Math.random(), { time: 5, warmup: 5 });
  const messages: ChildMessage[] = [
    { kind: "run", names: ["a", "b"] },
    { kind: "result", result },
    { kind: "skipped", benchmark: { ...benchmark, reason: "why" } },
    { kind: "thrown", benchmark, error: "Error: on purpose" },
    { kind: "failed", error: "why" },
    { kind: "end", declared: 2 },
    { kind: "exit", declared: 2 },
  ];
  for (const message of messages) assertEquals(parseMessage(JSON.stringify(message)), message);
});

test("parseMessage() takes nothing that lacks a part, or has another in its place", {
  timeout,
}, async () => {
  const result = await measure(() => Math.random(), { time: 5, warmup: 5 });
  const changed = (key: string, value: unknown) => ({
    kind: "result",
    result: { ...result, [key]: value },
  });
  const none: unknown[] = [
    null,
    [],
    {},
    "run",
    { kind: "toString" },
    { kind: "run", names: "a" },
    { kind: "run", names: [1] },
    { kind: "skipped", benchmark },
    { kind: "thrown", benchmark: { ...benchmark, params: [] }, error: "" },
    { kind: "end", declared: "2" },
    changed("ns", { p50: 1 }),
    changed("slices", [1, null]),
    changed("histogram", [1]),
    changed("clock", null),
    changed("warnings", [{ code: "noise" }]),
    ...Object.keys(result).map((key) => changed(key, undefined)),
  ];
  for (const value of none) {
    const text = JSON.stringify(value);
    assertEquals(parseMessage(text), undefined, text.slice(0, 200));
  }
});
