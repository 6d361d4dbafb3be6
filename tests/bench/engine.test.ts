/** The whole of a measurement, on a clock that only the measured functions move. */
// npm test: node26 (pure computation)
import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { test } from "node:test";
import type { BenchClock } from "../../bench/clock.ts";
import { UNWATCHED } from "../../bench/disturbance.ts";
import { measureBaseline, measureSubject } from "../../bench/engine.ts";
import { seeded } from "../../bench/random.ts";
import type { Settings, Subject } from "../../bench/subject.ts";
import { full } from "../support.ts";
import { COST, LATENCY, machine, near, subject, THROUGHPUT } from "./machine.ts";

for (const costNs of [20, 333, 4000, 70_000, 1e6]) {
  test(`measureSubject() finds that a call takes ${costNs} ns, in both modes`, async () => {
    for (const settings of [THROUGHPUT, LATENCY]) {
      const { env, pass } = machine();
      const result = await measureSubject(subject(() => pass(costNs)), settings, env);
      for (const figure of [result.ns.p50, result.ns.min, result.ns.mean, result.median.low]) {
        near(figure, costNs, settings.mode === "latency" ? 0.02 : 0.001);
      }
      assertEquals([result.mode, result.async], [settings.mode, false]);
      assertEquals(result.calls, result.samples * result.batch);
      assert(result.warmup.settled);
    }
  });
}

test("measureSubject() takes ticks for what is short, and now() for the rest", async () => {
  for (const [costNs, name] of [[20, "ticks"], [50_000, "ticks"], [200_000, "now"]] as const) {
    for (const settings of [THROUGHPUT, LATENCY]) {
      const { env, pass } = machine();
      const { clock } = await measureSubject(subject(() => pass(costNs)), settings, env);
      assertEquals(clock.name, name);
      near(clock.costNs, COST, 1e-9);
    }
  }
});

test("measureSubject() batches in throughput mode alone", async () => {
  const { env, pass } = machine();
  const fn = () => pass(100);
  const throughput = await measureSubject(subject(fn), THROUGHPUT, env);
  assertEquals(throughput.batch, 200); // 20 µs a sample
  assertEquals((await measureSubject(subject(fn), LATENCY, env)).batch, 1);
});

test("measureSubject() finds the percentiles of a known distribution within 1 %", async () => {
  const { env, pass } = machine();
  const random = seeded(4);
  // Exponential, with a mean of 50 µs: its quantile at p is -50 ln(1 - p).
  const handler = () => pass(-50_000 * Math.log(1 - random()));
  const settings: Settings = { mode: "latency", time: 2e10, warmup: 1e7 };
  const { ns, samples } = await measureSubject(subject(handler), settings, env);
  assertGreater(samples, 300_000);
  for (
    const [p, value] of [[0.5, ns.p50], [0.75, ns.p75], [0.9, ns.p90], [0.99, ns.p99]] as const
  ) {
    near(value, -50_000 * Math.log(1 - p), 0.01);
  }
  near(ns.mean, 50_000, 0.01);
  near(ns.deviation, 50_000, 0.01);
});

test("measureSubject() finds the percentiles of handlers that sleep within 1 %", async () => {
  const { env, pass } = machine();
  // 90 % sleep for 1 ms, 9 % for 5 ms, 1 % for 40 ms.
  let call = 0;
  const handler = async () => {
    await Promise.resolve();
    const part = call++ % 100;
    pass(part < 90 ? 1e6 : part < 99 ? 5e6 : 40e6);
  };
  const settings: Settings = { mode: "latency", time: 2e10, warmup: 1e7 };
  const { ns, async } = await measureSubject(subject(handler), settings, env);
  assert(async);
  near(ns.p50, 1e6, 0.01);
  near(ns.p90, 1e6, 0.01);
  near(ns.p99, 5e6, 0.01);
  near(ns.p999, 40e6, 0.01);
  near(ns.mean, 0.9e6 + 0.45e6 + 0.4e6, 0.01);
});

