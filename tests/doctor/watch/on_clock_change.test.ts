/** onClockChange() in a process: what it costs, and that it keeps nobody up. */
// npm test: bun, node26 (one of each engine)
import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { test } from "node:test";
import { clockCost, onClockChange } from "../../../doctor/mod.ts";
import { looker } from "../../../doctor/watch/look.ts";
import { Watcher } from "../../../doctor/watch/watcher.ts";
import { median } from "../../../bench/median.ts";
import { findGroups } from "../../../doctor/facts/cgroup.ts";
import { kernelFiles, Reader } from "../../../doctor/facts/files.ts";
import { fillFacts } from "../../../doctor/facts/shape.ts";
import { threadCpuTime } from "../../../mod.ts";
import { run, statisticalTest } from "../../support.ts";

test("onClockChange() refuses wrong arguments", () => {
  assertThrows(
    () => onClockChange(5 as unknown as () => void),
    TypeError,
    "Expected `fn` to be a function, got 5",
  );
  for (const intervalMs of [0, 99, NaN, Infinity, 2 ** 31]) {
    assertThrows(() => onClockChange(() => {}, { intervalMs }), RangeError, "options.intervalMs");
  }
  assertThrows(
    () => onClockChange(() => {}, { intervalMs: "1" as unknown as number }),
    TypeError,
    "options.intervalMs",
  );
});

test("onClockChange() has the real timers, whatever has replaced them", () => {
  const { clearInterval, setInterval } = globalThis;
  let fakes = 0;
  const fake = () => fakes++;
  Object.assign(globalThis, { clearInterval: fake, setInterval: fake });
  try {
    onClockChange(() => {})();
  } finally {
    Object.assign(globalThis, { clearInterval, setInterval });
  }
  assertEquals(fakes, 0);
});

test("onClockChange() does not keep the program running, and ends when told to", {
  timeout: 60_000,
}, () => {
  const { code, stdout, stderr } = run("tests/fixtures/watch_clocks.ts");
  assertEquals([code, stdout, stderr], [0, "the end\n", ""]);
});

/** Of a CPU, at the interval that is the default. */
const MOST = 1e-4;
const INTERVAL_NS = 1e10;

statisticalTest(
  "onClockChange() takes less than 0.01 % of a CPU",
  { timeout: 60_000 },
  async () => {
    const groups = findGroups(new Reader(kernelFiles()));
    const look = looker(groups);
    const watcher = new Watcher({
      facts: fillFacts({}),
      measure: () => ({ cost: clockCost(), clocksource: { current: null, available: null } }),
      quotaCpus: () => null,
      holdNs: 6e10,
    });
    const times: number[] = [];
    for (let i = 0; i < 50; i++) {
      const start = threadCpuTime();
      watcher.take(look());
      times.push(threadCpuTime() - start);
      // As a server does: other code has the caches in between.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const ns = median(times);
    assert(ns > 0);
    assertLess(ns / INTERVAL_NS, MOST, `${ns} ns`);
  },
);
