import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import process from "node:process";
import { test } from "node:test";
import { native } from "../core/bind.ts";
import { checked } from "../core/clock.ts";
import { SHIM_REFERENCE } from "../ffi/types.ts";
import {
  CLOCK_AUX,
  CLOCK_BOOTTIME,
  CLOCK_BOOTTIME_ALARM,
  CLOCK_MONOTONIC,
  CLOCK_MONOTONIC_COARSE,
  CLOCK_MONOTONIC_RAW,
  CLOCK_PROCESS_CPUTIME_ID,
  CLOCK_REALTIME,
  CLOCK_REALTIME_ALARM,
  CLOCK_REALTIME_COARSE,
  CLOCK_TAI,
  CLOCK_THREAD_CPUTIME_ID,
  clockGetres,
  clockGettime,
  now,
  nowBigInt,
  realtimeBigInt,
  VdsoError,
} from "../mod.ts";
import { runtime } from "./support.ts";

/** Every clock of include/uapi/linux/time.h, and whether any kernel may lack it. */
const CLOCKS: readonly [name: string, id: number, optional: boolean][] = [
  ["CLOCK_REALTIME", CLOCK_REALTIME, false],
  ["CLOCK_MONOTONIC", CLOCK_MONOTONIC, false],
  ["CLOCK_PROCESS_CPUTIME_ID", CLOCK_PROCESS_CPUTIME_ID, false],
  ["CLOCK_THREAD_CPUTIME_ID", CLOCK_THREAD_CPUTIME_ID, false],
  ["CLOCK_MONOTONIC_RAW", CLOCK_MONOTONIC_RAW, false],
  ["CLOCK_REALTIME_COARSE", CLOCK_REALTIME_COARSE, false],
  ["CLOCK_MONOTONIC_COARSE", CLOCK_MONOTONIC_COARSE, false],
  ["CLOCK_BOOTTIME", CLOCK_BOOTTIME, false],
  ["CLOCK_REALTIME_ALARM", CLOCK_REALTIME_ALARM, true], // wants an RTC
  ["CLOCK_BOOTTIME_ALARM", CLOCK_BOOTTIME_ALARM, true],
  ["CLOCK_TAI", CLOCK_TAI, false],
  ["CLOCK_AUX", CLOCK_AUX, true], // Linux 6.17
];

/** Ids that no kernel has: 10 was CLOCK_SGI_CYCLE, 12 is the last of MAX_CLOCKS' gap. */
const BAD_CLOCKS = [-1, -(2 ** 31), 2 ** 31 - 1, 10, 12];

const reference = native().shim.open(SHIM_REFERENCE);

/** What `f` returns, or the errno of the VdsoError that it throws. */
function outcome(f: () => bigint): bigint | string {
  try {
    return f();
  } catch (error) {
    assertInstanceOf(error, VdsoError);
    return error.code;
  }
}

const syscall = (id: number) =>
  outcome(() => checked(reference.vdso_clock_gettime_syscall(id), "clock_gettime", id));

for (const [name, id, optional] of CLOCKS) {
  test(`clockGettime() lies between two system calls for ${name}`, () => {
    const first = syscall(id);
    if (typeof first === "string") {
      assert(optional, `${name}: the system call says ${first}`);
      assertEquals(outcome(() => clockGettime(id)), first, "the same error both ways");
      return;
    }
    for (let i = 0; i < 5000; i++) {
      const before = reference.vdso_clock_gettime_syscall(id);
      const value = clockGettime(id);
      const after = reference.vdso_clock_gettime_syscall(id);
      assert(before <= value && value <= after, `${before} <= ${value} <= ${after}`);
    }
  });

  test(`clockGetres() is the system call's for ${name}`, () => {
    const expected = outcome(() =>
      checked(reference.vdso_clock_getres_syscall(id), "clock_getres", id)
    );
    assertEquals(outcome(() => clockGetres(id)), expected);
    if (typeof expected === "bigint") assert(expected >= 1n && expected <= 1_000_000_000n);
    else assert(optional);
  });
}

