// npm test: node26 (pure computation)
import { assertEquals, assertLess } from "@std/assert";
import { test } from "node:test";
import { watchSteps } from "../../bench/step.ts";

/** A clock of so many units a reading, that shows them in steps. */
function clock(reading: number, step: number): () => number {
  let time = 0;
  return () => Math.floor((time += reading) / step) * step;
}

test("watchSteps() finds the step of a clock, and what a reading takes", () => {
  for (const [reading, step] of [[25, 100], [25, 4e6], [0.5, 64]] as const) {
    const steps = watchSteps(clock(reading, step));
    assertEquals(steps?.step, step);
    assertLess(Math.abs((steps?.reading ?? NaN) / reading - 1), 0.1);
  }
});

test("watchSteps() takes a reading for the step of a clock that moves at each", () => {
  assertEquals(watchSteps(clock(25, 1)), { step: 25, reading: 25 });
});

test("watchSteps() finds nothing where a clock stands still, or moves once", () => {
  assertEquals(watchSteps(() => 5), undefined);
  let readings = 0;
  assertEquals(watchSteps(() => ++readings > 100 ? 1 : 0), undefined);
});
