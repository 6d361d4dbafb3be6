/**
 * What functions cost beside each other: they take turns, in many short rounds, and are compared
 * within each round. What slows the machine down for a while slows all of them down, and leaves
 * their ratios as they are.
 *
 * @module
 */
import { now } from "../mod.ts";
import { type Interval, medianInterval } from "./bootstrap.ts";
import { type ThreadDisturbance, type ThreadWatch, watchThread } from "./disturbance.ts";
import { type Compiler, makeLoop } from "./loop.ts";
import { median } from "./median.ts";
import { watchSteps } from "./step.ts";
import { Settling, WINDOWS } from "./warmup.ts";

/** One that takes part. */
export interface Contender {
  readonly name: string;
  /** Makes calls; returns the nanoseconds that they took together, NaN if they failed. */
  readonly take: (calls: number) => number;
  /** Why its figures are not sound, whatever they are. */
  readonly doubt?: string;
}

/** How long, and where: what a test may want to choose. */
export interface TurnsOptions {
  /** Nanoseconds: for that long at least, and until all figures are steady. */
  readonly least: number;
  /** Nanoseconds: no longer than that, steady or not. */
  readonly most: number;
  /** The clock that times the contenders. */
  readonly read?: () => number;
  readonly watch?: () => ThreadWatch;
}

/** What came of a contender. */
export interface Figure {
  /** Nanoseconds per call: the median of the rounds. */
  readonly ns: number;
  /** Its time over that of the first contender: the median of what the rounds say. */
  readonly ratio: number;
  /** The bootstrap interval of `ratio`. */
  readonly interval: Interval;
  /** Why neither may be taken for what it costs; null if they may. */
  readonly doubt: string | null;
}

/** What came of all. */
export interface Turns {
  /** By name; without those that failed. */
  readonly figures: ReadonlyMap<string, Figure>;
  /** The number of rounds that the figures are made of: the last ones, after any warm-up. */
  readonly rounds: number;
  readonly disturbance: ThreadDisturbance;
}

/** Makes a contender of a function: in a loop of its own, as a benchmark has. */
export function contender(
  name: string,
  fn: () => unknown,
  { read = now, compile }: { read?: () => number; compile?: Compiler } = {},
): Contender {
  const shape = { batched: true, awaits: false, awaitsHooks: false, returns: typeof fn() };
  const parts = { fn, input: undefined, read, before: undefined, after: undefined };
  const { loop, own } = makeLoop(shape, parts, compile);
  const out = new Float64Array(1);
  return {
    name,
    take(calls) {
      void loop(out, 0, 1, calls, Infinity, 0);
      return out[0] as number;
    },
    ...(!own && { doubt: "Code generation is forbidden, so that it has no loop of its own" }),
  };
}

/** A turn: long enough that the clock does not matter, and short against a scheduler's slice. */
const TURN_NS = 50_000;
/** A turn is that many steps of a clock that moves in long ones. */
const STEPS = 4;
const LONGEST_TURN_NS = 4e7;
/** Of a window of the warm-up. */
const ROUNDS = 20;
/** Where turns are long, a window has fewer. */
const LONGEST_WINDOW_NS = 2e8;

interface Turn {
  readonly contender: Contender;
  readonly settling: Settling;
  /** Nanoseconds per call of each round, by window: the last windows only. */
  readonly windows: number[][];
  calls: number;
  settled: boolean;
}

/**
 * Lets the contenders take turns until the ratios are steady. The figures are those of the rounds
 * that show them to be so.
 *
 * @param contenders the first is the one that the others are compared with
 * @param steady one of them, by name, that no compiler makes faster: the others have settled when
 * they are steady beside it. Without one, when they are steady by the clock
 */
