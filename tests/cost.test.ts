import { assert, assertLess, assertThrows } from "@std/assert";
import { test } from "node:test";
import {
  CLOCK_MONOTONIC,
  CLOCK_PROCESS_CPUTIME_ID,
  clockCost,
  UnsupportedError,
  VdsoError,
} from "../mod.ts";

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
