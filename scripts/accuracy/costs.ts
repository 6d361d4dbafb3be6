/**
 * Functions of known cost: what C says of them against what the benchmark reports.
 *
 * The FFI's own cost is a part of what is reported, so that what so many iterations take is the
 * difference to a call with that many fewer, in C as here. Turns alternate with C's.
 *
 *   node scripts/accuracy/costs.ts LIBRARY TURNS TIME_MS [MOST_WORK]
 */
import process from "node:process";
import { median } from "../../bench/median.ts";
import { measure, type Mode } from "../../bench/mod.ts";
import { spin, spin_ns, work, work_ns } from "./work.ts";
import type { KnownCost } from "./results.ts";

const [, , , turns = "9", time = "50", most = "Infinity"] = process.argv;

/** What a round of so many calls costs each, by the median and at least. */
interface Cost {
  readonly median: number;
  readonly least: number;
}

interface Case {
  readonly name: string;
  readonly mode: Mode;
  readonly fn: (argument: number) => number;
  readonly fnNs: (argument: number, calls: number) => number;
  readonly argument: number;
  /** What is taken off: a call with so much less to do. */
  readonly base: number;
}

/**
 * Both sides of a difference do something: while a call has nothing to do, a CPU that still decodes
 * what comes around the call is what is measured.
 */
const WORK_BASE = 25;

/** From 20 ns to 1 ms, where a multiplication takes 3 cycles of 3.6 GHz. */
const ITERATIONS = [25, 50, 100, 1000, 10_000, 100_000, 1_200_000];
/** One reading of the clock in C has to be little of it: a spin ends when one says so. */
const SPINS = [5000, 50_000, 1_000_000];
/** Below, the clock is a large part of a single call. */
const LEAST_LATENCY = 1000;

const KINDS = [
  { kind: "work", fn: work, fnNs: work_ns, base: WORK_BASE, from: ITERATIONS },
  { kind: "spin", fn: spin, fnNs: spin_ns, base: 0, from: SPINS },
];

function cases(mode: Mode): Case[] {
  const least = mode === "latency" ? LEAST_LATENCY : 0;
  return KINDS.flatMap(({ kind, from, ...rest }) =>
    from.filter((argument) => least <= argument && argument <= Number(most))
      .map((argument) => ({ name: `${kind} ${argument}`, mode, argument, ...rest }))
  );
}

/**
 * In C, in rounds of 20 µs as the benchmark takes them, and for as long: in a few milliseconds a
 * compiler on the other CPU may be all that there is, and take this one's highest frequency.
 */
function truth({ fnNs }: Case, argument: number): Cost {
  const callNs = argument + 20;
  const calls = Math.max(1, Math.round(2e4 / callNs));
  const rounds = Math.ceil(Number(time) * 1e6 / (calls * callNs));
  const all = Float64Array.from({ length: rounds }, () => fnNs(argument, calls) / calls);
  return { median: median(all), least: Math.min(...all) };
}

async function reported({ fn, mode }: Case, argument: number): Promise<Cost> {
  // A function for each benchmark, as a user would write it: not fn itself.
  const { ns } = await measure(() => fn(argument), { mode, time: Number(time) });
  return { median: ns.p50, least: ns.min };
}

function difference(a: Cost, b: Cost): Cost {
  return { median: a.median - b.median, least: a.least - b.least };
}

/** The base is measured as the function is: by calls that have that much to do in both. */
async function turn(one: Case, baseFirst: boolean): Promise<{ truth: Cost; reported: Cost }> {
  const { argument, base } = one;
  const both = baseFirst ? [base, argument + base] : [argument + base, base];
  const found: { truth: Cost; reported: Cost }[] = [];
  for (const each of both) {
    found.push({ truth: truth(one, each), reported: await reported(one, each) });
  }
  const [less, more] = (baseFirst ? found : found.reverse()) as [typeof found[0], typeof found[0]];
  return {
    truth: difference(more.truth, less.truth),
    reported: difference(more.reported, less.reported),
  };
}

/** What the FFI takes is much of a short call, and not always the same: those have more turns. */
const SHORT = { most: 100, turns: 3 };

for (const one of [...cases("throughput"), ...cases("latency")]) {
  const all: Awaited<ReturnType<typeof turn>>[] = [];
  const count = Number(turns) * (one.argument <= SHORT.most ? SHORT.turns : 1);
  for (let i = 0; i < count; i++) all.push(await turn(one, i % 2 === 0));
  const error = (key: keyof Cost) =>
    median(all.map(({ truth, reported }) => reported[key] / truth[key] - 1));
  const { name, mode } = one;
  const known: KnownCost = {
    name,
    mode,
    truthNs: median(all.map(({ truth }) => truth.median)),
    error: error("median"),
    errorOfFastest: error("least"),
  };
  console.log(JSON.stringify(known));
}