for (const id of BAD_CLOCKS) {
  test(`clockGettime() and clockGetres() throw EINVAL as the system call does for clock ${id}`, () => {
    assertEquals(syscall(id), "EINVAL");
    const error = assertThrows(() => clockGettime(id), VdsoError, "EINVAL");
    assertEquals([error.code, error.errno, error.syscall], ["EINVAL", 22, "clock_gettime"]);
    assertThrows(() => clockGetres(id), VdsoError, "EINVAL");
    assertEquals(
      outcome(() => checked(reference.vdso_clock_getres_syscall(id), "clock_getres", id)),
      "EINVAL",
    );
  });
}

for (const f of [clockGettime, clockGetres]) {
  test(`${f.name}() names the argument and what it got when that is no int32`, () => {
    const wrong: [unknown, typeof TypeError | typeof RangeError, string][] = [
      ["1", TypeError, 'got "1"'],
      [undefined, TypeError, "got undefined"],
      [null, TypeError, "got null"],
      [1n, TypeError, "got 1n"],
      [{}, TypeError, "got Object"],
      [() => 1, TypeError, "got a function"],
      [1.5, RangeError, "got 1.5"],
      [NaN, RangeError, "got NaN"],
      [Infinity, RangeError, "got Infinity"],
      [2 ** 31, RangeError, "got 2147483648"],
      [-(2 ** 31) - 1, RangeError, "got -2147483649"],
    ];
    for (const [value, errorClass, message] of wrong) {
      const error = assertThrows(() => f(value as number), errorClass, "`clock`");
      assert(error.message.endsWith(message), error.message);
    }
  });
}

test("now() is clockGettime(CLOCK_MONOTONIC) as a number", () => {
  for (let i = 0; i < 5000; i++) {
    const before = clockGettime(CLOCK_MONOTONIC);
    const value = now();
    const after = clockGettime(CLOCK_MONOTONIC);
    assert(Number(before) <= value && value <= Number(after), `${before} <= ${value} <= ${after}`);
    if (after < 2n ** 53n) assert(Number.isSafeInteger(value));
  }
});

test("nowBigInt() and realtimeBigInt() are their clocks", () => {
  for (let i = 0; i < 5000; i++) {
    const before = clockGettime(CLOCK_MONOTONIC);
    const value = nowBigInt();
    assert(before <= value && value <= clockGettime(CLOCK_MONOTONIC));
  }
  // The wall clock may be set back in between: a few tries.
  const within = () => {
    const before = clockGettime(CLOCK_REALTIME);
    const value = realtimeBigInt();
    return before <= value && value <= clockGettime(CLOCK_REALTIME);
  };
  assert(within() || within() || within());
});

test("realtimeBigInt() is Date's clock, in nanoseconds", () => {
  const difference = Number(realtimeBigInt() / 1_000_000n) - Date.now();
  assert(Math.abs(difference) < 1000, `${difference} ms from Date.now()`);
});

test("now() never goes backwards", () => {
  let last = now();
  for (let i = 0; i < 1_000_000; i++) {
    const value = now();
    if (value < last) throw new Error(`${value} after ${last}`);
    last = value;
  }
});

test("now() is on the timeline of process.hrtime.bigint() in Node", {
  skip: runtime !== "node" && `${runtime}'s own clock starts with the process`,
}, () => {
  const before = process.hrtime.bigint();
  const value = nowBigInt();
  assert(before <= value && value <= process.hrtime.bigint());
});

test("checked() tells every errno from every time", () => {
  const min = -(2n ** 63n);
  assertEquals(checked(0n, "clock_gettime", 1), 0n);
  assertEquals(checked(-1n, "clock_gettime", 1), -1n);
  assertEquals(checked(2n ** 63n - 1n, "clock_gettime", 1), 2n ** 63n - 1n);
  assertEquals(checked(min + 4096n, "clock_gettime", 1), min + 4096n);
  const eperm = assertThrows(() => checked(min + 1n, "clock_gettime", 7), VdsoError);
  assertEquals([eperm.code, eperm.errno], ["EPERM", 1]);
  assertEquals(eperm.message, "clock_gettime(clock 7) failed: EPERM");
  const unknown = assertThrows(() => checked(min + 4095n, "clock_getres", 1), VdsoError);
  assertEquals(unknown.code, "errno 4095");
});
