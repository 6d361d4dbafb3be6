/** Measures one runtime: the contenders take turns, native C among them. */
import { join } from "node:path";
import type { RuntimeCommand } from "../runtimes.ts";
import { start } from "./child.ts";
import type { ContenderName, ContenderResult, Hello, RuntimeResult } from "./results.ts";
import { summarize } from "./statistics.ts";

export interface MeasureOptions {
  /** The program of native.c; without it the trampoline's own loop stands in. */
  readonly native: string | undefined;
  readonly rounds: number;
  /** Nanoseconds that a batch should take: long against its timing, short against a time slice. */
  readonly batch: number;
}

/** Nanoseconds for so many calls. */
type Ask = (calls: number) => Promise<number>;

export async function measure(
  runtime: RuntimeCommand,
  { native, rounds, batch }: MeasureOptions,
): Promise<RuntimeResult> {
  const server = start(runtime.bin, [...runtime.run, join(import.meta.dirname, "serve.ts")]);
  const c = native === undefined ? undefined : start(native);
  try {
    const { contenders, ...about } = JSON.parse(await server.ask()) as Hello;
    const asks: [ContenderName, Ask][] = contenders.map((name) => [
      name,
      async (calls) => Number(await server.ask(`${name} ${calls}`)),
    ]);
    if (c) asks.push(["native", async (calls) => Number(await c.ask(String(calls)))]);
    const samples = await takeTurns(asks, rounds, batch);
    return {
      ...about,
      nativeBy: c ? "gcc" : "trampoline",
      rounds,
      contenders: compare(samples, c ? "native" : "trampoline"),
    };
  } finally {
    await Promise.all([server.close(), c?.close()]);
  }
}

/** Nanoseconds per call, of each contender in each round. */
async function takeTurns(
  asks: readonly (readonly [ContenderName, Ask])[],
  rounds: number,
  batch: number,
): Promise<Map<ContenderName, number[]>> {
  const turns: { name: ContenderName; ask: Ask; calls: number; samples: number[] }[] = [];
  for (const [name, ask] of asks) {
    turns.push({ name, ask, calls: await warmUp(ask, batch), samples: [] });
  }
  for (let round = 0; round < rounds; round++) {
    // There and back, so that nobody always comes after the same neighbour.
    for (const { ask, calls, samples } of round % 2 ? turns : turns.toReversed()) {
      samples.push(await ask(calls) / calls);
    }
  }
  return new Map(turns.map(({ name, samples }) => [name, samples]));
}

const STEADY = 8;
const MOST_WARM_UPS = 100;

/**
 * Runs batches until the last few bring no new best by 1 %: by then the compilers are done. Returns
 * how many calls make a batch.
 */
async function warmUp(ask: Ask, batch: number): Promise<number> {
  let calls = 1000;
  let best = Infinity;
  let steady = 0;
  for (let i = 0; i < MOST_WARM_UPS && steady < STEADY; i++) {
    const ns = await ask(calls) / calls;
    steady = ns < best * 0.99 ? 0 : steady + 1;
    best = Math.min(best, ns);
    calls = Math.max(1000, Math.round(batch / best));
  }
  return calls;
}

/** Ratios are taken round by round: both sides of one saw the same few milliseconds. */
function compare(
  samples: ReadonlyMap<ContenderName, readonly number[]>,
  base: "native" | "trampoline",
): Partial<Record<ContenderName, ContenderResult>> {
  const native = samples.get(base);
  if (!native) throw new Error("Nothing to compare with: no gcc, and no FFI");
  return Object.fromEntries(
    Array.from(samples, ([name, ns]) => [name, {
      ns: summarize(ns),
      ratio: summarize(ns.map((value, round) => value / (native[round] as number))),
    }]),
  );
}
