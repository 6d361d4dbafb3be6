// npm test: node26 (what is declared is the same in each)
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { test } from "node:test";
import { bench, group, measure, run } from "../../bench/mod.ts";
import { inOtherRealm } from "../fixtures/other_realm.ts";
import { SHORT, work } from "./support.ts";

const timeout = 60_000;

test("bench() makes one of each combination of parameters", { timeout }, async () => {
  const given: unknown[] = [];
  bench("with", ({ text }: { text: string }) => text.length + work(), {
    ...SHORT,
    params: { size: [1, 2], letter: ["a", "b"] },
    setup: ({ size, letter }) => ({ text: letter.repeat(size) }),
    teardown: ({ text }) => given.push(text),
  });
  const { results } = await run();
  assertEquals(given, ["a", "b", "aa", "bb"]);
  assertEquals(results.map(({ params }) => params), [
    { size: 1, letter: "a" },
    { size: 1, letter: "b" },
    { size: 2, letter: "a" },
    { size: 2, letter: "b" },
  ]);
});

/** Never called: the compiler sees it. */
export function _types() {
  bench("parameters", ({ n }: { n: number }) => n, { params: { n: [1] } });
  bench("neither", () => 1, SHORT);
  // @ts-expect-error without a setup the function gets the parameters
  bench("other than the parameters", (text: string) => text, { params: { n: [1] } });
  // @ts-expect-error the same with the function last
  bench("other than the parameters", { params: { n: [1] } }, (text: string) => text);
}

test("bench() takes the function last, too, and knows its input's type then", {
  timeout,
}, async () => {
  const given: string[] = [];
  bench("with", {
    ...SHORT,
    params: { size: [1, 2], letter: ["a"] },
    setup: ({ size, letter }) => Promise.resolve({ text: letter.repeat(size) }),
    teardown: ({ text }) => given.push(text),
  }, ({ text }) => text.length + work());
  bench("without", { ...SHORT, params: { n: [3] } }, ({ n }) => void given.push(n.toFixed(1)));
  const { results } = await run();
  assertEquals([...new Set(given)], ["a", "aa", "3.0"]);
  assertEquals(results.map(({ name, params }) => [name, params]), [
    ["with", { size: 1, letter: "a" }],
    ["with", { size: 2, letter: "a" }],
    ["without", { n: 3 }],
  ]);
});

test("bench() hands over the parameters where there is no setup", { timeout }, async () => {
  const seen = new Set<number>();
  bench("plain", ({ n }: { n: number }) => void seen.add(n), { ...SHORT, params: { n: [3, 5] } });
  await run();
  assertEquals([...seen], [3, 5]);
});

test("group() takes no async declarations: the later ones would be in no group", () => {
  assertThrows(() => group("late", async () => await 1), TypeError, "promise");
  const other = inOtherRealm<() => void>("async () => {}"); // whose Promise is another one
  assertThrows(() => group("late", other), TypeError, "promise");
});

test("group() takes no generator, which would declare nothing", async () => {
  const generator = function* () {
    bench("never", work, SHORT);
    yield 1;
  };
  assertThrows(() => group("none", generator), TypeError, "iterator");
  assertEquals((await run()).results, []);
});

test("group() closes also when its declarations throw", { timeout }, async () => {
  assertThrows(
    () =>
      group("broken", () => {
        throw new Error("on purpose");
      }),
    Error,
    "on purpose",
  );
  bench("after", work, SHORT);
  assertEquals((await run()).results[0]?.group, []);
});

