// npm test: node26 (what runs, and in which order, is the same in each)
import { assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { bench, group, run } from "../../bench/mod.ts";
import { runtime } from "../support.ts";
import { checkResult, SHORT, work } from "./support.ts";

const timeout = 60_000;

test("run() runs what was declared, in order, once", { timeout }, async () => {
  bench("alone", work, SHORT);
  group("outer", () => {
    bench("first", work, { ...SHORT, mode: "latency" });
    group("inner", () => bench("second", () => Promise.resolve(work()), SHORT));
    bench("third", work, SHORT);
  });
  const seen: string[] = [];
  const { runtime: here, results } = await run({ onResult: ({ name }) => void seen.push(name) });
  assertEquals(here.name, runtime);
  assertEquals(seen, ["alone", "first", "second", "third"]);
  assertEquals(results.map(({ name }) => name), seen);
  assertEquals(results.map(({ group }) => group), [[], ["outer"], ["outer", "inner"], ["outer"]]);
  assertEquals(results.map(({ mode }) => mode), [
    "throughput",
    "latency",
    "throughput",
    "throughput",
  ]);
  assertEquals(results.map(({ async }) => async), [false, false, true, false]);
  results.forEach(checkResult);
  assertEquals((await run()).results, []);
});

test(
  "run() waits for a run that nobody awaited, and for one that failed",
  { timeout },
  async () => {
    const order: string[] = [];
    const declare = (name: string, fn: () => unknown) =>
      bench(name, {
        ...SHORT,
        setup: () => void order.push(`${name} on`),
        teardown: () => void order.push(`${name} off`),
      }, fn);
    declare("fails", () => {
      throw new Error("on purpose");
    });
    const failed = run();
    declare("first", work);
    const first = run();
    declare("second", work);
    const second = run();
    await assertRejects(() => failed, Error, "on purpose");
    const results = (await Promise.all([first, second])).flatMap(({ results }) => results);
    assertEquals(results.map(({ name }) => name), ["first", "second"]);
    assertEquals(order, [
      "fails on",
      "fails off",
      "first on",
      "first off",
      "second on",
      "second off",
    ]);
  },
);

test("run() takes a filter over groups and names", { timeout }, async () => {
  const filter = /^parse .*ed$/g;
  group("parse", () => {
    for (const name of ["typed", "plain", "checked"]) bench(name, work, SHORT);
  });
  bench("typed", work, SHORT);
  const { results } = await run({ filter });
  assertEquals(results.map(({ name }) => name), ["typed", "checked"]);
});

test("run() runs nothing of a benchmark that says why not, and passes that on", {
  timeout,
}, async () => {
  const called: string[] = [];
  const calls = (name: string) => () => void called.push(name);
  const hooks = {
    setup: calls("setup"),
    teardown: calls("teardown"),
    beforeSample: calls("beforeSample"),
    afterSample: calls("afterSample"),
  };
  bench("no counter", calls("fn"), { ...SHORT, ...hooks, skip: "There is no counter" });
  group("clocks", () => {
    bench("sound", work, { ...SHORT, skip: false });
    bench("last", {
      mode: "latency",
      params: { n: [1, 2] },
      skip: "Not here",
    }, calls("fn"));
  });
  const seen: string[] = [];
  const result = await run({ onResult: ({ name }) => void seen.push(name) });
  assertEquals([called, seen], [[], ["sound"]]);
  assertEquals(result.results.map(({ name }) => name), ["sound"]);
  assertEquals(result.skipped, [
    {
      name: "no counter",
      group: [],
      params: {},
      mode: "throughput",
      reason: "There is no counter",
    },
    ...[1, 2].map((n) => ({
      name: "last",
      group: ["clocks"],
      params: { n },
      mode: "latency" as const,
      reason: "Not here",
    })),
  ]);
  assertEquals(JSON.parse(JSON.stringify(result.skipped)), result.skipped);
  assertEquals((await run()).skipped, []);
});

test("run() filters what is skipped, too", { timeout }, async () => {
  for (const name of ["a", "b"]) bench(name, work, { skip: "why" });
  const { skipped, results } = await run({ filter: /b/ });
  assertEquals([skipped.map(({ name }) => name), results], [["b"], []]);
});

test("run() passes on what a benchmark throws, and runs none after it", { timeout }, async () => {
  let ran = false;
  bench("throws", () => {
    throw new RangeError("On purpose");
  }, SHORT);
  bench("later", () => {
    ran = true;
  }, SHORT);
  await assertRejects(() => run(), RangeError, "On purpose");
  assertEquals([ran, (await run()).results], [false, []]);
});
