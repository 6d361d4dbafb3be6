/** What calls cost, by a clock that only the measured loops move. */
// npm test: node26 (it only computes, on what is made up)
import { assert, assertEquals, assertLess } from "@std/assert";
import { test } from "node:test";
import { measurePaths } from "../../../doctor/facts/costs.ts";

/** Loops whose calls take so many nanoseconds of a clock that nothing else moves. */
function machine() {
  let time = 0;
  let calls = 0;
  const loop = (ns: number) => (n: number) => {
    time += n * ns;
    calls += n;
    return n * ns;
  };
  return { loop, read: () => time, calls: () => calls };
}

test("measurePaths() gives the cost of either path", () => {
  const { loop, read } = machine();
  const paths = new Map([["clock", { native: loop(25), syscall: loop(130) }]]);
  assertEquals(measurePaths(paths, 30_000, read).get("clock"), { nativeNs: 25, syscallNs: 130 });
});

test("measurePaths() leaves out what fails", () => {
  const { loop, read } = machine();
  const paths = new Map([
    ["bad", { native: () => NaN, syscall: loop(1) }],
    ["worse", { native: loop(1), syscall: () => NaN }],
    ["good", { native: loop(25), syscall: loop(25) }],
  ]);
  assertEquals([...measurePaths(paths, 30_000, read).keys()], ["good"]);
});

test("measurePaths() takes a second or so, however slow calls are", () => {
  const { loop, read } = machine();
  const slow = Object.fromEntries(
    Array.from({ length: 16 }, (_, i) => [`${i}`, { native: loop(5e7), syscall: loop(5e7) }]),
  );
  const costs = measurePaths(new Map(Object.entries(slow)), 30_000, read);
  assert(costs.size > 0);
  assertLess(read(), 2e9);
});

test("measurePaths() ends where calls take no time, or the clock stands still", () => {
  const { loop, read, calls } = machine();
  measurePaths(new Map([["free", { native: loop(0), syscall: loop(0) }]]), 30_000, read);
  assertLess(calls(), 1e8);
});

test("measurePaths() takes neither the first call nor the readings around a turn for what calls cost", () => {
  let time = 0;
  const loop = (ns: number) => {
    let isCold = true;
    return (calls: number) => {
      const took = (calls + 1) * ns + (isCold ? 50_000 : 0);
      isCold = false;
      time += took;
      return took;
    };
  };
  const paths = new Map([["acpi_pm", { native: loop(700), syscall: loop(700) }]]);
  const { nativeNs = NaN, syscallNs = NaN } =
    measurePaths(paths, 30_000, () => time).get("acpi_pm") ?? {};
  assertLess(nativeNs, 750);
  assertLess(syscallNs, 750);
});
