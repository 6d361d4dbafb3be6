/**
 * Ten functions in this project's harness, in mitata and in tinybench: nanoseconds per call, medians.
 *
 *   node scripts/accuracy/harnesses.ts LIBRARY - TIME_MS
 */
import { measure as mitata } from "mitata";
import process from "node:process";
import { Bench, type BenchOptions } from "tinybench";
import { measure } from "../../bench/mod.ts";
import { timestampProvider } from "../../bench/tinybench.ts";
import { work } from "./work.ts";
import type { HarnessFigures } from "./results.ts";

const time = Number(process.argv[4] ?? 200);

const numbers = Array.from({ length: 1000 }, (_, i) => i * 7919 % 1000);
const texts = ["Ada", "Grace", "Alan", "Edsger"].map((name) =>
  JSON.stringify({ id: 42, name, tags: ["a", "b"], nested: { x: 1.5 } })
);
const emails = ["ada.lovelace@example.com", "grace@example.org", "alan@example", "edsger"];
const email = /^[\w.]+@[\w.]+\.\w+$/;
let i = 0;

/** From nothing to 10 µs and more. The input changes: else compilers compute once, in all three. */
const FUNCTIONS: Readonly<Record<string, () => unknown>> = {
  "nothing": () => {},
  "Math.sin(x)": () => Math.sin(numbers[i++ & 511] as number),
  "{ a, b }": () => ({ a: i++, b: 2 }),
  "native, 21 ns": () => work(25),
  "await a resolved promise": () => Promise.resolve(i),
  "slice and map 10 numbers": () => numbers.slice(0, 10 + (i++ & 1)).map((x) => x * 2),
  "RegExp.test": () => email.test(emails[i++ & 3] as string),
  "JSON.parse, 66 bytes": () => JSON.parse(texts[i++ & 3] as string),
  "native, 840 ns": () => work(1000),
  "sort 1000 numbers": () => numbers.toSorted((a, b) => a - b),
};

/** tinybench in its own way, except the clock; milliseconds become nanoseconds. */
async function tinybench(fn: () => unknown, options: BenchOptions): Promise<number> {
  const bench = new Bench({ time, warmupTime: 100, ...options });
  bench.add("it", fn);
  await bench.run();
  const result = bench.tasks[0]?.result;
  return result && "latency" in result ? result.latency.p50 * 1e6 : NaN;
}

for (const [name, fn] of Object.entries(FUNCTIONS)) {
  const harnesses: HarnessFigures = {
    name,
    throughput: (await measure(fn, { time })).ns.p50,
    latency: (await measure(fn, { time, mode: "latency" })).ns.p50,
    mitata: (await mitata(fn, { min_cpu_time: time * 1e6 })).p50,
    tinybench: await tinybench(fn, {}),
    tinybenchVdso: await tinybench(fn, { timestampProvider }),
  };
  console.log(JSON.stringify(harnesses));
}
