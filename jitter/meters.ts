/**
 * What watches an event loop, without keeping it alive.
 *
 * @module
 */
import timers from "node:timers"; // the object: names that are imported one by one may change later
import { now } from "../mod.ts";
import { bucketOf } from "./buckets.ts";
import { Lateness } from "./lateness.ts";

// As they were when this was loaded: fake timers would tell of their own time.
const { clearImmediate, clearTimeout, setImmediate, setTimeout } = timers;
const performanceNow = performance.now.bind(performance);

/** Counts into buckets until it is closed. */
export interface Meter {
  /** Adds what holds the loop up just now, and is not yet counted. */
  addPending(counts: Float64Array): void;
  /** Counts nothing of what was before. */
  reset(): void;
  close(): void;
}

/** What Node alone has: the others' eventLoopUtilization() is all zeros. */
export interface NodeLoop {
  /** Milliseconds that the loop has been idle since the program began. */
  idleMs(): number;
  /** Milliseconds of the same clock. */
  nowMs(): number;
  /** Calls once in the next turn of the loop, if there is one: keeps nothing alive, wakes nothing. */
  nextTurn(fn: () => void): () => void;
}

/** The loop of this thread, in Node. */
export function nodeLoop(): NodeLoop {
  const node = performance as unknown as { eventLoopUtilization(): { idle: number } };
  return {
    idleMs: () => node.eventLoopUtilization().idle,
    nowMs: performanceNow,
    nextTurn(fn) {
      const immediate = setImmediate(fn).unref();
      return () => clearImmediate(immediate);
    },
  };
}

/**
 * Counts how long each turn of the loop was busy: what has passed since the turn before, without what
 * libuv waited for events. One call for each turn that the loop makes anyway; an idle loop makes none.
 *
 * Not by monitorEventLoopDelay({ samplePerIteration: true }), though it takes no call: it misses what
 * runs in a turn's poll phase after the wait there, that is most callbacks of sockets and files (seen
 * in Node 24.21 and 26.10).
 */
export function turnMeter(counts: Float64Array, loop: NodeLoop = nodeLoop()): Meter {
  const look = () => ({ ms: loop.nowMs(), idleMs: loop.idleMs() });
  let last = look();
  let cancel = loop.nextTurn(turn);
  function add(to: Float64Array, { ms, idleMs }: typeof last): void {
    const busyNs = (ms - last.ms - (idleMs - last.idleMs)) * 1e6;
    if (!(busyNs >= 0)) return; // the clocks do not agree
    const bucket = bucketOf(busyNs);
    to[bucket] = (to[bucket] ?? 0) + 1;
  }
  function turn(): void {
    const now = look();
    add(counts, now);
    last = now;
    cancel = loop.nextTurn(turn);
  }
  return {
    addPending: (to) => add(to, look()),
    reset: () => last = look(),
    close: () => cancel(),
  };
}

/**
 * Counts how late a timer is. Wakes the loop each period, but does not keep it alive.
 *
 * @param periodMs whole: runtimes cut fractions off
 */
export function timerMeter(counts: Float64Array, periodMs: number): Meter {
  const lateness = new Lateness(counts, periodMs * 1e6, now());
  let timer = start();
  function start() {
    return setTimeout(fired, periodMs).unref();
  }
  function fired(): void {
    lateness.fired(now());
    timer = start();
  }
  return {
    addPending: (to) => lateness.addPending(to, now()),
    reset: () => lateness.reset(now()),
    close: () => clearTimeout(timer),
  };
}
