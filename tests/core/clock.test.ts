import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import process from "node:process";
import { test } from "node:test";
import { checked } from "../../core/clock.ts";
import { syscalls } from "../../doctor/mod.ts";
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
  deviceClock,
  now,
  nowBigInt,
  nowBoot,
  nowCoarse,
  nowRaw,
  processClock,
  processCpuTime,
  threadCpuTime,
  VdsoError,
} from "../../mod.ts";
import { runtime } from "../support.ts";

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

/** What `f` returns, or the errno of the VdsoError that it throws. */
function outcome(f: () => bigint): bigint | string {
  try {
    return f();
  } catch (error) {
    assertInstanceOf(error, VdsoError);
    return error.code;
  }
}

const syscall = (id: number) => outcome(() => syscalls.clockGettime(id));

for (const [name, id, optional] of CLOCKS) {
  test(`clockGettime() lies between two system calls for ${name}`, () => {
    const first = syscall(id);
    if (typeof first === "string") {
      assert(optional, `${name}: the system call says ${first}`);
      assertEquals(outcome(() => clockGettime(id)), first, "the same error both ways");
      return;
    }
    for (let i = 0; i < 5000; i++) {
      const before = syscalls.clockGettime(id);
      const value = clockGettime(id);
      const after = syscalls.clockGettime(id);
      assert(before <= value && value <= after, `${before} <= ${value} <= ${after}`);
    }
  });

  test(`clockGetres() is the system call's for ${name}`, () => {
    const expected = outcome(() => syscalls.clockGetres(id));
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
      outcome(() => syscalls.clockGetres(id)),
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

test("nowBigInt() is CLOCK_MONOTONIC", () => {
  for (let i = 0; i < 5000; i++) {
    const before = clockGettime(CLOCK_MONOTONIC);
    const value = nowBigInt();
    assert(before <= value && value <= clockGettime(CLOCK_MONOTONIC));
  }
});

const NUMBERS: readonly [read: () => number, clock: number][] = [
  [nowRaw, CLOCK_MONOTONIC_RAW],
  [nowCoarse, CLOCK_MONOTONIC_COARSE],
  [nowBoot, CLOCK_BOOTTIME],
  [threadCpuTime, CLOCK_THREAD_CPUTIME_ID],
  [processCpuTime, CLOCK_PROCESS_CPUTIME_ID],
];

for (const [read, clock] of NUMBERS) {
  test(`${read.name}() is its clock as a number`, () => {
    for (let i = 0; i < 2000; i++) {
      const before = clockGettime(clock);
      const value = read();
      const after = clockGettime(clock);
      assert(Number(before) <= value && value <= Number(after), `${before} ${value} ${after}`);
    }
  });
}

test("nowCoarse() is never ahead of now(), nor more than two ticks behind", () => {
  const tick = Number(clockGetres(CLOCK_MONOTONIC_COARSE));
  for (let i = 0; i < 100_000; i++) {
    const before = now();
    const coarse = nowCoarse();
    assert(coarse <= now());
    // A tick may come late on a busy machine: seconds would mean another clock.
    assert(before - coarse < tick + 2e9);
  }
});

test("nowBoot() is not behind now()", () => {
  const before = now();
  assert(nowBoot() >= before);
});

test("processCpuTime() grows while this thread works", () => {
  const [thread, process] = [threadCpuTime(), processCpuTime()];
  for (let i = 0; i < 1e6; i++) Math.sqrt(i);
  while (threadCpuTime() - thread < 1e6) continue;
  assert(processCpuTime() - process >= 1e6);
});

test("processClock() reads the CPU time of this and another process", () => {
  const before = processCpuTime();
  const own = Number(clockGettime(processClock(process.pid)));
  assert(before <= own && own <= processCpuTime());
  const self = Number(clockGettime(processClock(0)));
  assert(own <= self && self <= processCpuTime());
  assert(clockGettime(processClock(process.ppid)) > 0n);
  assertEquals(outcome(() => clockGettime(processClock(2 ** 28 - 1))), "EINVAL");
});

test("deviceClock() makes the id of a descriptor, which must be a clock's", () => {
  assertEquals(deviceClock(0), -5); // FD_TO_CLOCKID(0) = (~0 << 3) | 3
  assertEquals(deviceClock(5), -45);
  assertEquals(outcome(() => clockGettime(deviceClock(2 ** 20))), "EINVAL");
});

for (const f of [processClock, deviceClock]) {
  test(`${f.name}() names the argument and what it got when that is no such number`, () => {
    for (const value of [-1, 0.5, NaN, 2 ** 28]) assertThrows(() => f(value), RangeError, "2^28");
    assertThrows(() => f("1" as unknown as number), TypeError, 'got "1"');
  });
}

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
