/**
 * The first calls of a benchmark: they tell what loop it needs.
 *
 * @module
 */
import type { BenchClock } from "./clock.ts";
import { isThenable } from "./results.ts";
import type { Subject } from "./subject.ts";

/** What they told. */
export interface Tried {
  /** Nanoseconds that a call takes at least, as far as the clock shows it. */
  readonly leastNs: number;
  /** Nanoseconds that all calls took together, and how many there were. */
  readonly totalNs: number;
  readonly calls: number;
  /** Whether the function's results are awaited, and those of the functions around a sample. */
  readonly awaits: boolean;
  readonly awaitsHooks: boolean;
  /** What the function returns, by `typeof`, after any await. */
  readonly returns: string;
}

/** The first calls are for a few milliseconds. */
const TRY_NS = 5e6;
const MOST_TRIES = 1000;

/** Calls the function a few times, as a sample would. */
export async function tryOut<I>(
  { fn, beforeSample: before, afterSample: after }: Subject<I>,
  input: I,
  clock: BenchClock,
): Promise<Tried> {
  let returns = "undefined";
  let [awaits, awaitsHooks] = [false, false];
  let [leastNs, totalNs, calls] = [Infinity, 0, 0];
  const begin = clock.read();
  for (; calls < MOST_TRIES && (calls === 0 || clock.read() - begin < TRY_NS); calls++) {
    if (await settled(before?.(input))) awaitsHooks = true;
    const start = clock.read();
    let result = fn(input);
    if (isThenable(result)) {
      awaits = true;
      result = await result;
    }
    const ns = clock.read() - start;
    leastNs = Math.min(leastNs, ns);
    totalNs += ns;
    returns = typeof result;
    if (await settled(after?.(input))) awaitsHooks = true;
  }
  return { leastNs, totalNs, calls, awaits, awaitsHooks, returns };
}

/** Waits for it if it is a promise, and says whether it was. */
async function settled(value: unknown): Promise<boolean> {
  const thenable = isThenable(value);
  if (thenable) await value;
  return thenable;
}
