/**
 * What calls cost in C, by their path and by the system call: in turns, for as long as it takes and no
 * longer.
 *
 * @module
 */
import { median } from "../../bench/median.ts";
import { watchSteps } from "../../bench/step.ts";
import {
  ENTRIES,
  native,
  SHIM_CLOCKS,
  SHIM_MACHINE,
  SHIM_REFERENCE,
} from "../../core/internals.ts";
import { CLOCK_MONOTONIC, now } from "../../mod.ts";
import { CLOCK_NAMES } from "../clock_names.ts";
import type { PathCost } from "./types.ts";

/** A loop that makes so many calls, and says how many nanoseconds they took: NaN if one fails. */
type Loop = (calls: number) => number;

/** What is to be measured of one thing. */
interface Paths {
  readonly native: Loop;
  readonly syscall: Loop;
}

/** Costs by name, and the null system call. */
export interface NativeCosts {
  readonly clocks: Record<string, PathCost>;
  readonly entries: Record<string, PathCost>;
  readonly nullSyscallNs: number | null;
}

/** What a CPU clock costs is no fault of any clocksource, but people pay it. */
const CLOCKS = Object.entries(CLOCK_NAMES);

/** Of a turn: long against the clock's steps, short against a slice of the scheduler. */
const TURN_NS = 30_000;
const STEPS = 4;
const LONGEST_TURN_NS = 4e7;
const ROUNDS = 15;
/** Turns are no shorter than one call: under strace(1) it takes 100 µs. */
const BUDGET_NS = 6e8;
const MOST_CALLS = 1 << 20;
const NULL_SYSCALL = -1;

/** Measures every clock and entry. About 50 ms, at most a second. */
export function measureNative(): NativeCosts {
  const c = native().shim.open(SHIM_REFERENCE);
  const { vdso_entry_loop } = native().shim.open(SHIM_MACHINE);
  const entryLoop = (syscall: number, entry: number): Loop => (calls) =>
    vdso_entry_loop(syscall, entry, calls);
  const subjects = new Map<string, Paths>();
  for (const [name, id] of CLOCKS) {
    subjects.set(`clock ${name}`, {
      native: (calls) => c.vdso_loop(0, id, calls),
      syscall: (calls) => c.vdso_loop(1, id, calls),
    });
  }
  const nothing = entryLoop(1, NULL_SYSCALL);
  subjects.set("null", { native: nothing, syscall: nothing });
  ENTRIES.forEach((name, index) =>
    subjects.set(`entry ${name}`, { native: entryLoop(0, index), syscall: entryLoop(1, index) })
  );
  const costs = measurePaths(subjects, turnLength(), now);
  const withPrefix = (prefix: string) =>
    Object.fromEntries(
      Array.from(costs).filter(([name]) => name.startsWith(prefix))
        .map(([name, cost]) => [name.slice(prefix.length), cost]),
    );
  return {
    clocks: withPrefix("clock "),
    entries: withPrefix("entry "),
    nullSyscallNs: costs.get("null")?.syscallNs ?? null,
  };
}

/** Some steps of the clock that times them. */
function turnLength(): number {
  const { vdso_clock } = native().shim.open(SHIM_CLOCKS);
  const steps = watchSteps(() => vdso_clock(CLOCK_MONOTONIC));
  return Math.min(LONGEST_TURN_NS, Math.max(TURN_NS, STEPS * (steps?.step ?? Infinity)));
}

/** Those that fail are left out; so are those that there was no time for. */
export function measurePaths(
  subjects: ReadonlyMap<string, Paths>,
  turnNs: number,
  read: () => number,
): Map<string, PathCost> {
  const start = read();
  const costs = new Map<string, PathCost>();
  for (const [name, { native, syscall }] of subjects) {
    const calls = [sizeTurn(native, turnNs), sizeTurn(syscall, turnNs)] as const;
    if (Number.isNaN(calls[0]) || Number.isNaN(calls[1])) continue;
    const [ns, syscallNs]: [number[], number[]] = [[], []];
    do {
      ns.push(native(calls[0]) / calls[0]);
      syscallNs.push(syscall(calls[1]) / calls[1]);
    } while (ns.length < ROUNDS && read() - start < BUDGET_NS);
    costs.set(name, { nativeNs: median(ns), syscallNs: median(syscallNs) });
    if (read() - start >= 2 * BUDGET_NS) break;
  }
  return costs;
}

/** Of so few calls, code that runs for the first time or an interrupt takes the larger part. */
const FEW_CALLS = 16;
const TRIES = 3;

/**
 * How many calls a turn has; NaN if they fail. A turn that is sized too short shows the readings of the
 * clock around it, too: a single call looks like two.
 */
function sizeTurn(loop: Loop, turnNs: number): number {
  let calls = 1;
  for (let ns = leastTime(loop, 1); ns < turnNs / 2 && calls < MOST_CALLS;) {
    // At most tenfold, since the first calls of anything are slow.
    calls = Math.min(MOST_CALLS, Math.ceil(calls * Math.min(10, Math.max(2, turnNs / ns))));
    ns = leastTime(loop, calls);
  }
  return Number.isNaN(loop(1)) ? NaN : calls;
}

function leastTime(loop: Loop, calls: number): number {
  let least = Infinity;
  for (let i = calls <= FEW_CALLS ? TRIES : 1; i > 0; i--) least = Math.min(least, loop(calls));
  return least;
}
