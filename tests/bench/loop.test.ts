// npm test: node26 (pure computation)
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { test } from "node:test";
import {
  compilePair,
  type Compiler,
  type LoopParts,
  type LoopShape,
  loopText,
  makeLoop,
} from "../../bench/loop.ts";

const SHAPE: LoopShape = {
  batched: true,
  awaits: false,
  awaitsHooks: false,
  returns: "undefined",
};

/** A clock that counts its readings. */
function counting() {
  let readings = 0;
  return { read: () => readings++, readings: () => readings };
}

const forbidden: Compiler = () => {
  throw new EvalError("Code generation from strings disallowed for this context");
};
/** Undefined: `new Function`. */
const COMPILERS: readonly [string, Compiler | undefined][] = [
  ["generated", undefined],
  ["shared", forbidden],
];

/** Runs a loop over a function that writes down when it is called. */
async function trace(
  shape: Partial<LoopShape>,
  compile: Compiler | undefined,
  parts: Partial<LoopParts<string>> = {},
  samples = 2,
  batch = 3,
  { idle = 0, first = 0, deadline = Infinity } = {},
): Promise<{ log: string[]; out: number[]; own: boolean; end: number }> {
  const log: string[] = [];
  const clock = counting();
  const { loop, own } = makeLoop<string>(
    { ...SHAPE, ...shape },
    {
      fn: (input) => void log.push(`call ${input}`),
      input: "x",
      read: () => (log.push("read"), clock.read()),
      before: undefined,
      after: undefined,
      ...parts,
    },
    compile,
  );
  const out = new Float64Array(samples);
  const end = await loop(out, first, samples, batch, deadline, idle);
  return { log, out: [...out], own, end };
}

for (const [name, compile] of COMPILERS) {
  test(`makeLoop() times batches of calls (${name})`, async () => {
    const { log, out, own } = await trace({}, compile);
    const sample = ["read", "call x", "call x", "call x", "read"];
    assertEquals(log, [...sample, ...sample]);
    assertEquals(out, [1, 1]);
    assertEquals(own, name === "generated");
  });

  test(`makeLoop() times single calls (${name})`, async () => {
    const { log } = await trace({ batched: false }, compile);
    assertEquals(log, ["read", "call x", "read", "read", "call x", "read"]);
  });

  test(`makeLoop() takes samples from one index to another (${name})`, async () => {
    const { out, end } = await trace({}, compile, {}, 4, 3, { first: 2 });
    assertEquals([out, end], [[0, 0, 1, 1], 4]);
  });

  test(`makeLoop() takes no sample after its deadline, and one before (${name})`, async () => {
    for (const awaits of [false, true]) {
      // The third reading is the first of the second sample.
      const { out, end } = await trace({ awaits }, compile, {}, 4, 3, { deadline: 2 });
      assertEquals([out, end], [[1, 1, 0, 0], 2]);
      const late = await trace({ awaits }, compile, {}, 4, 3, { deadline: -5 });
      assertEquals([late.out, late.end], [[1, 0, 0, 0], 1]);
    }
  });

  test(`makeLoop() shows what the function returned last (${name})`, async () => {
    const parts = { input: "x", read: () => 0, before: undefined, after: undefined };
    for (const value of [5, { a: 1 }, undefined]) {
      const shape = { ...SHAPE, returns: typeof value };
      const { loop, last } = makeLoop(shape, { ...parts, fn: () => value }, compile);
      // The last of them takes no sample, and shows what there was before.
      for (const [first, end] of [[0, 3], [3, 40], [0, 0]] as const) {
        await loop(new Float64Array(40), first, end, 2, Infinity, 0);
        assertEquals(last(), value);
      }
    }
  });

  test(`makeLoop() goes round without a call first, to get compiled (${name})`, async () => {
    const { log } = await trace({ batched: false }, compile, {}, 1, 1, { idle: 2 });
    assertEquals(log, ["read", "read", "read", "call x", "read"]);
  });

  test(`makeLoop() calls the functions around a sample outside of it (${name})`, async () => {
    const log: string[] = [];
    const note = (what: string) => (input: string) => void log.push(`${what} ${input}`);
    await trace(
      {},
      compile,
      {
        fn: note("call"),
        before: note("before"),
        after: note("after"),
        read: () => log.push("read"),
      },
      1,
      2,
    );
    assertEquals(log, ["before x", "read", "call x", "call x", "read", "after x"]);
  });

  test(`makeLoop() waits for what is asynchronous (${name})`, async () => {
    const log: string[] = [];
    const later = (what: string) => async () => {
      await Promise.resolve();
      log.push(what);
    };
    await trace({ batched: false, awaits: true, awaitsHooks: true }, compile, {
      fn: later("call"),
      before: later("before"),
      after: later("after"),
      read: () => log.push("read"),
    });
    const sample = ["before", "read", "call", "read", "after"];
    assertEquals(log, [...sample, ...sample]);
  });
}

