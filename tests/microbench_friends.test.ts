/** The real tinybench and mitata, on this library's clock. */
import { assert, assertEquals, assertGreaterOrEqual, assertStrictEquals } from "@std/assert";
import { measure } from "mitata";
import { test } from "node:test";
import { Bench } from "tinybench";
import { now as mitataNow } from "../bench/mitata.ts";
import { timestampProvider } from "../bench/tinybench.ts";
import { now } from "../mod.ts";

const timeout = 30_000;

/** Takes a known time: by this library's clock, which is the point. */
function spin(ns: number): () => void {
  return () => {
    const until = now() + ns;
    while (now() < until) continue;
  };
}

test("timestampProvider converts both ways", () => {
  const { fn, fromMs, toMs } = timestampProvider;
  assertEquals([fromMs(1.5), toMs(1_500_000), toMs(fromMs(7))], [1_500_000, 1.5, 7]);
  const [before, between, after] = [now(), fn(), now()];
  assert(before <= between && between <= after);
});

test("timestampProvider is the clock of a tinybench Bench", { timeout }, async () => {
  let readings = 0;
  const counted = {
    ...timestampProvider,
    fn: () => {
      readings++;
      return timestampProvider.fn();
    },
  };
  const options = { time: 50, warmupTime: 10, iterations: 10 };
  for (const provider of [timestampProvider, counted]) {
    const bench = new Bench({ ...options, timestampProvider: provider });
    bench.add("spin", spin(200_000));
    await bench.run();
    const result = bench.tasks[0]?.result;
    assert(result !== undefined && "latency" in result, result?.state);
    assertEquals(result.timestampProviderName, "vdso");
    // Milliseconds. 0.2 were spun, less what tinybench takes off for its clock, which it finds larger
    // on a busy machine; a wrong unit is a thousand times off.
    const { min, p50 } = result.latency;
    assert(min >= 0.1 && (p50 ?? min) < 100, `${min} ${p50}`);
  }
  assertGreaterOrEqual(readings, 2 * options.iterations);
});

test("now of ./mitata is now(), and mitata measures with it", { timeout }, async () => {
  assertStrictEquals(mitataNow, now);
  let readings = 0;
  const counted = () => {
    readings++;
    return mitataNow();
  };
  const options = { now: counted, min_cpu_time: 2e7, min_samples: 20, gc: false as const };
  const { min, p50, samples } = await measure(spin(200_000), options);
  assert(min >= 199_000 && p50 < 2e8, `${min} ${p50}`);
  // Two readings for each sample, and mitata leaves four samples out.
  assert(readings >= 2 * samples.length, `${readings} ${samples.length}`);
});
