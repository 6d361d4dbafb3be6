// npm test: bun, node26 (one of each engine)
import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { turn } from "../../bench/globals.ts";
import { full, run, runtime, WITHOUT_FFI } from "../support.ts";

const timeout = 60_000;

test(
  "fake timers, and whatever else replaces globals, do not stop a measurement",
  { timeout },
  () => {
    const { code, stdout, stderr } = run("tests/fixtures/fake_globals.ts");
    assertEquals([code, stderr], [0, ""]);
    const { figures, clocks } = JSON.parse(stdout) as { figures: number[]; clocks: number };
    assert(figures.every((ns) => ns > 0 && ns < 1e6), stdout);
    assertEquals(clocks, 2);
  },
);

const notBun = runtime === "bun"
  ? "Bun has no permissions"
  : !full && runtime === "node" && "in the full tier: Deno does without in this one";

test("nor do they without an FFI", { skip: notBun, timeout }, () => {
  const { code, stdout, stderr } = run("tests/fixtures/fake_globals.ts", [], WITHOUT_FFI);
  assertEquals([code, stderr], [0, ""]);
  assertEquals((JSON.parse(stdout) as { clocks: number }).clocks, 1);
});

test("turn() lets timers that are due come first", async () => {
  const order: string[] = [];
  setTimeout(() => order.push("timer"), 0);
  const until = performance.now() + 3;
  while (performance.now() < until) continue;
  await turn();
  await turn();
  order.push("turned");
  assertEquals(order, ["timer", "turned"]);
});
