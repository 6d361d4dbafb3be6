// npm test: node26 (pure computation)
import { assert, assertEquals, assertLess } from "@std/assert";
import { test } from "node:test";
import { seeded } from "../../bench/random.ts";
import type { Sampler } from "../../bench/sampler.ts";
import { batchSize, Settling, warmUp } from "../../bench/warmup.ts";

/** How many windows it takes until a course has settled; 0 if it never does. */
function settlesAfter(course: (window: number) => number, most = 500): number {
  const settling = new Settling();
  for (let window = 0; window < most; window++) {
    if (settling.add(course(window))) return window + 1;
  }
  return 0;
}

test("Settling wants ten windows, and no more where nothing changes", () => {
  assertEquals(settlesAfter(() => 20), 10);
});

test("Settling waits until a compiler's step lies behind", () => {
  // Interpreted, then compiled, then compiled better.
  const course = (window: number) => window < 6 ? 400 : window < 13 ? 60 : 20;
  // Of the older five windows, three come after the last step.
  assertEquals(settlesAfter(course), 21);
});

test("Settling does not settle while it gets steadily faster", () => {
  assertEquals(settlesAfter((window) => 0.98 ** window, 200), 0);
});

test("Settling accepts code that was faster once", () => {
  assertEquals(settlesAfter((window) => window < 3 ? 10 : 15), 11);
});

test("Settling is not kept by noise without a trend", () => {
  const random = seeded(2);
  const windows = settlesAfter(() => 100 * (1 + 0.02 * random()) + (random() < 0.1 ? 80 : 0));
  assert(windows >= 10 && windows < 30, `${windows}`);
});

test("batchSize() keeps the clock below a hundredth of a sample", () => {
  for (const callNs of [0.3, 1, 20, 333, 5000, 1e6]) {
    for (const clockNs of [10, 26, 100, 1000, 1e5]) {
      const batch = batchSize(callNs, clockNs);
      const part = clockNs / (batch * callNs);
      assert(batch === 2 ** 20 || part <= 0.0100001, `${callNs} ${clockNs}: ${part}`);
    }
  }
});

test("batchSize() makes no sample longer than it may be, for the sake of the clock", () => {
  for (const callNs of [0.3, 20, 1e6]) {
    for (const clockNs of [1000, 1e6, 4e6]) {
      assertLess((batchSize(callNs, clockNs) - 1) * callNs, 5e7);
      assertLess((batchSize(callNs, clockNs, 3e6) - 1) * callNs, 3e6);
    }
  }
  assertEquals(batchSize(20, 30, 1), batchSize(20, 30)); // never shorter than others
});

test("batchSize() is 1 for a call that is long enough, and finite for one that takes nothing", () => {
  assertEquals(batchSize(50_000, 30), 1);
  assertEquals(batchSize(1e9, 30), 1);
  assertEquals(batchSize(0, 30), 2 ** 20);
  assertLess(batchSize(20, 30), 1001);
});

test("warmUp() comes near to the right batch step by step, while the clock shows nothing", async () => {
  // 4 µs a call, by a clock that shows nothing below 4 ms.
  const callNs = 4000;
  const batches: number[] = [];
  let ns = 0;
  const sampler = {
    readingNs: 25,
    now: () => ns,
    window(samples: number, batch: number) {
      batches.push(batch);
      const elapsedNs = samples * batch * callNs;
      ns += elapsedNs;
      const shown = batch * callNs < 4e6 ? 0 : callNs;
      return Promise.resolve({ samples, callNs: shown, elapsedNs });
    },
    idle: () => Promise.resolve(),
  } as unknown as Sampler;
  const size = (callNs: number) => batchSize(callNs, 4e6, 2e7);
  const { batch } = await warmUp(sampler, { batch: 1, sampleNs: 1 }, size, 1e9, () => true);
  assertEquals(batch, 5000); // a sample of 20 ms
  assertEquals(batches.slice(0, 5), [1, 8, 64, 512, 4096]);
});
