/**
 * What a reading of each clock costs: a file of benchmarks for `vdso bench`, which runs it in every
 * runtime and prints one table. In this checkout:
 *
 *   deno run --allow-all cli.ts bench examples/bench_clocks.ts
 *   bun cli.ts bench examples/bench_clocks.ts
 *   node cli.ts bench examples/bench_clocks.ts
 */
import process from "node:process";
import { now, nowBigInt, nowCoarse, ticks, UnsupportedError } from "@x/vdso";
import { bench, group } from "@x/vdso/bench";

/** Why there is no such clock here; false if there is. */
function missing(read: () => unknown): string | false {
  try {
    read();
    return false;
  } catch (error) {
    if (error instanceof UnsupportedError) return error.message;
    throw error;
  }
}

group("@x/vdso", () => {
  bench("ticks()", () => ticks(), { skip: missing(ticks) });
  bench("nowCoarse()", () => nowCoarse(), { skip: missing(nowCoarse) });
  bench("now()", () => now());
  bench("nowBigInt()", () => nowBigInt());
});

const { Bun } = globalThis as unknown as { Bun?: { nanoseconds(): number } };
const { hrtime } = process;

group("built in", () => {
  bench("performance.now()", () => performance.now());
  bench("process.hrtime.bigint()", () => hrtime.bigint());
  bench("Bun.nanoseconds()", () => Bun?.nanoseconds(), {
    skip: Bun === undefined && "It is there in Bun alone",
  });
});
