/**
 * Handlers that sleep for times of a known distribution: do the percentiles come out?
 *
 * What they mean to sleep is drawn; what it came to they see themselves, on the same clock: where
 * others use the machine, that is later.
 *
 *   node scripts/accuracy/sleeps.ts LIBRARY - TIME_MS
 */
import process from "node:process";
import { measure } from "../../bench/mod.ts";
import { now } from "../../mod.ts";
import { rest } from "./work.ts";
import type { Sleeps } from "./results.ts";

const PERCENTILES = { p50: 0.5, p75: 0.75, p90: 0.9, p99: 0.99 } as const;

/** From 1 ms on, with a tail: 5 ms at the 99th percentile. In an order without a pattern. */
const COUNT = 100;
const DURATIONS = Array.from(
  { length: COUNT },
  (_, i) => 1e6 * (1 - 0.87 * Math.log(1 - (i * 37 % COUNT + 0.5) / COUNT)),
);

const took: number[] = [];
let call = 0;
const duration = () => DURATIONS[call++ % COUNT] as number;

const handlers: Readonly<Record<string, () => unknown>> = {
  "native: the thread sleeps": () => {
    const start = now();
    rest(duration());
    took.push(now() - start);
  },
  "async: the event loop waits": async () => {
    const start = now();
    await new Promise((resolve) => setTimeout(resolve, duration() / 1e6));
    took.push(now() - start);
  },
};

for (const [name, handler] of Object.entries(handlers)) {
  took.length = 0;
  const options = { mode: "latency", time: Number(process.argv[4] ?? 2000), warmup: 100 } as const;
  const { ns, samples } = await measure(handler, options);
  // Those of the warm-up come first.
  const ascending = Float64Array.from(took.slice(-samples)).sort();
  // Of the two ranks about it the nearer one counts: the runtimes' histograms round in different ways.
  const truth = (part: number, reported: number) => {
    const rank = Math.max(1, Math.floor(part * samples));
    const [lower = NaN, upper = lower] = ascending.subarray(rank - 1, rank + 1);
    return Math.abs(lower - reported) < Math.abs(upper - reported) ? lower : upper;
  };
  const sleeps: Sleeps = {
    name,
    samples,
    percentiles: Object.entries(PERCENTILES).map(([p, part]) => {
      const reportedNs = ns[p as keyof typeof PERCENTILES];
      return { p: part * 100, truthNs: truth(part, reportedNs), reportedNs };
    }),
  };
  console.log(JSON.stringify(sleeps));
}
