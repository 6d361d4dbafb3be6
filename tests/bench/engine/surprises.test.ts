/** Clocks of coarse steps, and functions that are not what their first calls were. */
// npm test: node26 (pure computation)
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { test } from "node:test";
import { UNWATCHED } from "../../../bench/disturbance.ts";
import { measureSubject } from "../../../bench/engine.ts";
import type { Settings } from "../../../bench/subject.ts";
import { full, runtime } from "../../support.ts";
import { COST, LATENCY, machine, MS, near, subject, THROUGHPUT } from "../machine.ts";

/** An engine makes no difference. */
const all = full && runtime === "node";
const STEPS = all ? [41.67, 100, 0.1 * MS, 1 * MS, 4 * MS] : [41.67, 1 * MS];

for (const stepNs of STEPS) {
  test(`measureSubject() takes no longer than it was given by a clock of ${stepNs} ns`, async () => {
    for (const mode of ["throughput", "latency"] as const) {
      for (const costNs of all ? [0.3, 20, 5000, 0.3 * MS, 7 * MS] : [20, 5000, 0.3 * MS]) {
        const { env, pass, now } = machine(0, UNWATCHED, COST, stepNs);
        const settings: Settings = { mode, time: 30 * MS, warmup: 30 * MS };
        const start = now();
        const result = await measureSubject(subject(() => pass(costNs)), settings, env);
        const { ns, batch, clock } = result;
        const passed = now() - start;
        // The first calls are for 5 ms; a batch, or a step, in each of the three.
        const batchNs = Math.max(costNs * batch, stepNs);
        const least = 10 * costNs;
        const most = Math.max(30 * MS, least) + 30 * MS + 5 * MS + 3 * batchNs + 2 * stepNs;
        assertLess(passed, most, `${mode} of ${costNs} ns: ${passed}`);
        assert(batch * costNs < 12 * MS, `${mode} of ${costNs} ns: ${batch} calls in a batch`);
        // What the clock can tell at all: samples of many steps.
        if (batch * costNs > 20 * stepNs) near(ns.mean, costNs, 0.02);
        assertEquals(clock.resolutionNs, Math.max(stepNs, 1));
      }
    }
  });
}

test("measureSubject() takes no longer than it was given by what gets slow while it is measured", async () => {
  // A thousand times as slow from the middle of the warm-up, or of the run, on.
  for (const inRun of [false, true]) {
    const { env, pass, now, running } = machine();
    const start = now();
    const isSlow = () => inRun ? running() > 15 * MS : now() - start > 20 * MS;
    const settings: Settings = { ...THROUGHPUT, warmup: 60 * MS };
    const fn = () => pass(isSlow() ? 20_000 : 20);
    await measureSubject(subject(fn), settings, env);
    // A batch of 1000 calls, begun while they were fast.
    assertLess(now() - start, 60 * MS + 20 * MS + 5 * MS + 2 * 1000 * 20_000);
  }
});

test("measureSubject() awaits what returns promises later than in its first calls", async () => {
  for (const settings of [THROUGHPUT, LATENCY]) {
    const { env, pass } = machine();
    let calls = 0;
    const fn = () => {
      if (++calls < 3000) return pass(1000);
      return Promise.resolve().then(() => pass(1000));
    };
    const { async, ns, warmup, warnings } = await measureSubject(subject(fn), settings, env);
    assertEquals([async, warmup.restarts], [true, 1]);
    assert(warmup.settled);
    near(ns.p50, 1000, 0.03);
    assertEquals(warnings.map(({ code }) => code), []);
  }
});

test("measureSubject() says so when promises come too late to begin anew", async () => {
  const { env, pass, running } = machine();
  const fn = () => {
    pass(1000);
    return running() > 15 * MS ? Promise.resolve() : undefined;
  };
  const { async, warnings } = await measureSubject(subject(fn), THROUGHPUT, env);
  assertEquals([async, warnings.map(({ code }) => code)], [false, ["unawaited"]]);
});

test("measureSubject() says so when it got an iterator that nobody ran", async () => {
  const generator = function* () {
    yield 1;
  };
  const asyncGenerator = async function* () {
    yield await Promise.resolve(1);
  };
  const unrun: (() => unknown)[] = [
    generator,
    asyncGenerator,
    () => new Map().keys(),
    () => [1].values(),
    () => Promise.resolve(generator()),
  ];
  const run: (() => unknown)[] = [
    () => [...generator()],
    () => ({ next: () => 1 }),
    () => new Map(),
    () => undefined,
  ];
  for (const [functions, expected] of [[unrun, ["unrun"]], [run, []]] as const) {
    for (const fn of functions) {
      const { env, pass } = machine();
      const passing = () => {
        pass(1000);
        return fn();
      };
      const { warnings } = await measureSubject(subject(passing), THROUGHPUT, env);
      assertEquals(warnings.map(({ code }) => code), [...expected], String(fn));
    }
  }
});

test("measureSubject() begins anew where it was not warm after all, faster or slower", async () => {
  for (const [firstNs, thenNs] of [[500, 100], [100, 155]] as const) {
    const { env, pass, running } = machine();
    const fn = () => pass(running() < 20 * MS ? firstNs : thenNs);
    const settings: Settings = { ...THROUGHPUT, time: 200 * MS };
    const { ns, slices, warmup, warnings } = await measureSubject(subject(fn), settings, env);
    for (const figure of [ns.min, ns.max, Math.min(...slices)]) near(figure, thenNs, 0.001);
    assertEquals([warmup.restarts, warmup.settled, warnings], [1, true, []]);
    assertGreater(warmup.ns, 100 * MS);
  }
});

test("measureSubject() begins anew no more often than a third of the time is lost", async () => {
  const { env, pass, now } = machine();
  const start = now();
  let callNs = 100;
  let changes = 0;
  // Another speed each 90 ms: just when it has got warm again.
  const fn = () => {
    const due = Math.floor((now() - start) / (90 * MS));
    for (; changes < due; changes++) callNs *= 1.5;
    pass(callNs);
  };
  const settings: Settings = { ...THROUGHPUT, time: 500 * MS };
  const { warmup, warnings } = await measureSubject(subject(fn), settings, env);
  assert(warmup.restarts >= 1 && warmup.restarts <= 3, `${warmup.restarts}`);
  assertLess(now() - start, 500 * MS + 50 * MS + 0.3 * 500 * MS + 60 * MS);
  assertEquals(warnings.map(({ code }) => code), ["drift"]);
});

test("measureSubject() takes the last speed, never the fastest", async () => {
  const { env, pass, running } = machine();
  const fn = () => pass(running() < 20 * MS ? 100 : 170);
  const settings: Settings = { ...THROUGHPUT, time: 500 * MS };
  const { ns } = await measureSubject(subject(fn), settings, env);
  near(ns.min, 170, 0.001);
});

test("measureSubject() says so when speeds alternate", async () => {
  const { env, pass, now } = machine();
  const fn = () => pass(now() % (240 * MS) < 120 * MS ? 1000 : 3000);
  for (const mode of ["throughput", "latency"] as const) {
    const settings: Settings = { mode, time: 500 * MS, warmup: 1e9 };
    const { warnings } = await measureSubject(subject(fn), settings, env);
    assertEquals(warnings.map(({ code }) => code), ["drift"]);
  }
});
