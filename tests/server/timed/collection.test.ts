// npm test: deno, bun, node26 (the collectors of older Nodes do the same)
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { test } from "node:test";
import { run } from "../../support.ts";
import { COLLECTED } from "../support.ts";

test("nothing is kept of requests that were waited for", { timeout: 300_000 }, () => {
  const { code, stdout, stderr } = run("tests/fixtures/request_leaks.ts", [], COLLECTED);
  assertEquals([code, stderr], [0, ""]);
  // Some collectors look for pointers on the stack, where old ones are left.
  assertLessOrEqual(Number(stdout), 10);
});
