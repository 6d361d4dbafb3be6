// npm test: deno, bun, node26 (the collectors of older Nodes do the same)
import { assertEquals, assertGreater } from "@std/assert";
import { test } from "node:test";
import { run, runtime } from "../../support.ts";
import { COLLECTED } from "../support.ts";

/** What a program prints, as JSON. */
function printed(program: string): unknown {
  const { code, stdout, stderr } = run(`tests/fixtures/${program}.ts`, [], COLLECTED);
  assertEquals([code, stderr], [0, ""]);
  return JSON.parse(stdout);
}

test("not a byte is kept of a request, however it is counted", { timeout: 300_000 }, () => {
  const bytes = printed("request_bytes") as Record<string, number>;
  assertEquals(Object.entries(bytes).filter(([_, each]) => each >= 1), []);
  assertEquals(Object.keys(bytes).length, 7, runtime);
});

test("a series takes at most 8 KB, with all that it is found by", { timeout: 300_000 }, () => {
  const bytes = printed("series_bytes") as number;
  assertGreater(bytes, 5640); // its counts alone
  assertGreater(8192, bytes);
});
