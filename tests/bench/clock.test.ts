// npm test: bun, node26 (one of each engine)
import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { test } from "node:test";
import {
  type BenchClock,
  clockQuality,
  findClocks,
  measureClock,
  smallestStep,
} from "../../bench/clock.ts";
import { seeded } from "../../bench/random.ts";
import { sources } from "../../mod.ts";
import { run, runtime, statisticalTest } from "../support.ts";

const timeout = 30_000;

/** A clock of so many nanoseconds a reading, half as much more or less, that shows them in steps. */
function steps(costNs: number, stepNs: number): BenchClock {
  const random = seeded(1);
  let ns = 0;
  return {
    name: "now",
    source: "test",
    read: () => Math.floor((ns += costNs * (0.5 + random())) / stepNs) * stepNs,
    toNs: (delta) => delta,
  };
}

test("measureClock() finds cost and step of a fine clock", () => {
  const { cost, resolution } = measureClock(steps(25, 1));
  assertLess(Math.abs(cost - 25), 0.5);
  assertEquals(resolution, 1);
});

test("measureClock() finds the cost of a clock whose steps are longer than that", () => {
  for (const [costNs, stepNs] of [[8, 10], [30, 100], [40, 1000]] as const) {
    const { cost, resolution } = measureClock(steps(costNs, stepNs));
    assertEquals(resolution, stepNs);
    assertLess(Math.abs(cost - costNs), 0.1 * costNs, `${cost}, not ${costNs}`);
  }
});

test("measureClock() finds cost and step of a clock whose steps are hundreds of readings long", () => {
  for (const stepNs of [4e3, 1e5, 1e6, 4e6]) {
    const { cost, resolution } = measureClock(steps(25, stepNs));
    assertEquals(resolution, stepNs);
    assertLess(Math.abs(cost - 25), 0.1 * 25, `${cost} for steps of ${stepNs} ns`);
  }
});

test("measureClock() refuses a clock that stands still", () => {
  const clock = { ...steps(25, 1), read: () => 5 };
  assertThrows(() => measureClock(clock), Error, "Cannot measure: now() by test stands still");
});

test("measureClock() finds the cost of a compiled loop where the compiler gave up for a while", () => {
  const clock = steps(25, 1);
  let readings = 0;
  const round = 2 * 4096;
  const read = () => {
    const without = readings > 8 * round && readings < 26 * round;
    readings++;
    if (without) { for (let i = 0; i < 2; i++) clock.read(); }
    return clock.read();
  };
  const { cost } = measureClock({ ...clock, read });
  assertLess(Math.abs(cost - 25), 0.5);
});

test("measureClock() leaves out what was interrupted", () => {
  const clock = steps(25, 1);
  let readings = 0;
  const read = () => clock.read() + (++readings % 500 === 0 ? 50_000 * readings : 0);
  // Every five hundredth reading is far off: the difference before it large, the one after negative.
  const { cost } = measureClock({ ...clock, read });
  assertLess(cost, 26);
});

test("smallestStep() is the least distance, from 0 too", () => {
  assertEquals(smallestStep([30, 33, 38]), 3);
  assertEquals(smallestStep([40, 40]), 40);
  assertEquals(smallestStep([0, 26, 52]), 26);
  assertEquals(smallestStep([1000, 1000.0000001, 1999]), 999);
});

test("smallestStep() takes neighbours for roundings of one value, but not more than two", () => {
  assertEquals(smallestStep([40, 41, 50, 51, 60, 70, 71]), 10);
  assertEquals(smallestStep([40, 40.0000001, 41, 50]), 10);
  assertEquals(smallestStep([20, 30, 31, 32, 40]), 1);
  assertEquals(smallestStep([0, 1, 2, 7]), 1);
});

test("measureClock() finds the step of a clock whose counter's steps are no whole nanoseconds", () => {
  const clock = steps(40, 9.6);
  const { resolution } = measureClock({ ...clock, read: () => Math.floor(clock.read()) });
  assertLess(Math.abs(resolution - 9.6), 1);
});

statisticalTest("findClocks() has the counter for short intervals, and now() for long ones", {
  timeout,
}, () => {
  const { short, long, reason } = findClocks();
  assertEquals([short.name, long.name, reason], ["ticks", "now", undefined]);
  assertEquals(long.source, sources().entries.clock_gettime);
  // The best of several tries: between two readings anything may happen.
  const errors = Array.from({ length: 10 }, () => {
    const [start, startTicks] = [long.read(), short.read()];
    while (long.read() - start < 2e6) continue;
    const [end, endTicks] = [long.read(), short.read()];
    return Math.abs(short.toNs(endTicks - startTicks) / long.toNs(end - start) - 1);
  });
  assertLess(Math.min(...errors), 0.01);
});

test("clockQuality() says how good they are", () => {
  const reports = clockQuality();
  assertEquals(reports.map(({ name }) => name), ["ticks", "now"]);
  for (const { costNs, resolutionNs } of reports) {
    assert(costNs > 1 && Number.isFinite(costNs), `${costNs}`);
    assert(resolutionNs > 0 && Number.isFinite(resolutionNs), `${resolutionNs}`);
  }
});

const onlyDeno = runtime === "deno" ? false : "other runtimes have no such permissions";

test(
  "measure() works without an FFI, and says which clock it had",
  { skip: onlyDeno, timeout },
  () => {
    const { code, stdout, stderr } = run("tests/fixtures/microbench_measure.ts", [], {
      deno: ["--no-prompt"],
    });
    assertEquals([code, stderr], [0, ""]);
    const { clock } = JSON.parse(stdout) as { clock: Record<string, unknown> };
    assertEquals([clock["name"], clock["source"]], ["now", "runtime"]);
    assert(String(clock["reason"]).includes("--allow-ffi"), stdout);
  },
);
