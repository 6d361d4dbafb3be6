import { assert, assertEquals, assertLess } from "@std/assert";
import { test } from "node:test";
import { seeded } from "../bench/random.ts";
import { batchSize, Settling } from "../bench/warmup.ts";

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
    for (const clockNs of [10, 26, 100, 1000, 1e6]) {
      const batch = batchSize(callNs, clockNs);
      const part = clockNs / (batch * callNs);
      assert(batch === 2 ** 20 || part <= 0.0100001, `${callNs} ${clockNs}: ${part}`);
    }
  }
});

test("batchSize() is 1 for a call that is long enough, and finite for one that takes nothing", () => {
  assertEquals(batchSize(50_000, 30), 1);
  assertEquals(batchSize(1e9, 30), 1);
  assertEquals(batchSize(0, 30), 2 ** 20);
  assertLess(batchSize(20, 30), 1001);
});
