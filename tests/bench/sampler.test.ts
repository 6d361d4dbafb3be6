/** Taking a sample, and recording it, allocates nothing: or collections would come of measuring. */
// npm test: bun, node26 (one of each engine)
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import process from "node:process";
import { test } from "node:test";
import type { BenchClock } from "../../bench/clock.ts";
import { Recorder } from "../../bench/distribution.ts";
import { type Loop, type LoopShape, makeLoop } from "../../bench/loop.ts";
import { Sampler } from "../../bench/sampler.ts";
import { runtime, statisticalTest } from "../support.ts";

const timeout = 60_000;
const SAMPLES = 10_000;
const ROUNDS = 50;
const STRETCHES = 10;
/** Bytes: less than any object has, and more than a round allocates of itself, by the sample. */
const NOTHING = 0.5;
/** The least that an object or a number that is boxed takes. */
const OBJECT_BYTES = 12;

const out = new Float64Array(SAMPLES);

/** A clock that counts in a typed array: a closure's own numbers would be boxed. */
const cell = new Float64Array(1);
const read = () => (cell[0] = (cell[0] as number) + 0.5);

/** The loop of latency mode over a function. */
function sampling(fn: (input: number) => unknown, returns: string): () => void {
  const shape: LoopShape = { batched: false, awaits: false, awaitsHooks: false, returns };
  const { loop } = makeLoop(shape, { fn, input: 1, read, before: undefined, after: undefined });
  return () => void loop(out, 0, SAMPLES, 1, Infinity, 0);
}

const recorder = new Recorder();
const record = () => recorder.record(out, SAMPLES);

const turn = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Bytes for each sample in V8, in the middle of many rounds: in few of them it collects. Of several
 * stretches the least, since a compiler is late where others have the CPUs, and allocates, too.
 */
async function bytes(round: () => void): Promise<number> {
  const grown = () => {
    const before = process.memoryUsage().heapUsed;
    round();
    return (process.memoryUsage().heapUsed - before) / SAMPLES;
  };
  let least = Infinity;
  for (let stretch = 0; stretch < STRETCHES && least > NOTHING; stretch++) {
    for (let i = 0; i < ROUNDS; i++) round();
    const middle = Float64Array.from({ length: ROUNDS }, grown).sort()[ROUNDS / 2] as number;
    least = Math.min(least, middle);
    await turn(stretch * 10);
  }
  return least;
}

/**
 * In how many of ten times a million samples JavaScriptCore collected: it does not tell what it
 * allocates, but something that nobody holds is gone after a collection.
 */
async function collections(round: () => void): Promise<number> {
  let found = 0;
  for (let i = 0; i < 10; i++) {
    // Several: what looks like a pointer on the stack may keep one.
    const witnesses = Array.from({ length: 8 }, () => new WeakRef({}));
    await turn(); // until now the WeakRefs held them
    for (let samples = 0; samples < 1e6; samples += SAMPLES) round();
    await turn();
    if (witnesses.some((witness) => witness.deref() === undefined)) found++;
  }
  return found;
}

const onlyV8 = runtime === "bun" ? "Bun's heap counters change only when it collects" : false;
const onlyBun = runtime === "bun" ? false : "here the bytes are counted";
const notDeno = runtime === "deno"
  ? "Deno's histogram.record() itself takes about 35 bytes"
  : onlyV8;

const subjects: readonly [string, () => void][] = [
  ["of a function that returns nothing", sampling(() => {}, "undefined")],
  ["of a function that returns a number", sampling((x) => x + 0.5, "number")],
];

for (const [name, round] of subjects) {
  statisticalTest(
    `taking a sample ${name} allocates nothing`,
    { skip: onlyV8, timeout },
    async () => {
      assertLess(await bytes(round), NOTHING);
    },
  );

  statisticalTest(
    `a million samples ${name} need no collection`,
    { skip: onlyBun, timeout },
    async () => {
      // It also collects by the clock; not every time.
      assertLess(await collections(round), 10);
    },
  );
}

statisticalTest("recording a sample allocates nothing", { skip: notDeno, timeout }, async () => {
  subjects[1]?.[1]();
  assertLess(await bytes(record), NOTHING);
});

statisticalTest(
  "recording a million samples needs no collection",
  { skip: onlyBun, timeout },
  async () => {
    assertLess(await collections(record), 10);
  },
);

statisticalTest("what allocates is found out", { timeout }, async () => {
  if (runtime === "bun") {
    // So much that a million of them fill a heap that other tests have let grow.
    assert(await collections(sampling((x) => new Array(32).fill(x), "object")) === 10);
  } else {
    // So little that V8 need not collect in most of the rounds.
    assertGreater(await bytes(sampling((x) => [x, x, x, x], "object")), OBJECT_BYTES);
  }
});

/** A sampler whose loop only writes down its calls, and takes a nanosecond for each sample and round. */
function tracing(): { sampler: Sampler; calls: number[][] } {
  const calls: number[][] = [];
  let ns = 0;
  const clock: BenchClock = { name: "now", source: "test", read: () => ns, toNs: (delta) => delta };
  const loop: Loop = (samples, first, end, batch, deadline, idle) => {
    ns += idle;
    let next = first;
    while (next < end && (next === first || ns < deadline)) {
      samples[next++] = batch;
      ns++;
    }
    calls.push([first, next, batch, idle]);
    return next;
  };
  return { sampler: new Sampler(loop, clock, { cost: 0, resolution: 1 }, clock), calls };
}

test("Sampler takes a window in many calls of the loop, so that they are compiled", async () => {
  const { sampler, calls } = tracing();
  const { samples, callNs, elapsedNs } = await sampler.window(1000, 7, Infinity);
  assertEquals([samples, callNs, elapsedNs, calls.length], [1000, 1, 1000, 256]);
  assertEquals(calls.map(([first]) => first), [0, ...calls.slice(0, -1).map(([, end]) => end)]);
  assertEquals([...sampler.out.subarray(999, 1001)], [7, 0]);
});

test("Sampler goes round idle in many calls, not too often, or not at all", async () => {
  for (const [rounds, each] of [[2560, 10], [2815, 10], [255, 0], [-1, 0]] as const) {
    const { sampler, calls } = tracing();
    await sampler.idle(rounds);
    assertEquals(calls, Array.from({ length: each === 0 ? 0 : 256 }, () => [0, 0, 0, each]));
  }
});

test("Sampler takes a slice in one call, and one sample at least", async () => {
  const { sampler, calls } = tracing();
  assertEquals((await sampler.slice(50, 2, sampler.now() + 10)).samples, 10);
  assertEquals((await sampler.slice(50, 2, sampler.now() - 5)).samples, 1);
  assertEquals((await sampler.window(50, 2, sampler.now() + 10)).samples, 10);
  assertEquals(calls.slice(0, 2), [[0, 10, 2, 0], [0, 1, 2, 0]]);
});
