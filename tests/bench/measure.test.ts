// npm test: deno, bun, node26 (one of each kind)
import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { test } from "node:test";
import { type BenchResult, measure, type Mode } from "../../bench/mod.ts";
import { run as runProgram, runtime, statisticalTest } from "../support.ts";
import { checkResult, SHORT, work } from "./support.ts";

const timeout = 60_000;

test("measure() gives plain data", { timeout }, async () => {
  for (const mode of ["throughput", "latency"] as Mode[]) {
    const result = await measure(work, { ...SHORT, mode });
    checkResult(result);
    assertEquals(JSON.parse(JSON.stringify(result)), result);
  }
});

test("measure() measures here and now", { timeout }, async () => {
  const result = await measure(work, SHORT);
  assertEquals([result.name, result.group, result.params], ["work", [], {}]);
  checkResult(result);
  const named = await measure((numbers) => numbers.length, {
    ...SHORT,
    name: "lengths",
    setup: () => Promise.resolve([1, 2, 3]),
  });
  assertEquals(named.name, "lengths");
});

statisticalTest("measure() finds a result that doing nothing explains", {
  timeout,
}, async () => {
  // Another program may slow down one of the two.
  const { warnings } = await measure(() => {}, { time: 200 });
  const codes = warnings.map(({ code }) => code);
  assert(codes.includes("noise"), codes.join());
});

const countsBytes = runtime !== "bun" &&
  "sampler.test.ts counts the bytes here; counting coverage would slow one side";

statisticalTest("measure() has every object made, also where nobody looks at it", {
  skip: countsBytes,
  timeout,
}, async () => {
  const options = { time: 100, setup: () => 7 };
  const nothing = await measure(() => {}, options);
  const made = await measure((x) => ({ a: x, b: 2 }), options);
  // Left out it would be 1.3 times the loop around it; made it is five times as much.
  assertGreater(made.ns.min, 2 * nothing.ns.min);
});

statisticalTest("measure() knows a function from one that takes a hundred times as long", {
  timeout,
}, async () => {
  const much = () => {
    let sum = 0;
    for (let i = 0; i < 100; i++) sum += work();
    return sum;
  };
  // In this order: `work` has been compiled for long when it is measured.
  const [often, once] = [await measure(much, SHORT), await measure(work, SHORT)];
  const ratio = often.ns.min / once.ns.min;
  assert(ratio > 30 && ratio < 300, `${ratio}`);
});

test("measure() passes on what the function throws", { timeout }, async () => {
  const error = new Error("on purpose");
  const thrower = () => {
    throw error;
  };
  assertEquals(await assertRejects(() => measure(thrower, SHORT), Error), error);
  assertEquals(await assertRejects(() => measure(() => Promise.reject(error), SHORT)), error);
});

const onlyNode = runtime === "node" ? false : "the flag is Node's";

test("measure() shares a loop where code may not be generated", { skip: onlyNode, timeout }, () => {
  const { code, stdout, stderr } = runProgram("tests/fixtures/microbench_measure.ts", [], {
    node: ["--disallow-code-generation-from-strings"],
  });
  assertEquals([code, stderr], [0, ""]);
  const result = JSON.parse(stdout) as BenchResult;
  assert(result.warnings.some(({ code }) => code === "shared-loop"));
  assertGreater(result.ns.p50, 0);
});
