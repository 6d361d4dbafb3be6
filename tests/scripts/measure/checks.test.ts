import { assertEquals } from "@std/assert";
import test from "node:test";
import {
  checkClocks,
  checkOthers,
  checkStartup,
  checkWorkers,
} from "../../../scripts/measure/checks.ts";
import type {
  ContenderName,
  OtherName,
  OthersResult,
  RuntimeResult,
} from "../../../scripts/measure/results.ts";
import type { Form, StartupResult } from "../../../scripts/measure/results.ts";

const all = (value: number) => ({ min: value, q1: value, median: value, q3: value });

/** A result with these times native C. */
function result(ratios: Partial<Record<ContenderName, number>>): RuntimeResult {
  const contenders = Object.fromEntries(
    Object.entries(ratios).map((
      [name, ratio],
    ) => [name, { ns: all(ratio * 25), ratio: all(ratio) }]),
  );
  return { version: "1", ffi: "bun", source: "vdso", nativeBy: "gcc", rounds: 3, contenders };
}

const IN_VDSO = {
  clock_gettime: "vdso",
  clock_getres: "vdso",
  gettimeofday: "vdso",
  time: "vdso",
  getcpu: "vdso",
  getrandom: "vdso",
} as const;

/** Just as good as promised, in nanoseconds. */
const PROMISED: Readonly<Partial<Record<OtherName, number>>> = {
  nativeCounter: 10,
  native: 26,
  ticks: 13,
  nowCoarse: 10,
  cpu: 10,
  randomU32: 30,
  getrandom16: 200,
  getRandomValues16: 1000,
};

function others(ns: typeof PROMISED, rest: Partial<OthersResult> = {}): OthersResult {
  const contenders = Object.fromEntries(
    Object.entries(ns).map((
      [name, ns],
    ) => [name, { ns: all(ns), ...(name === "ticks" && { ratio: all(ns / 10) }) }]),
  );
  return { entries: IN_VDSO, hasCounter: true, rounds: 3, contenders, ...rest };
}

function startup(form: Form, ratio: number): StartupResult {
  const added = all(10 * ratio);
  return { runtime: "bun", form, pairs: 3, empty: all(10), added, least: all(10), ratio };
}

const holds = (checks: readonly { holds: boolean }[]) => checks.map((check) => check.holds);

test("checkClocks() allows now() so many times native C, by runtime", () => {
  const limits = { deno: 1.1, bun: 1.1, node22: 1.18, node24: 1.1, node26: 1.1 };
  for (const [runtime, limit] of Object.entries(limits) as [keyof typeof limits, number][]) {
    assertEquals(holds(checkClocks(runtime, result({ now: limit }))), [true]);
    assertEquals(holds(checkClocks(runtime, result({ now: limit + 0.01 }))), [false]);
  }
});

test("checkClocks() allows now() 2.0 times native C when the FFI is koffi", () => {
  for (const runtime of ["node22", "node24", "node26"] as const) {
    const by = (now: number) => ({ ...result({ now }), ffi: "koffi" });
    assertEquals(holds(checkClocks(runtime, by(2))), [true]);
    assertEquals(holds(checkClocks(runtime, by(2.01))), [false]);
  }
});

test("checkClocks() says which built-in clock is faster when one is", () => {
  const ratios = { now: 1.1, performanceNow: 1.4, hrtimeBigint: 1.2, bunNanoseconds: 1 };
  const checks = checkClocks("bun", result(ratios));
  assertEquals(holds(checks), [true, true, true, false]);
  assertEquals(checks[3]?.promise, "now(), times Bun.nanoseconds()");
});

test("checkClocks() compares with no built-in clock when the FFI is koffi", () => {
  const measured = { ...result({ now: 1.7, performanceNow: 1.4 }), ffi: "koffi" };
  assertEquals(checkClocks("node22", measured).length, 1);
});

test("checkClocks() does not hold when now() was not measured", () => {
  assertEquals(holds(checkClocks("deno", result({}))), [false]);
});

test("checkOthers() is content when all is as promised", () => {
  const yes = (count: number) => Array(count).fill(true);
  assertEquals(holds(checkOthers("deno", others(PROMISED))), yes(5));
  assertEquals(holds(checkOthers("bun", others(PROMISED))), yes(5));
  assertEquals(holds(checkOthers("node26", others(PROMISED))), yes(6));
});

test("checkOthers() says what costs more than promised", () => {
  const broken = (worse: typeof PROMISED) =>
    checkOthers("node26", others({ ...PROMISED, ...worse })).filter(({ holds }) => !holds)
      .map(({ promise }) => promise);
  assertEquals(broken({ ticks: 13.1 }), [
    "ticks(), times the bare counter in C",
    "ticks(), times C's clock_gettime",
  ]);
  assertEquals(broken({ native: 25.9 }), ["ticks(), times C's clock_gettime"]);
  assertEquals(broken({ nowCoarse: 10.1 }), ["nowCoarse(), ns"]);
  assertEquals(broken({ cpu: 10.1 }), ["cpu(), ns"]);
  assertEquals(broken({ randomU32: 30.1 }), ["randomU32(), ns"]);
  assertEquals(broken({ getRandomValues16: 999 }), [
    "crypto.getRandomValues(), times getrandom(), 16 bytes",
  ]);
});

test("checkOthers() does not hold when a function was not measured", () => {
  const { nativeCounter = NaN } = PROMISED;
  assertEquals(holds(checkOthers("bun", others({ nativeCounter }))), Array(5).fill(false));
});

test("checkOthers() expects nothing of what the kernel or the CPU does not have", () => {
  const entries = { ...IN_VDSO, getcpu: "syscall", getrandom: "syscall" } as const;
  const promises = checkOthers("deno", others(PROMISED, { entries, hasCounter: false }))
    .map(({ promise }) => promise);
  assertEquals(promises, ["nowCoarse(), ns"]);
});

test("checkWorkers() wants 1.8 times the rate of one", () => {
  const workers = (speedup: number) => ({
    rounds: 3,
    alone: all(25),
    together: all(25),
    speedup: all(speedup),
  });
  assertEquals(holds(checkWorkers("bun", workers(1.8))), [true]);
  assertEquals(holds(checkWorkers("bun", workers(1.79))), [false]);
  assertEquals(holds(checkWorkers("bun", undefined)), [false]);
});

test("checkStartup() holds the bundle to the limit when other forms are measured too", () => {
  assertEquals(holds(checkStartup(startup("package", 1.4))), [true]);
  assertEquals(holds(checkStartup(startup("package", 1.41))), [false]);
  assertEquals(checkStartup(startup("bundle", 80)), []);
  assertEquals(checkStartup(startup("sources", 80)), []);
});
