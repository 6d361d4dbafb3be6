/** Measures one runtime: the contenders take turns, native C among them. */
import { join } from "node:path";
import type { RuntimeCommand } from "../runtimes.ts";
import { type Child, start } from "./child.ts";
import {
  type AnyName,
  type ContenderName,
  type ContenderResult,
  type Group,
  type Hello,
  type OtherName,
  type OtherResult,
  OTHERS,
  type OthersResult,
  type RuntimeResult,
  type WorkersResult,
} from "./results.ts";
import { summarize, type Summary } from "./statistics.ts";

export interface MeasureOptions {
  /** The program of native.c; without it the shim's own loop stands in, for the clocks. */
  readonly native: string | undefined;
  readonly rounds: number;
  /** Nanoseconds that a batch should take: long against its timing, short against a time slice. */
  readonly batch: number;
  /** In Node, the FFI by which the library is to go. */
  readonly ffi?: string | undefined;
}

/** Nanoseconds for so many calls. */
type Ask = (calls: number) => Promise<number>;

type Samples = ReadonlyMap<AnyName, readonly number[]>;

/** The clocks. */
export async function measureClocks(
  runtime: RuntimeCommand,
  options: MeasureOptions,
): Promise<RuntimeResult> {
  const { hello, samples } = await sample(runtime, "clocks", options);
  const { version, ffi, source, reason } = hello;
  return {
    version,
    ffi,
    source,
    ...(reason !== undefined && { reason }),
    nativeBy: options.native === undefined ? "shim" : "gcc",
    rounds: samples.get("now")?.length ?? 0,
    contenders: compareClocks(samples, options.native === undefined ? "shim" : "native"),
  };
}

/** Everything else. */
export async function measureOthers(
  runtime: RuntimeCommand,
  options: MeasureOptions,
): Promise<OthersResult> {
  const { hello: { entries, hasCounter }, samples } = await sample(runtime, "others", options);
  const rounds = Math.max(...Array.from(samples.values(), ({ length }) => length));
  return { entries, hasCounter, rounds, contenders: compareOthers(samples) };
}

/** Two Workers against one; undefined where that failed, with the reason on standard error. */
export async function measureWorkers(
  { bin, run }: RuntimeCommand,
  rounds: number,
): Promise<WorkersResult | undefined> {
  const child = start(bin, [...run, join(import.meta.dirname, "workers.ts"), String(rounds)]);
  try {
    return JSON.parse(await child.ask()) as WorkersResult;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return undefined;
  } finally {
    await child.close();
  }
}

/**
 * The processes that share the rounds. Where a process has its code is chance (ASLR), and where two calls
 * meet in a branch predictor, each takes 5 ns more for as long as the process lives.
 */
const PROCESSES = 7;

interface Sampled {
  readonly hello: Hello;
  readonly samples: Samples;
}

/** What several processes measured, one after the other. */
async function sample(
  runtime: RuntimeCommand,
  group: Group,
  options: MeasureOptions,
): Promise<Sampled> {
  const rounds = Math.ceil(options.rounds / PROCESSES);
  const { hello, samples } = await sampleOnce(runtime, group, { ...options, rounds });
  const all = new Map(Array.from(samples, ([name, ns]) => [name, [...ns]]));
  for (let i = 1; i < PROCESSES; i++) {
    const more = await sampleOnce(runtime, group, { ...options, rounds });
    for (const [name, ns] of more.samples) all.get(name)?.push(...ns);
  }
  return { hello, samples: all };
}

/** Lets the contenders of a group take turns, those of native C among them. */
async function sampleOnce(
  runtime: RuntimeCommand,
  group: Group,
  { native, rounds, batch, ffi }: MeasureOptions,
): Promise<Sampled> {
  const words = [...runtime.run, join(import.meta.dirname, "serve.ts"), group];
  const wish = ffi !== undefined && runtime.name.startsWith("node") ? [ffi] : [];
  const server = start(runtime.bin, [...words, ...wish]);
  const c = native === undefined ? undefined : start(native);
  try {
    const hello = JSON.parse(await server.ask()) as Hello;
    const asks = hello.contenders.map((name) => [name, askOf(server, name)] as const);
    for (const name of (await c?.ask() ?? "").split(" ") as (AnyName | "")[]) {
      const takesPart = name && (group === "others" || name === "native");
      if (c && takesPart) asks.push([name, askOf(c, name)]);
    }
    return { hello, samples: await takeTurns(asks, rounds, batch) };
  } finally {
    await Promise.all([server.close(), c?.close()]);
  }
}

function askOf(child: Child, name: AnyName): Ask {
  return async (calls) => Number(await child.ask(`${name} ${calls}`));
}

/** Nanoseconds per call, of each contender in each round. */
async function takeTurns(
  asks: readonly (readonly [AnyName, Ask])[],
  rounds: number,
  batch: number,
): Promise<Samples> {
  const turns: { name: AnyName; ask: Ask; calls: number; samples: number[] }[] = [];
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

function compareClocks(
  samples: Samples,
  base: "native" | "shim",
): Partial<Record<ContenderName, ContenderResult>> {
  const native = samples.get(base);
  if (!native) throw new Error("Nothing to compare with: no gcc, and no FFI");
  return Object.fromEntries(
    Array.from(samples, ([name, ns]) => [name, { ns: summarize(ns), ratio: ratio(ns, native) }]),
  );
}

function compareOthers(samples: Samples): Partial<Record<OtherName, OtherResult>> {
  return Object.fromEntries(
    (Object.keys(OTHERS) as OtherName[]).flatMap((name) => {
      const ns = samples.get(name);
      if (!ns) return [];
      const { base }: { title: string; base?: OtherName } = OTHERS[name];
      const native = base && samples.get(base);
      return [[name, { ns: summarize(ns), ...(native && { ratio: ratio(ns, native) }) }]];
    }),
  );
}

/** Taken round by round: both sides of one saw the same few milliseconds. */
function ratio(ns: readonly number[], native: readonly number[]): Summary {
  return summarize(ns.map((value, round) => value / (native[round] as number)));
}
