import { assert, assertEquals } from "@std/assert";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { following, toHrTime } from "../../core/wall.ts";
import { syscalls } from "../../doctor/mod.ts";
import {
  CLOCK_REALTIME,
  clockGettime,
  gettimeofday,
  hrTime,
  realtimeBigInt,
  realtimeMicros,
  time,
  timestampBigInt,
} from "../../mod.ts";
import { full, run, runtime, WITHOUT_FFI } from "../support.ts";

/** Somebody may set the wall clock back just now: not three times in a row. */
function sandwiched(read: () => bigint, unit = 1n): boolean {
  for (let i = 0; i < 3; i++) {
    const before = clockGettime(CLOCK_REALTIME);
    const value = read();
    const after = clockGettime(CLOCK_REALTIME);
    if (before / unit <= value && value <= after / unit) return true;
  }
  return false;
}

test("realtimeBigInt() is CLOCK_REALTIME, and Date's clock in nanoseconds", () => {
  for (let i = 0; i < 2000; i++) assert(sandwiched(realtimeBigInt));
  assert(Math.abs(Number(realtimeBigInt() / 1_000_000n) - Date.now()) < 1000);
});

test("realtimeMicros() is the same in whole microseconds, rounded down", () => {
  for (let i = 0; i < 2000; i++) {
    const value = realtimeMicros();
    assert(Number.isSafeInteger(value));
    assert(sandwiched(() => BigInt(realtimeMicros()), 1000n));
  }
});

test("gettimeofday() is the same in seconds and microseconds", () => {
  for (let i = 0; i < 2000; i++) {
    const { sec, usec } = gettimeofday();
    assert(Number.isInteger(sec) && Number.isInteger(usec) && usec >= 0 && usec < 1e6);
    assert(sandwiched(() => {
      const { sec, usec } = gettimeofday();
      return BigInt(sec * 1e6 + usec);
    }, 1000n));
  }
});

test("gettimeofday() lies between two system calls", () => {
  const micros = ({ sec, usec }: { sec: number; usec: number }) => sec * 1e6 + usec;
  const ordered = () => {
    const before = micros(syscalls.gettimeofday());
    const value = micros(gettimeofday());
    return before <= value && value <= micros(syscalls.gettimeofday());
  };
  for (let i = 0; i < 2000; i++) assert(ordered() || ordered() || ordered());
});

test("hrTime() is the same in seconds and nanoseconds", () => {
  for (let i = 0; i < 2000; i++) {
    const [seconds, nanoseconds] = hrTime();
    assert(Number.isInteger(seconds));
    assert(Number.isInteger(nanoseconds) && nanoseconds >= 0 && nanoseconds < 1e9);
    assert(sandwiched(() => {
      const [seconds, nanoseconds] = hrTime();
      return BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
    }));
  }
});

test("toHrTime() splits exactly what is near a full second, now and when the words are full", () => {
  const SECOND = 1_000_000_000n;
  const moments = [
    0n,
    1n,
    4n,
    5n,
    1_795_000_000n,
    2n ** 31n - 1n,
    2n ** 31n,
    2n ** 32n,
    9_223_372_035n,
  ];
  for (const seconds of moments) {
    for (let off = -300n; off <= 300n; off++) {
      const ns = seconds * SECOND + off;
      for (const time of [ns, -ns]) {
        const [whole, rest] = toHrTime(time);
        assert(rest >= 0 && rest < 1e9);
        assertEquals(BigInt(whole) * SECOND + BigInt(rest), time);
      }
    }
  }
});

test("time() is whole seconds, a tick behind at most, as the system call's", () => {
  for (let i = 0; i < 2000; i++) {
    const value = time();
    assert(Number.isInteger(value));
    assert(Math.abs(value - Number(realtimeBigInt() / 1_000_000_000n)) <= 1);
    assert(Math.abs(value - syscalls.time()) <= 1);
  }
});

test("timestampBigInt() gives a million values in a million calls, in order", () => {
  let last = timestampBigInt();
  for (let i = 0; i < 1_000_000; i++) {
    const value = timestampBigInt();
    if (value <= last) throw new Error(`${value} after ${last}`);
    last = value;
  }
});

test("timestampBigInt() is the wall clock unless that stands still", () => {
  timestampBigInt();
  assert(sandwiched(timestampBigInt));
});

test("timestampBigInt() gives no two threads the same", {
  timeout: 60_000,
  skip: availableParallelism() < 2 && "this process may run on one CPU only",
}, () => {
  const { code, stdout, stderr } = run("tests/fixtures/timestamp_workers.ts", [
    full ? "200000" : "100000",
  ]);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(JSON.parse(stdout), { together: true, equal: 0, backwards: 0 });
});

test("following() counts on by one when the clock is set back or stands still", () => {
  assertEquals(
    [100n, 100n, 50n, 101n, 103n, 200n].reduce<bigint[]>(
      (values, time) => [...values, following(values.at(-1) ?? 0n, time)],
      [],
    ),
    [100n, 101n, 102n, 103n, 104n, 200n],
  );
});

test("the wall clocks take no time before 1970 for an error, without an FFI", {
  skip: runtime === "bun" && "Bun has no permissions: it is without an FFI nowhere",
}, () => {
  const { stdout, stderr } = run("tests/fixtures/wall_before_1970.ts", [], WITHOUT_FFI);
  assertEquals(JSON.parse(stdout || "null"), {
    ffi: "none",
    realtimeBigInt: "-1000000000",
    timestampBigInt: "-1000000000",
    hrTime: [-1, 0],
    realtimeMicros: -1e6,
    gettimeofday: [-1, 0],
    time: -1,
  }, stderr);
});
