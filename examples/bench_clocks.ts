/**
 * What a reading of each clock costs: a file of benchmarks for `vdso bench`, which runs it in every
 * runtime and prints one table. In this checkout:
 *
 *   deno run --allow-all cli.ts bench examples/bench_clocks.ts
 *   bun cli.ts bench examples/bench_clocks.ts
 *   node cli.ts bench examples/bench_clocks.ts
 */
import process from "node:process";
import { now, nowBigInt, nowCoarse, ticks } from "@x/vdso";
import { bench, group } from "@x/vdso/bench";

group("@x/vdso", () => {
  bench("ticks()", () => ticks());
  bench("nowCoarse()", () => nowCoarse());
  bench("now()", () => now());
  bench("nowBigInt()", () => nowBigInt());
});

const { Bun } = globalThis as unknown as { Bun?: { nanoseconds(): number } };
const { hrtime } = process;

group("built in", () => {
  bench("performance.now()", () => performance.now());
  bench("process.hrtime.bigint()", () => hrtime.bigint());
  if (Bun) bench("Bun.nanoseconds()", () => Bun.nanoseconds());
});