test("wrong arguments are named", { timeout }, async () => {
  const wrong = (value: unknown) => value as never;
  assertThrows(() => bench(wrong(1), work), TypeError, "`name`");
  assertThrows(() => bench("x", wrong("fn")), TypeError, "`fn`");
  assertThrows(() => bench("x", work, { mode: wrong("both") }), RangeError, "`mode`");
  assertThrows(() => bench("x", work, { time: 0 }), RangeError, "`time`");
  assertThrows(() => bench("x", work, { warmup: NaN }), RangeError, "`warmup`");
  assertThrows(() => bench("x", work, { time: wrong("1") }), TypeError, "`time`");
  assertThrows(() => bench("x", work, { params: { n: wrong(3) } }), TypeError, "`params.n`");
  assertThrows(() => bench("x", work, wrong(null)), TypeError, "`options`");
  assertThrows(() => bench("x", wrong(null), work), TypeError, "`options`");
  assertThrows(() => bench("x", wrong({})), TypeError, "`fn`");
  assertThrows(() => group("x", wrong(undefined)), TypeError, "`declare`");
  for (const skip of [true, null, 1, () => "why"]) {
    assertThrows(() => bench("x", work, { skip: wrong(skip) }), TypeError, "`skip`");
  }
  for (const skip of ["", " \n"]) {
    assertThrows(() => bench("x", work, { skip }), RangeError, "`skip`");
  }
  for (const hook of ["setup", "teardown", "beforeSample", "afterSample"]) {
    for (const value of [5, null, "x"]) {
      const options = wrong({ ...SHORT, [hook]: value });
      assertThrows(() => bench("x", work, options), TypeError, `\`${hook}\` to be a function`);
      await assertRejects(() => measure(work, options), TypeError, `\`${hook}\` to be a function`);
    }
  }
  await assertRejects(() => measure(wrong(undefined)), TypeError, "`fn`");
  for (const name of [5, null]) {
    await assertRejects(() => measure(work, { name: wrong(name) }), TypeError, "`name`");
  }
  await assertRejects(() => run({ time: -1 }), RangeError, "`time`");
  for (const filter of ["a+b", 5, null, { source: "a" }]) {
    await assertRejects(() => run({ filter: wrong(filter) }), TypeError, "`filter`");
  }
  for (const onResult of [5, null]) {
    await assertRejects(() => run({ onResult: wrong(onResult) }), TypeError, "`onResult`");
  }
  assertEquals((await run()).results, []);
});

test("params is a plain object of arrays of values, of any realm", { timeout }, async () => {
  const given: unknown[] = [];
  const declare = (params: unknown) =>
    bench("x", (input) => void given.push(input), { ...SHORT, params: params as never });
  const pairs = new Map([["n", [1, 2]]]);
  class Params {
    n = [1];
  }
  for (const params of [5, "n", null, pairs, [[1, 2]], new Params(), Object.create({ n: [1] })]) {
    assertThrows(() => declare(params), TypeError, "`params` to be a plain object");
  }
  for (const n of [5, [], "ab", new Set([1])]) {
    assertThrows(() => declare({ n }), TypeError, "`params.n`");
  }
  assertEquals((await run()).results, []);
  declare(inOtherRealm("({ n: [1] })"));
  declare(Object.assign(Object.create(null), { n: [2] }));
  declare({ n: Array(1) }); // a hole is undefined
  const { results } = await run({ filter: inOtherRealm("/x/") });
  assertEquals(results.map(({ params }) => params), [{ n: 1 }, { n: 2 }, { n: undefined }]);
});

test("unknown options are named, with the known ones", { timeout }, async () => {
  const wrong = (value: unknown) => value as never;
  const known = "mode, time, warmup, skip, params, setup, teardown, beforeSample, afterSample";
  for (
    const declare of [
      () => bench("x", work, wrong({ ...SHORT, tiem: 5 })),
      () => bench("x", wrong({ tiem: undefined }), work),
    ]
  ) {
    const { message } = assertThrows(declare, TypeError);
    assertEquals(message, `Expected the keys of \`options\` to be among ${known}, got tiem`);
  }
  assertThrows(() => bench("x", work, wrong({ name: "x" })), TypeError, "got name");
  for (const key of ["params", "skip", "iterations"]) {
    await assertRejects(() => measure(work, wrong({ [key]: {} })), TypeError, `got ${key}`);
  }
  await assertRejects(() => measure(work, wrong(null)), TypeError, "`options`");
  await assertRejects(() => run(wrong({ filters: /x/ })), TypeError, "filter, time, warmup");
  assertEquals((await run()).skipped, []);
});
