// npm test: deno, bun, node26 (the collectors of older Nodes do the same)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { run } from "../../support.ts";
import { COLLECTED } from "../support.ts";

test("a response with a stream is collected, and its request ends", { timeout: 300_000 }, () => {
  const { code, stdout, stderr } = run("tests/fixtures/stream_leaks.ts", [], COLLECTED);
  assertEquals([code, stderr], [0, ""]);
  const { few, result } = JSON.parse(stdout) as {
    few: number;
    result: Record<string, [alive: number, inFlight: number]>;
  };
  const leaks = Object.entries(result).filter(([_, left]) => Math.max(...left) > few);
  assertEquals([leaks, Object.keys(result).length], [[], 10]);
});
