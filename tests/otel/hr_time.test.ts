// npm test: bun, node26 (one of each engine)
import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { now, nowBigInt, realtimeBigInt } from "../../mod.ts";
import { isGiven } from "../../otel/hr_time.ts";
import { hrTime, toHrTime } from "../../otel/mod.ts";
import { nanoseconds } from "./sdks.ts";

test("hrTime() is the wall clock in nanoseconds, and never goes back", () => {
  let last = hrTime();
  for (let i = 0; i < 2000; i++) {
    const time = hrTime();
    assert(Number.isInteger(time[0]) && Number.isInteger(time[1]));
    assert(time[1] >= 0 && time[1] < 1e9);
    assert(nanoseconds(last) <= nanoseconds(time));
    last = time;
  }
  // Two readings of the wall clock, and what an anchor may be off by where clocks are slow.
  const before = realtimeBigInt() - 1_000_000n;
  const time = nanoseconds(hrTime());
  assert(before <= time && time <= realtimeBigInt() + 1_000_000n);
});

test("toHrTime() gives a reading of now() the time that hrTime() had then", () => {
  for (let i = 0; i < 2000; i++) {
    const before = hrTime();
    const number = now();
    const bigint = nowBigInt();
    const after = hrTime();
    const times = [before, toHrTime(number), toHrTime(bigint), after].map(nanoseconds);
    assertEquals(times, times.toSorted((a, b) => Number(a - b)));
  }
  const ns = now();
  assertEquals(nanoseconds(toHrTime(ns + 1e9)) - nanoseconds(toHrTime(ns)), 1_000_000_000n);
  assertEquals(toHrTime(Math.floor(ns / 2) + 0.5), toHrTime(Math.floor(ns / 2)));
  const exact = nowBigInt();
  assertEquals(nanoseconds(toHrTime(exact + 1n)) - nanoseconds(toHrTime(exact)), 1n);
});

test("toHrTime() wants a reading of now()", () => {
  for (const ns of [undefined, null, "5", {}, [1, 2]]) {
    assertThrows(
      () => toHrTime(ns as never),
      TypeError,
      "Expected `ns` to be a number or a bigint",
    );
  }
  const wrong = [NaN, Infinity, -1, -1n, realtimeBigInt(), Number(realtimeBigInt())];
  for (const ns of wrong) {
    assertThrows(() => toHrTime(ns), RangeError, "Expected `ns` to be a reading of now()");
  }
});

test("isGiven() knows the times that come from here", () => {
  const time = hrTime();
  assert(isGiven(time) && isGiven(toHrTime(now())));
  assert(!isGiven([...time]));
});
