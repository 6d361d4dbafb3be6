// npm test: bun, node26 (one of each engine)
import { assert, assertLess, assertThrows } from "@std/assert";
import { test } from "node:test";
import { clockCost, clockLoops } from "../../doctor/mod.ts";
import {
  CLOCK_MONOTONIC,
  CLOCK_PROCESS_CPUTIME_ID,
  UnsupportedError,
  VdsoError,
} from "../../mod.ts";

test("clockCost() measures positive times", () => {
  for (const clock of [CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID]) {
    const { nativeNs, syscallNs } = clockCost(clock);
    // No upper bound: machines are shared. No machine does it in less than a cycle.
    assert(nativeNs > 0.2 && Number.isFinite(nativeNs), `${nativeNs}`);
    assert(syscallNs > 0.2 && Number.isFinite(syscallNs), `${syscallNs}`);
  }
});

test("clockCost() throws as clockGettime() does when there is no such clock", () => {
  assertThrows(() => clockCost(12), VdsoError, "EINVAL");
  assertThrows(() => clockCost(0.5), RangeError, "`clock`");
  assertLess(0, clockCost(-0).nativeNs); // CLOCK_REALTIME, whichever FFI
  assert(!(assertThrows(() => clockCost(12), VdsoError) instanceof UnsupportedError));
});

test("clockLoops() makes as many calls as it is told", () => {
  for (const clock of [CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID]) {
    const { entry, syscall } = clockLoops(clock);
    for (const loop of [entry, syscall]) {
      // No upper bound, as above: but a thousand times the calls takes longer.
      const least = (calls: number) => Math.min(...Array.from({ length: 5 }, () => loop(calls)));
      assertLess(10 * least(10), least(10_000));
    }
  }
});

test("clockLoops() throws for a clock that is not there, and its loops for no number of calls", () => {
  assertThrows(() => clockLoops(12), VdsoError, "EINVAL");
  assertThrows(() => clockLoops(0.5), RangeError, "`clock`");
  const { entry, syscall } = clockLoops();
  for (const loop of [entry, syscall]) {
    for (const calls of [0, -1, 1.5, NaN, 2 ** 31, Infinity]) {
      assertThrows(() => loop(calls), RangeError, "`calls`");
    }
    assertThrows(() => loop("1" as never), TypeError, "`calls`");
  }
});