test("measureSubject() warms up until a function has become fast, and measures that", async () => {
  const { env, pass } = machine();
  let calls = 0;
  // Interpreted for about 20 ms, compiled, and compiled better 10 ms later.
  const fn = () => pass(++calls < 5000 ? 4000 : calls < 30_000 ? 400 : 100);
  const { ns, warmup, warnings } = await measureSubject(subject(fn), THROUGHPUT, env);
  near(ns.max, 100, 0.001);
  assertGreater(warmup.calls, 30_000);
  assert(warmup.settled);
  assertEquals(warnings, []);
});

test("measureSubject() lets the loop of a slow function go round idle while it warms up", async () => {
  for (const [costNs, slow] of [[20, false], [100_000, true], [1e6, true]] as const) {
    const { env, pass } = machine();
    let readings = 0;
    const counted = (clock: BenchClock) => ({ ...clock, read: () => (readings++, clock.read()) });
    const long = counted(env.clocks.long);
    const clocks = { long, short: counted(env.clocks.short) };
    const settings: Settings = { ...THROUGHPUT, time: 1e6 };
    const { warmup } = await measureSubject(subject(() => pass(costNs)), settings, {
      ...env,
      clocks,
      quality: () => ({ cost: COST, resolution: 1 }),
    });
    assert(warmup.settled);
    // Ten windows of 40,000 rounds; two readings a sample otherwise, and some around them.
    assertEquals(readings > 350_000, slow, `${readings}`);
  }
});

test("measureSubject() says so when it never became steady", async () => {
  const { env, pass } = machine();
  let costNs = 50_000;
  const fn = () => pass(costNs *= 0.9999);
  const settings: Settings = { ...THROUGHPUT, warmup: 3e7 };
  const { warmup, warnings } = await measureSubject(subject(fn), settings, env);
  assert(!warmup.settled);
  assertEquals(warnings.map(({ code }) => code).slice(0, 1), ["unsettled"]);
  assert(warnings[0]?.message.startsWith("Still changed"), warnings[0]?.message);
});

test("measureSubject() does not say that what it hardly called still changed", async () => {
  const { env, pass } = machine();
  const settings: Settings = { ...THROUGHPUT, warmup: 1e9 };
  const { warnings } = await measureSubject(subject(() => pass(2e8)), settings, env);
  assertEquals(warnings.map(({ code }) => code), ["unsettled"]);
  assert(warnings[0]?.message.startsWith("Not called often enough"), warnings[0]?.message);
});

test("measureSubject() says so when it changed while it was measured", async () => {
  const { env, pass, now } = machine();
  const start = now();
  const fn = () => pass(now() - start > 6e7 ? 150 : 100);
  const { warnings } = await measureSubject(subject(fn), THROUGHPUT, env);
  assertEquals(warnings.map(({ code }) => code), ["drift"]);
});

test("measureSubject() says so when a result is within the noise of doing nothing", async () => {
  for (const [costNs, expected] of [[1, ["noise"]], [1.4, ["noise"]], [3, []]] as const) {
    const { env, pass } = machine(1);
    const { warnings } = await measureSubject(subject(() => pass(costNs)), THROUGHPUT, env);
    assertEquals(warnings.map(({ code }) => code), [...expected]);
  }
});

test("measureSubject() says so when the clock is much of a latency", async () => {
  for (const [costNs, expected] of [[100, ["clock"]], [300, []]] as const) {
    const { env, pass } = machine();
    const { warnings } = await measureSubject(subject(() => pass(costNs)), LATENCY, env);
    assertEquals(warnings.map(({ code }) => code), [...expected]);
  }
});

test("measureSubject() carries what disturbed it", async () => {
  const disturbance = { ...UNWATCHED, disturbed: true, reasons: ["moved", "stolen"] };
  const { env, pass, looks } = machine(0, disturbance);
  const result = await measureSubject(subject(() => pass(100)), THROUGHPUT, env);
  assertEquals(result.disturbance, disturbance);
  assertEquals(result.warnings, [{ code: "disturbed", message: "moved; stolen" }]);
  assertEquals(looks.length, result.slices.length);
});

const many = !full && "in the full tier: 13 million samples";

