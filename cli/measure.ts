/**
 * What a call costs in this runtime.
 *
 * @module
 */
import process from "node:process";
import type { ThreadDisturbance } from "../bench/disturbance.ts";
import type { Interval } from "../bench/mod.ts";
import { contender, type Figure, takeTurns } from "../bench/turns.ts";
import { clockLoops } from "../doctor/mod.ts";
import { now, type Sources } from "../mod.ts";

/** Of each clock, as far as there is one. */
interface PerClock<T> {
  /** The same clock as `now()` from a loop in C, by the same path. */
  readonly native?: T;
  /** The system call, from a loop in C. */
  readonly syscall?: T;
  /** The runtime's own clocks, by name. */
  readonly builtin: Readonly<Record<string, T>>;
}

/** Nanoseconds per call: medians of rounds in which all clocks take turns. */
export interface Costs extends PerClock<number> {
  /** `now()` from JavaScript. */
  readonly now: number;
  /** The others, each over `now()`, compared round by round. */
  readonly relative: PerClock<Relative>;
  /** The figures are made of so many rounds. */
  readonly rounds: number;
  /** Which figures may not be taken for what the clock costs, and why. */
  readonly doubts: readonly Doubt[];
  /** What else went on. It slows down all clocks alike, as far as the intervals tell. */
  readonly disturbance: ThreadDisturbance;
}

/** A ratio, and the interval that holds it with the probability `level`. */
export interface Relative extends Interval {
  readonly ratio: number;
}

/** Of one figure and its ratio. */
export interface Doubt {
  /** As it is called, `"performance.now()"`. */
  readonly clock: string;
  readonly reason: string;
}

/** What the contenders are called, in doubts and in tables. */
export const CLOCKS = { now: "now()", native: "native C", syscall: "system call" } as const;

const LEAST_NS = 3e8;
const MOST_NS = 7e8;

interface BunNamespace {
  nanoseconds(): number;
}
const { Bun } = globalThis as unknown as { Bun?: BunNamespace };

/** Measures for 0.3 to 0.7 s, until the figures are steady. */
export function measureCosts(sources: Sources): Costs {
  const { hrtime } = process;
  const builtin = ["performance.now", "process.hrtime.bigint", ...(Bun ? ["Bun.nanoseconds"] : [])];
  const contenders = [
    contender(CLOCKS.now, () => now()),
    contender("performance.now()", () => performance.now()),
    contender("process.hrtime.bigint()", () => hrtime.bigint()),
    ...(Bun ? [contender("Bun.nanoseconds()", () => Bun.nanoseconds())] : []),
  ];
  if (sources.ffi !== "none") {
    const { entry, syscall } = clockLoops();
    contenders.push({ name: CLOCKS.native, take: entry }, { name: CLOCKS.syscall, take: syscall });
  }
  const { figures, rounds, disturbance } = takeTurns(contenders, CLOCKS.native, {
    least: LEAST_NS,
    most: MOST_NS,
  });
  const perClock = <T>(of: (figure: Figure) => T): PerClock<T> => {
    const native = figures.get(CLOCKS.native);
    const syscall = figures.get(CLOCKS.syscall);
    return {
      ...(native && { native: of(native) }),
      ...(syscall && { syscall: of(syscall) }),
      builtin: Object.fromEntries(builtin.flatMap((name) => {
        const figure = figures.get(`${name}()`);
        return figure ? [[name, of(figure)]] : [];
      })),
    };
  };
  return {
    now: figures.get(CLOCKS.now)?.ns ?? NaN,
    ...perClock(({ ns }) => ns),
    relative: perClock(({ ratio, interval }) => ({ ratio, ...interval })),
    rounds,
    doubts: Array.from(
      figures,
      ([clock, { doubt }]) => doubt === null ? [] : [{ clock, reason: doubt }],
    ).flat(),
    disturbance,
  };
}
