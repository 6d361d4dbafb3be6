import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { test } from "node:test";
import { BUCKETS } from "../../jitter/buckets.ts";
import { blindTime, chooseSource, GapLoop } from "../../jitter/loop.ts";
import { counterCosts, native, SHIM_TICKS } from "../../core/internals.ts";
import { now } from "../../mod.ts";
import { statisticalTest } from "../support.ts";

const RUN_NS = 20e6;

test("GapLoop runs for the time that it is told, and no gap is longer than that", () => {
  const loop = new GapLoop(1000);
  const start = now();
  loop.run(RUN_NS);
  const { at, elapsedNs, readings, gaps, lostNs, blindNs, worst, jumpNs } = loop.found();
  const end = now();
  assert(start <= at && at + RUN_NS <= end + 1e4, `${start} ${at} ${end}`);
  assert(elapsedNs > 0.99 * RUN_NS && elapsedNs <= (end - start) * 1.01, `${elapsedNs}`);
  assert(readings > 0 && lostNs + blindNs <= elapsedNs);
  assertEquals(jumpNs, 0);
  assertEquals(loop.counts.length, BUCKETS);
  assertEquals(loop.counts.reduce((sum, count) => sum + count, 0), gaps);
  assertEquals(worst.length, Math.min(gaps, 64));
  for (const [i, gap] of worst.entries()) {
    assert(gap.ns >= 999 && gap.ns <= (worst[i - 1]?.ns ?? elapsedNs), `${gap.ns}`);
    assert(at < gap.at && gap.at <= end * (1 + 1e-9), `${gap.at}`);
    assert(Number.isInteger(gap.cpu) && gap.cpu >= 0);
  }
});

test("GapLoop counts on from run to run, and tells of each run alone", () => {
  const loop = new GapLoop(0);
  let sum = 0;
  for (let i = 0; i < 3; i++) {
    loop.run(1e6);
    const { gaps, readings } = loop.found();
    assert(gaps > 0 && gaps <= readings);
    sum += gaps;
  }
  assertEquals(loop.counts.reduce((total, count) => total + count, 0), sum);
});

statisticalTest("GapLoop's median gap is at most twice the cost of the bare counter", {}, () => {
  const loop = new GapLoop(0);
  if (loop.source.reason !== null) return; // the clock is no bare counter
  const { vdso_ticks_costs } = native().shim.open(SHIM_TICKS);
  const { counter } = counterCosts(vdso_ticks_costs); // of 32 calls each
  assertLess(loop.readingNs, 2 * counter / 32 * loop.nsPerTick);
});

statisticalTest("GapLoop can tell gaps of 100 ns from readings", {}, () => {
  const loop = new GapLoop(100);
  if (loop.readingNs > 50) return; // a counter of coarse steps, or a clock by system call
  loop.run(RUN_NS);
  const { gaps, readings } = loop.found();
  assertLess(gaps, 0.001 * readings);
});

test("chooseSource() takes the counter whatever the kernel's clock costs", () => {
  assertEquals(chooseSource(0, 10, 25, "x86_64"), { reads: "rdtsc", reason: null });
  assertEquals(chooseSource(24e6, 10, 1000, "aarch64"), { reads: "cntvct_el0", reason: null });
});

test("chooseSource() takes the clock where the counter is none, and says why", () => {
  const reason = (...args: Parameters<typeof chooseSource>) => {
    const source = chooseSource(...args);
    assertEquals(source.reads, "clock_gettime");
    return source.reason ?? "";
  };
  assertMatch(reason(0, 2000, 25, "x86_64"), /^Reading the counter is trapped: .* 80\.00 times/);
  assertMatch(reason(-1, 10, 25, "x86_64"), /^The CPU does not state/);
  assertMatch(reason(0, 10, 25, "s390x"), /^The counter of this CPU is not known/);
  assertMatch(reason(0, NaN, 25, "x86_64"), /^Reading the counter is trapped/);
});

test("blindTime() leaves out a jump of the counter while nothing was watched", () => {
  const [elapsed, hour] = [100e6, 3600e9];
  assertEquals(blindTime(3e6, elapsed, 0), 3e6);
  assertEquals(blindTime(3e6, elapsed, hour), 3e6); // it has jumped at another moment
  assertEquals(blindTime(hour + 3e6, elapsed, hour), 3e6);
  assertEquals(blindTime(3e6 - hour, elapsed, -hour), 3e6);
  assertEquals(blindTime(hour, elapsed, hour + 1), 0);
  assertEquals(blindTime(hour, elapsed, 1), elapsed);
});
