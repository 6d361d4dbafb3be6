// npm test: node26 (pure computation)
import { assert, assertEquals, assertLess } from "@std/assert";
import { test } from "node:test";
import { Calibration, type Sample } from "../../core/calibration.ts";

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
  assertEquals(state.samples - before, 8); // after about 2, 5, 11, ..., 700 ms
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

/** A machine of 1 GHz whose counter and clock can be made to go apart. */
function jumpy(stated: number) {
  const state = { ns: 5e9, ahead: 0, samples: 0 };
  const ticks = () => Math.floor(state.ns += 25) + state.ahead;
  const sample = () => {
    state.samples++;
    state.ns += 675;
    return { ticks: Math.floor(state.ns) + state.ahead, ns: state.ns };
  };
  const broken: Sample[] = [];
  const calibration = new Calibration(ticks, sample, stated, (since) => broken.push(since));
  const off = () => Math.abs(calibration.nsPerTick() - 1);
  off();
  /** Passes, with a look each second. */
  const use = (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      state.ns += 1e9;
      off();
    }
  };
  return { state, calibration, broken, off, use };
}

const HOUR = 3600e9;

for (const stated of [0, 1e9]) {
  const which = stated > 0 ? "stated" : "measured";
  test(`Calibration keeps a ${which} rate over suspend, restore and migration`, () => {
    for (
      const [ahead, asleep] of [
        [8 * HOUR, 0], // s2idle: the counter runs on, CLOCK_MONOTONIC_RAW stands still
        [-HOUR, 0], // S3, or a snapshot on another host: it begins anew
        [1e9, HOUR / 2], // a short sleep, after half an hour without use
        [-50_000, 0], // a migration
      ] as const
    ) {
      const { state, calibration, broken, off, use } = jumpy(stated);
      use(3600);
      state.ahead += ahead;
      state.ns += asleep;
      assertLess(off(), 1e-9);
      for (const step of [1e5, 1e6, 1e7, 1e8, 1e9, 10e9, HOUR, 24 * HOUR]) {
        state.ns += step;
        assertLess(off(), 1e-6, `${ahead} ${step}`);
      }
      const counted = asleep > 0 ? 0 : 1; // 556 ppm of half an hour may be a rate
      assertEquals([calibration.jumps, calibration.source, broken.length], [counted, which, 0]);
    }
  });
}

test("Calibration counts a jump that came before anybody asked for the rate", () => {
  const state = { ns: 5e9, ahead: 0 };
  const ticks = () => Math.floor(state.ns += 25) + state.ahead;
  const sample = () => ({ ticks: Math.floor(state.ns += 675) + state.ahead, ns: state.ns });
  for (const stated of [0, 1e9]) {
    const calibration = new Calibration(ticks, sample, stated);
    state.ns += HOUR;
    state.ahead += 8 * HOUR;
    assertLess(Math.abs(calibration.nsPerTick() - 1), 100e-6);
    assertEquals([calibration.jumps, calibration.source], [1, stated > 0 ? "stated" : "measured"]);
  }
});

test("Calibration looks at the clock each second while it is used", () => {
  const { state, use } = jumpy(0);
  use(60);
  const before = state.samples;
  use(60);
  assertEquals(state.samples - before, 60);
});

test("Calibration takes neither 20 µs nor 1000 ppm alone for a jump", () => {
  for (const [ahead, ns] of [[19_000, 1e6], [19_000, 1e9], [900_000, 1e9]] as const) {
    const { state, calibration, off, use } = jumpy(0);
    use(60);
    state.ahead += ahead;
    state.ns += ns;
    off();
    assertEquals(calibration.jumps, 0, `${ahead} in ${ns}`);
  }
});

test("Calibration learns another rate that is no jump", () => {
  const state = { ns: 5e9, ticks: 0, perNs: 1 };
  const pass = (ns: number) => {
    state.ns += ns;
    return state.ticks += ns * state.perNs;
  };
  const calibration = new Calibration(
    () => pass(25),
    () => ({ ticks: pass(675), ns: state.ns }),
    0,
  );
  const use = (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      pass(1e9);
      calibration.nsPerTick();
    }
  };
  use(60);
  for (const ppm of [30, 300, 900]) {
    state.perNs = 1 + ppm / 1e6;
    use(10);
    assertLess(Math.abs(calibration.nsPerTick() * state.perNs - 1), 2e-6, `${ppm} ppm`);
  }
  assertEquals(calibration.jumps, 0);
});

test("Calibration gives up at the second jump within a minute, once", () => {
  const { state, calibration, broken, off, use } = jumpy(0);
  use(10);
  state.ahead += HOUR;
  use(61);
  state.ahead += HOUR;
  use(2);
  assertEquals([calibration.jumps, broken.length], [2, 0], "more than a minute apart");
  const before = state.ns;
  state.ahead -= 10e6;
  use(2);
  assertEquals([calibration.jumps, broken.length], [3, 1]);
  const { ns = 0, ticks = 0 } = broken[0] ?? {};
  assert(before < ns && ns <= state.ns && ticks === ns + state.ahead, `${before} ${ns} ${ticks}`);
  state.ahead += HOUR;
  use(10);
  assertEquals([calibration.jumps, broken.length], [3, 1]);
  assertLess(off(), 1e-6);
});