export function takeTurns(
  contenders: readonly Contender[],
  steady: string | undefined,
  { least, most, read = now, watch = () => watchThread(false) }: TurnsOptions,
): Turns {
  const watcher = watch();
  const start = read();
  const turnNs = Math.min(
    LONGEST_TURN_NS,
    Math.max(TURN_NS, STEPS * (watchSteps(read)?.step ?? Infinity)),
  );
  const turns = contenders.flatMap((contender): Turn[] => {
    const calls = sizeTurn(contender, turnNs);
    const settled = contender.name === steady;
    return calls === undefined
      ? []
      : [{ contender, settling: new Settling(), windows: [], calls, settled }];
  });
  const reference = turns.find(({ contender }) => contender.name === steady);
  let elapsedNs = 0;
  let windows = 0;
  do {
    takeWindow(turns, read, windows);
    windows++;
    watcher.look();
    for (const turn of turns) {
      turn.calls = callsIn(turnNs, median(lastOf(turn)));
      if (turn === reference) continue;
      const beside = reference ? ratios(lastOf(turn), lastOf(reference)) : lastOf(turn);
      turn.settled = turn.settling.add(median(beside));
    }
    elapsedNs = read() - start;
  } while (elapsedNs < most && !(elapsedNs >= least && turns.every(({ settled }) => settled)));
  const disturbance = watcher.end(elapsedNs);
  const first = turns[0]?.contender === contenders[0] ? turns[0] : undefined;
  const base = first?.windows.flat() ?? [];
  return {
    figures: new Map(
      turns.map((turn) => [turn.contender.name, figure(turn, base, windows, elapsedNs)]),
    ),
    rounds: turns[0]?.windows.flat().length ?? 0,
    disturbance,
  };
}

/** For what takes no time at all, and for clocks that stand still. */
const MOST_CALLS = 2 ** 22;

/** How many calls make a turn; undefined if they fail. */
function sizeTurn({ take }: Contender, turnNs: number): number | undefined {
  let calls = 1;
  for (let ns = take(calls); ns < turnNs / 2 && calls < MOST_CALLS; ns = take(calls)) calls *= 2;
  return Number.isNaN(take(1)) ? undefined : calls;
}

function callsIn(turnNs: number, callNs: number): number {
  return Math.max(1, Math.min(MOST_CALLS, Math.round(turnNs / callNs)));
}

function takeWindow(turns: readonly Turn[], read: () => number, windows: number): void {
  for (const turn of turns) {
    turn.windows.push([]);
    if (turn.windows.length > WINDOWS) turn.windows.shift();
  }
  const start = read();
  for (let round = 0; round < ROUNDS && read() - start < LONGEST_WINDOW_NS; round++) {
    // There and back, so that none always comes after the same neighbour.
    for (const turn of (windows + round) % 2 ? turns.toReversed() : turns) {
      lastOf(turn).push(turn.contender.take(turn.calls) / turn.calls);
    }
  }
}

function lastOf({ windows }: Turn): number[] {
  return windows.at(-1) ?? [];
}

/** Round by round. */
function ratios(ns: readonly number[], base: readonly number[]): number[] {
  return ns.map((value, round) => value / (base[round] ?? NaN));
}

/** 95 % of what 300 resamples say: their ends are right to a tenth of the interval. */
const INTERVAL = { resamples: 300 };

function figure(turn: Turn, base: readonly number[], windows: number, elapsedNs: number): Figure {
  const ns = turn.windows.flat();
  const beside = ratios(ns, base);
  return {
    ns: median(ns),
    ratio: median(beside),
    interval: medianInterval(beside, INTERVAL),
    doubt: turn.contender.doubt ?? doubtOf(turn, windows, elapsedNs),
  };
}

function doubtOf({ settled }: Turn, windows: number, elapsedNs: number): string | null {
  if (settled) return null;
  const after = `after ${(elapsedNs / 1e6).toFixed(0)} ms`;
  return windows < WINDOWS
    ? `Not called often enough to tell whether it still changes, ${after}`
    : `Still changed ${after}`;
}
