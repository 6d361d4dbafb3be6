/** The real tinybench, on this library's clock. */
// npm test: bun, node26 (one of each engine)
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { test } from "node:test";
import { Bench } from "tinybench";
import { timestampProvider } from "../../bench/tinybench.ts";
import { now } from "../../mod.ts";
import { statisticalTest } from "../support.ts";
import { spin } from "./support.ts";

const timeout = 30_000;

test("timestampProvider converts both ways", () => {
  const { fn, fromMs, toMs } = timestampProvider;
  assertEquals([fromMs(1.5), toMs(1_500_000), toMs(fromMs(7))], [1_500_000, 1.5, 7]);
  const [before, between, after] = [now(), fn(), now()];
  assert(before <= between && between <= after);
});

statisticalTest("timestampProvider is the clock of a tinybench Bench", { timeout }, async () => {
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
