/** Taking a sample, and recording it, allocates nothing: or collections would come of measuring. */
import { assert, assertGreater, assertLess } from "@std/assert";
import process from "node:process";
import { test } from "node:test";
import { Recorder } from "../bench/distribution.ts";
import { type LoopShape, makeLoop } from "../bench/loop.ts";
import { runtime } from "./support.ts";

const timeout = 60_000;
const SAMPLES = 10_000;
const ROUNDS = 100;
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
  return () => void loop(out, SAMPLES, 1, 0);
}

const recorder = new Recorder();
const record = () => recorder.record(out, SAMPLES);

/** Bytes for each sample in V8, in the middle of many rounds: in few of them it collects. */
function bytes(round: () => void): number {
  const grown = () => {
    const before = process.memoryUsage().heapUsed;
    round();
    return (process.memoryUsage().heapUsed - before) / SAMPLES;
  };
  for (let i = 0; i < ROUNDS; i++) round(); // compilers allocate, too
  return Float64Array.from({ length: ROUNDS }, grown).sort()[ROUNDS / 2] as number;
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

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
  ? "Deno's histogram.record() itself takes some 35 bytes"
  : onlyV8;

const subjects: readonly [string, () => void][] = [
  ["of a function that returns nothing", sampling(() => {}, "undefined")],
  ["of a function that returns a number", sampling((x) => x + 0.5, "number")],
];

for (const [name, round] of subjects) {
  test(`taking a sample ${name} allocates nothing`, { skip: onlyV8, timeout }, () => {
    assertLess(bytes(round), 0.5);
  });

  test(`a million samples ${name} need no collection`, { skip: onlyBun, timeout }, async () => {
    // It also collects by the clock; not every time.
    assertLess(await collections(round), 10);
  });
}

test("recording a sample allocates nothing", { skip: notDeno, timeout }, () => {
  subjects[1]?.[1]();
  assertLess(bytes(record), 0.5);
});

test("recording a million samples needs no collection", { skip: onlyBun, timeout }, async () => {
  assertLess(await collections(record), 10);
});

test("what allocates is found out", { timeout }, async () => {
  if (runtime === "bun") {
    // So much that a million of them fill a heap that other tests have let grow.
    assert(await collections(sampling((x) => new Array(32).fill(x), "object")) === 10);
  } else {
    // So little that V8 need not collect in most of the rounds.
    assertGreater(bytes(sampling((x) => [x, x, x, x], "object")), OBJECT_BYTES);
  }
});