test("measureSubject() gives 200 slices where a run has more", { skip: many }, async () => {
  const { env, pass, looks } = machine();
  const settings: Settings = { mode: "latency", time: 4e12, warmup: 1e7 };
  const result = await measureSubject(subject(() => pass(300_000)), settings, env);
  assertGreater(looks.length, 200);
  assertEquals(result.slices.length, 200);
  near(result.median.low, 300_000, 0.001);
});

test("measureSubject() says so when loops have to be shared", async () => {
  const { env, pass } = machine();
  const compile = () => {
    throw new EvalError("Code generation from strings disallowed for this context");
  };
  const result = await measureSubject(subject(() => pass(100)), THROUGHPUT, { ...env, compile });
  near(result.ns.p50, 100, 0.001);
  assertEquals(result.warnings.map(({ code }) => code), ["shared-loop"]);
});

test("measureSubject() leaves out what happens around samples", async () => {
  const { env, pass } = machine();
  for (const wait of [false, true]) {
    const around = () => {
      pass(7000);
      return wait ? Promise.resolve() : undefined;
    };
    for (const settings of [THROUGHPUT, LATENCY]) {
      const { ns } = await measureSubject(
        { ...subject(() => pass(500)), beforeSample: around, afterSample: around },
        settings,
        env,
      );
      near(ns.p50, 500, 0.01);
    }
  }
});

test("measureSubject() sets up once, hands the input on, and tears down", async () => {
  const { env, pass } = machine();
  const input = { calls: 0 };
  const log: unknown[] = [];
  const result = await measureSubject(
    {
      setup: () => (log.push("setup"), Promise.resolve(input)),
      fn: (given) => {
        assert(given === input);
        given.calls++;
        pass(1000);
      },
      teardown: (given) => void log.push(given),
    },
    THROUGHPUT,
    env,
  );
  assertEquals(log, ["setup", input]);
  assertGreater(input.calls, result.calls + result.warmup.calls);
});

test("measureSubject() tears down after a failure, and passes it on", async () => {
  const { env, pass } = machine();
  let torn = 0;
  let calls = 0;
  const failing: Subject<undefined> = {
    setup: () => undefined,
    fn: () => {
      pass(1000);
      if (++calls === 5000) throw new Error("on purpose");
    },
    teardown: () => torn++,
  };
  await assertRejects(() => measureSubject(failing, THROUGHPUT, env), Error, "on purpose");
  assertEquals(torn, 1);
});

test("measureSubject() passes on the first failure, where the teardown fails too", async () => {
  const { env } = machine();
  const fail = (message: string) => () => {
    throw new Error(message);
  };
  const failing = { ...subject(fail("first")), teardown: fail("second") };
  await assertRejects(() => measureSubject(failing, THROUGHPUT, env), Error, "first");
});

test("measureSubject() makes ten samples of what takes longer than the time", async () => {
  const { env, pass } = machine();
  const { samples, ns } = await measureSubject(subject(() => pass(1e8)), THROUGHPUT, env);
  assertEquals(samples, 10);
  near(ns.p50, 1e8, 1e-6);
});

test("measureBaseline() measures a function that does nothing", async () => {
  for (const async of [false, true]) {
    const { env } = machine(0, UNWATCHED, 2000);
    const { ns, p99 } = await measureBaseline({ mode: "latency", async }, env);
    assertLess(ns, 1);
    assertLess(p99, 1);
  }
});

test("measureSubject() gives a turn of the event loop after each slice", async () => {
  const { env, pass } = machine();
  let turns = 0;
  const count = () => {
    turns++;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  const { slices } = await measureSubject(subject(() => pass(1000)), THROUGHPUT, env);
  clearImmediate(timer);
  assertGreater(turns, slices.length / 2);
});

test("measureSubject() makes garbage before anything is warm", async () => {
  const { env, pass } = machine();
  let [calls, before] = [0, -1];
  const prepare = () => Promise.resolve(before = calls);
  await measureSubject(subject(() => (calls++, pass(1000))), THROUGHPUT, { ...env, prepare });
  assertEquals(before, 0);
});
