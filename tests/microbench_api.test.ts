import { assert, assertEquals, assertGreater, assertRejects, assertThrows } from "@std/assert";
import { test } from "node:test";
import { bench, type BenchResult, group, measure, type Mode, run } from "../bench/mod.ts";
import { run as runProgram, runtime } from "./support.ts";

const timeout = 60_000;
const SHORT = { time: 10, warmup: 10 };

let sum = 0;
const work = () => {
  for (let i = 0; i < 100; i++) sum = Math.sin(sum + i);
  return sum;
};

/** What holds for every result. */
function check(
  { ns, histogram, median, slices, samples, calls, batch, clock, warmup, baseline }: BenchResult,
) {
  const ascending = [ns.min, ns.p50, ns.p75, ns.p90, ns.p99, ns.p999, ns.p9999, ns.max];
  assertEquals(ascending, ascending.toSorted((a, b) => a - b));
  assert(ns.min <= ns.mean && ns.mean <= ns.max && ns.deviation >= 0);
  assert(median.low <= median.high && median.level === 0.95);
  assertEquals(histogram.reduce((sum, [, count]) => sum + count, 0), samples);
  assertEquals(histogram.at(-1)?.[0], ns.max);
  assertEquals(calls, samples * batch);
  assert(slices.length > 0 && samples >= 10 && warmup.calls > 0);
  assert(clock.costNs > 0 && clock.resolutionNs > 0);
  assert(baseline.ns <= baseline.p99);
}

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
  results.forEach(check);
  assertEquals((await run()).results, []);
});

test("run() gives plain data", { timeout }, async () => {
  for (const mode of ["throughput", "latency"] as Mode[]) {
    const result = await measure(work, { ...SHORT, mode });
    check(result);
    assertEquals(JSON.parse(JSON.stringify(result)), result);
  }
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

test("measure() measures here and now", { timeout }, async () => {
  const result = await measure(work, SHORT);
  assertEquals([result.name, result.group, result.params], ["work", [], {}]);
  check(result);
  const named = await measure((numbers) => numbers.length, {
    ...SHORT,
    name: "lengths",
    setup: () => Promise.resolve([1, 2, 3]),
  });
  assertEquals(named.name, "lengths");
});

test("measure() finds a result that doing nothing explains", { timeout }, async () => {
  // Another program may slow down one of the two; hardly three times in a row.
  const warned: string[][] = [];
  for (let i = 0; i < 3 && !warned.at(-1)?.includes("noise"); i++) {
    const { warnings } = await measure(() => {}, { time: 200 });
    warned.push(warnings.map(({ code }) => code));
  }
  assert(warned.at(-1)?.includes("noise"), JSON.stringify(warned));
});

const countsBytes = runtime !== "bun" &&
  "microbench_allocation.test.ts counts the bytes here; counting coverage would slow one side";

test("measure() has every object made, also where nobody looks at it", {
  skip: countsBytes,
  timeout,
}, async () => {
  const options = { time: 100, setup: () => 7 };
  const nothing = await measure(() => {}, options);
  const made = await measure((x) => ({ a: x, b: 2 }), options);
  // Left out it would be 1.3 times the loop around it; made it is five times as much.
  assertGreater(made.ns.min, 2 * nothing.ns.min);
});

test("measure() knows a function from one that takes a hundred times as long", {
  timeout,
}, async () => {
  const much = () => {
    for (let i = 0; i < 100; i++) work();
    return sum;
  };
  const [once, often] = [await measure(work, SHORT), await measure(much, SHORT)];
  const ratio = often.ns.p50 / once.ns.p50;
  assert(ratio > 50 && ratio < 200, `${ratio}`);
});

test("measure() passes on what the function throws", { timeout }, async () => {
  const error = new Error("on purpose");
  const thrower = () => {
    throw error;
  };
  assertEquals(await assertRejects(() => measure(thrower, SHORT), Error), error);
  assertEquals(await assertRejects(() => measure(() => Promise.reject(error), SHORT)), error);
});

test("group() takes no async declarations: the later ones would be in no group", () => {
  assertThrows(() => group("late", async () => await 1), TypeError, "promise");
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
  await assertRejects(() => measure(wrong(undefined)), TypeError, "`fn`");
  await assertRejects(() => run({ time: -1 }), RangeError, "`time`");
  assertEquals((await run()).results, []);
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
