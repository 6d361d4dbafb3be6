import { assert, assertEquals, assertLess } from "@std/assert";
import process from "node:process";
import { test } from "node:test";
import { Calibration } from "../core/calibration.ts";
import { refusal } from "../core/ticks.ts";
import { counter, now, nowRaw, ticks, ticksPerSecond, ticksToNs } from "../mod.ts";

test("ticks() counts on", () => {
  let last = ticks();
  for (let i = 0; i < 100_000; i++) {
    const value = ticks();
    assert(Number.isSafeInteger(value) && value >= last, `${value} after ${last}`);
    last = value;
  }
});

test("ticksToNs() agrees with the kernel's clock within 20 ppm after 100 ms", () => {
  const start = moment();
  const until = now() + 1e8;
  while (now() < until) continue;
  const end = moment();
  const error = ticksToNs(end.ticks - start.ticks) / (end.ns - start.ns) - 1;
  assertLess(Math.abs(error), 20e-6);
});

/** Counter and clock at one moment: the narrowest of many tries, which are slow at first. */
function moment(): { ticks: number; ns: number } {
  let best = { ticks: NaN, ns: NaN };
  let width = Infinity;
  for (let i = 0; i < 20_000; i++) {
    const before = ticks();
    const ns = nowRaw();
    const after = ticks();
    if (after - before >= width) continue;
    width = after - before;
    best = { ticks: (before + after) / 2, ns };
  }
  return best;
}

test("ticksPerSecond() and ticksToNs() are of one mind", () => {
  const hz = ticksPerSecond();
  assert(hz > 1e6 && hz < 1e11);
  assert(Math.abs(ticksToNs(hz) / 1e9 - 1) < 100e-6);
});

test("counter() says what is read", () => {
  const { instruction, kernel, frequency, ticksPerSecond } = counter();
  assertEquals(instruction, process.arch === "x64" ? "rdtsc" : "cntvct_el0");
  assertEquals(kernel, "accepted");
  assert(frequency === "stated" || frequency === "measured");
  assert(ticksPerSecond > 1e6);
});

test("refusal() refuses a counter that the CPU or the kernel does not vouch for", () => {
  assertEquals(refusal(0, "tsc", "tsc hpet acpi_pm \n"), { kernel: "accepted" });
  assertEquals(refusal(0, "tsc", undefined), { kernel: "unknown" });
  assert(refusal(-1, "tsc", "tsc hpet")?.refused?.includes("constant"));
  assert(refusal(-1, "tsc", undefined).refused?.includes("constant"));
  const struck = refusal(0, "tsc", "hpet acpi_pm");
  assert(struck.refused?.includes("only hpet acpi_pm"), struck.refused);
  assert(refusal(0, "tsc", "tsc-early hpet").refused);
});

/** A machine whose counter is read again and again, each reading taking some time. */
function machine(hz: number, readingNs = 25, errorNs = 0) {
  const state = { ns: 5e9, readings: 0, samples: 0 };
  const ticks = () => {
    state.readings++;
    return Math.floor((state.ns += readingNs) * hz / 1e9);
  };
  const sample = () => {
    state.samples++;
    state.ns += 9 * 3 * readingNs;
    // Wrong to this side and to that in turn: the worst that can be.
    const error = state.samples % 2 ? errorNs : -errorNs;
    return { ticks: Math.floor(state.ns * hz / 1e9), ns: state.ns + error };
  };
  return { state, ticks, sample };
}

test("Calibration learns the rate, better as time passes", () => {
  const hz = 2_596_148_544;
  const { state, ticks, sample } = machine(hz, 25, 25);
  const calibration = new Calibration(ticks, sample, 0);
  const ppm = () => Math.abs(calibration.nsPerTick() * hz / 1e9 - 1) * 1e6;
  assertLess(ppm(), 100);
  assertLess(state.ns - 5e9, 1.1e6, "the first estimate takes a millisecond at most");
  state.ns += 1e8;
  assertLess(ppm(), 1);
  state.ns += 1e10;
  assertLess(ppm(), 0.01);
  assertEquals(calibration.source, "measured");
});

test("Calibration estimates ever more rarely", () => {
  const { state, ticks, sample } = machine(1e9);
  const calibration = new Calibration(ticks, sample, 0);
  calibration.nsPerTick();
  const before = state.samples;
  for (let i = 0; i < 1000; i++) {
    calibration.nsPerTick();
    state.ns += 1e6;
  }
  assertEquals(state.samples - before, 8); // after some 2, 5, 11, ..., 700 ms
  assertEquals(state.readings, 1001);
});

test("Calibration believes what the CPU states, at once, while that holds", () => {
  const { state, ticks, sample } = machine(1e9);
  const right = new Calibration(ticks, sample, 1e9);
  assertEquals([right.nsPerTick(), right.source], [1, "stated"]);
  state.ns += 1e9;
  assertEquals([right.nsPerTick(), right.source], [1, "stated"]);
});

test("Calibration measures when what the CPU states is some ppm off, before that matters", () => {
  const { state, ticks, sample } = machine(1e9);
  const off = new Calibration(ticks, sample, 1e9 * (1 + 15e-6));
  state.ns += 1e8;
  assertLess(Math.abs(off.nsPerTick() - 1), 20e-6);
  state.ns += 1e10;
  assertLess(Math.abs(off.nsPerTick() - 1), 2e-6);
});

test("Calibration measures when what the CPU states is wrong", () => {
  const { state, ticks, sample } = machine(1e9);
  const wrong = new Calibration(ticks, sample, 1.01e9);
  wrong.nsPerTick();
  state.ns += 1e9;
  assertLess(Math.abs(wrong.nsPerTick() - 1), 1e-6);
  assertEquals(wrong.source, "measured");
});
