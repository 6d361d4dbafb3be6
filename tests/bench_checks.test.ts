import { assertEquals } from "@std/assert";
import test from "node:test";
import { checkClocks, checkStartup } from "../scripts/bench/checks.ts";
import type { ContenderName, RuntimeResult } from "../scripts/bench/results.ts";
import type { Form, StartupResult } from "../scripts/bench/startup.ts";

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

function startup(form: Form, added: number): StartupResult {
  return { runtime: "bun", form, pairs: 3, empty: all(10), added: all(added) };
}

const holds = (checks: readonly { holds: boolean }[]) => checks.map((check) => check.holds);

test("checkClocks() allows now() 1.2 times native C when the runtime has an FFI of its own", () => {
  for (const runtime of ["deno", "bun", "node26"] as const) {
    assertEquals(holds(checkClocks(runtime, result({ now: 1.2 }))), [true]);
    assertEquals(holds(checkClocks(runtime, result({ now: 1.21 }))), [false]);
  }
});

test("checkClocks() allows now() 2.0 times native C when the FFI is koffi", () => {
  for (const runtime of ["node22", "node24"] as const) {
    assertEquals(holds(checkClocks(runtime, result({ now: 2 }))), [true]);
    assertEquals(holds(checkClocks(runtime, result({ now: 2.01 }))), [false]);
  }
});

test("checkClocks() says which built-in clock is faster when one is", () => {
  const ratios = { now: 1.1, performanceNow: 1.4, hrtimeBigint: 1.2, bunNanoseconds: 1 };
  const checks = checkClocks("bun", result(ratios));
  assertEquals(holds(checks), [true, true, true, false]);
  assertEquals(checks[3]?.promise, "now(), times Bun.nanoseconds()");
});

test("checkClocks() compares with no built-in clock when the FFI is koffi", () => {
  assertEquals(checkClocks("node22", result({ now: 1.7, performanceNow: 1.4 })).length, 1);
});

test("checkClocks() does not hold when now() was not measured", () => {
  assertEquals(holds(checkClocks("deno", result({}))), [false]);
});

test("checkStartup() holds the bundle to the limit when other forms are measured too", () => {
  assertEquals(holds(checkStartup(startup("bundle", 8))), [true]);
  assertEquals(holds(checkStartup(startup("bundle", 8.1))), [false]);
  assertEquals(checkStartup(startup("files", 80)), []);
  assertEquals(checkStartup(startup("sources", 80)), []);
});
