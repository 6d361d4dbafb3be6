import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { type FractionEntry, isNormalized } from "../../doctor/mod.ts";
import {
  CLOCK_MONOTONIC_COARSE,
  CLOCK_REALTIME,
  CLOCK_THREAD_CPUTIME_ID,
  VdsoError,
} from "../../mod.ts";

test("isNormalized() holds for every entry, again and again", () => {
  for (const clock of [CLOCK_REALTIME, CLOCK_MONOTONIC_COARSE, CLOCK_THREAD_CPUTIME_ID]) {
    for (let i = 0; i < 1000; i++) assert(isNormalized("clock_gettime", clock), `clock ${clock}`);
    assert(isNormalized("clock_getres", clock));
  }
  assert(isNormalized("clock_gettime"));
  assert(isNormalized("gettimeofday"));
});

test("isNormalized() throws what the clock functions throw", () => {
  for (const entry of ["clock_gettime", "clock_getres"] as const) {
    const error = assertThrows(() => isNormalized(entry, 12), VdsoError);
    assertEquals([error.code, error.syscall], ["EINVAL", entry]);
    assertThrows(() => isNormalized(entry, 0.5), RangeError, "int32");
    assertThrows(() => isNormalized(entry, "1" as unknown as number), TypeError, "int32");
  }
  assertThrows(() => isNormalized("time" as FractionEntry), RangeError, "clock_getres");
});