test("makeLoop() waits for the functions around a sample alone where only they are awaited", async () => {
  const log: string[] = [];
  await trace({ batched: false, awaitsHooks: true }, undefined, {
    fn: () => void Promise.resolve().then(() => log.push("later")),
    before: () => Promise.resolve().then(() => log.push("before")),
    read: () => log.push("read"),
  }, 1);
  // Nothing comes between the call and the reading after it.
  assertEquals(log, ["before", "read", "read", "later"]);
});

test("loopText() is another text for each benchmark, since engines cache by text", () => {
  assertNotEquals(loopText(SHAPE, false, false, 1), loopText(SHAPE, false, false, 2));
  const texts: string[] = [];
  const keep: Compiler = (...words) => {
    texts.push(words.at(-1) ?? "");
    return new Function(...words);
  };
  const parts = { fn: () => {}, input: 0, read: () => 0, before: undefined, after: undefined };
  for (let i = 0; i < 3; i++) makeLoop(SHAPE, parts, keep);
  assertEquals(new Set(texts).size, 3);
});

test("loopText() takes differences of doubles, whatever the clock's readings fit", () => {
  for (const batched of [false, true]) {
    const text = loopText({ ...SHAPE, batched }, false, false, 1);
    assert(text.includes("out[sample] = read();\n"), text);
    assert(text.includes("out[sample] -= start;\n"), text);
  }
});

test("loopText() starts the result with a value of its type", () => {
  const text = (returns: string) => loopText({ ...SHAPE, returns }, false, false, 1);
  assert(text("number").includes("let result = 0;"));
  assert(text("bigint").includes("let result = 0n;"));
  assert(text("undefined").includes("let result;"));
});

test("loopText() lets each object escape, and gives it another place now and then", () => {
  const text = (returns: string, batched = true) =>
    loopText({ ...SHAPE, batched, returns }, false, false, 1);
  for (const returns of ["object", "function"]) {
    assert(text(returns).includes("i++) holder.last = fn(inputs[i & 1]);"));
    assert(text(returns).includes("sample % 16 === 0) holder = sink.holder ="));
    assert(text(returns, false).includes("sample % 1024 === 0) holder = sink.holder ="));
  }
  assert(!text("number").includes("holder"));
});

test("makeLoop() lets other errors than a ban on code through", () => {
  const broken: Compiler = () => {
    throw new SyntaxError("broken");
  };
  let caught: unknown;
  try {
    makeLoop(
      SHAPE,
      { fn: () => {}, input: 0, read: () => 0, before: undefined, after: undefined },
      broken,
    );
  } catch (error) {
    caught = error;
  }
  assert(caught instanceof SyntaxError);
});

for (const [name, compile] of COMPILERS) {
  test(`compilePair() has two readings in a row, again and again (${name})`, () => {
    const clock = counting();
    const out = new Float64Array(5);
    compilePair(clock.read, compile)(out, 5);
    assertEquals([...out], [1, 1, 1, 1, 1]);
    assertEquals(clock.readings(), 10);
  });
}
