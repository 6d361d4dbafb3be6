/**
 * The event-loop meter: how long what comes at any moment has to wait.
 *
 * @module
 */
import { detectRuntime, show } from "../core/internals.ts";
import { now } from "../mod.ts";
import { BUCKETS } from "./buckets.ts";
import { type Control, startControl } from "./control.ts";
import { timerMeter, turnMeter } from "./meters.ts";
import { type Waits, waitsOfBusyTimes, waitsOfMoments } from "./waits.ts";

/** How {@link loopDelay} watches. */
export interface LoopDelayOptions {
  /**
   * Milliseconds between two looks where a timer looks, from 1 to 1000; 10 if left out. What is
   * shorter may not be seen.
   */
  readonly resolution?: number;
  /** Whether an idle Worker is watched beside: what that sees is the machine's doing. */
  readonly control?: boolean;
}

/** What {@link LoopDelay.snapshot} returns. */
export interface LoopDelaySnapshot {
  /**
   * How the loop is watched. `"turns"`: each turn of it tells how long it was busy (Node); an idle loop
   * is not woken. `"timer"`: a timer tells how late it is (Deno, Bun).
   */
  readonly method: "turns" | "timer";
  /** How long it has been watched, in nanoseconds. */
  readonly elapsedNs: number;
  /**
   * How long an event has to wait that comes at any moment, in nanoseconds. What holds the loop up while
   * the snapshot is taken counts as far as it has come.
   */
  readonly waits: Waits;
  /**
   * The same of an idle Worker, by a timer; null if that was not asked for, or cannot be had. What holds
   * it up at a reset is told afterwards.
   */
  readonly control: Waits | null;
  /** Why there is no control though it was asked for; null otherwise. */
  readonly controlFailure: string | null;
}

/** A meter of this thread's event loop: what {@link loopDelay} returns. */
export interface LoopDelay extends Disposable {
  /** All since the last {@link LoopDelay.reset}. About 50 µs. */
  snapshot(): LoopDelaySnapshot;
  /** Begins anew. */
  reset(): void;
  /** Ends it, and its Worker. Snapshots stay as they are. */
  close(): void;
}

/** Counts since a moment, of what goes on counting. */
class Interval {
  readonly #counts: Float64Array;
  readonly #base = new Float64Array(BUCKETS);

  constructor(counts: Float64Array) {
    this.#counts = counts;
  }

  /** Another thread may be writing: what it writes to stays its own. */
  reset(): void {
    this.#base.set(this.#counts);
  }

  get counts(): Float64Array {
    return this.#counts.map((count, bucket) => count - (this.#base[bucket] ?? 0));
  }
}

/**
 * Watches the event loop of the thread that calls: how long does an event wait that comes at any
 * moment, while the loop is busy with others? Figures are over time: of a loop that is held up for
 * 100 ms once a second, one moment in ten waits, half of those for 50 ms and more. Meters that take a
 * sample once a turn count the long one once, and are the better the worse the loop is.
 *
 * The figures are the same in each runtime. In Node every turn of the loop tells how long it was busy:
 * about 0.5 µs for each, and an idle loop is not woken. In Deno and Bun, whose
 * `eventLoopUtilization()` is all zeros, an unref'd timer tells how late it is, and for each moment
 * that it missed as well; it wakes the loop. Neither keeps a program alive.
 *
 * With `control` a Worker that has nothing else to do is watched beside, as jHiccup's control process
 * is. What both see is the machine's doing: {@link jitter} says whose.
 *
 * @param options how often a timer looks, and whether a control is wanted
 * @throws {TypeError | RangeError} for options that cannot be
 *
 * @example
 * ```ts
 * import { loopDelay } from "@x/vdso/jitter";
 *
 * const delay = loopDelay();
 * await new Promise((resolve) => setTimeout(resolve, 100));
 * const { p99, max } = delay.snapshot().waits;
 * console.log(`p99 ${p99 / 1e6} ms, longest ${max / 1e6} ms`);
 * delay.close(); // or with using, where the runtime knows it
 * ```
 */
export function loopDelay(options: LoopDelayOptions = {}): LoopDelay {
  const { resolution, control: wantsControl } = check(options);
  const method = detectRuntime() === "node" ? "turns" : "timer";
  // First: to start a Worker holds the loop up, which is the meter's own doing.
  const control: Control | undefined = wantsControl ? startControl(resolution) : undefined;
  const counted = new Float64Array(BUCKETS);
  let start = now();
  const meter = method === "turns" ? turnMeter(counted) : timerMeter(counted, resolution);
  const own = new Interval(counted);
  const others = control && new Interval(control.counts);
  let last: LoopDelaySnapshot | undefined;

  function snapshot(): LoopDelaySnapshot {
    if (last) return last;
    const counts = own.counts;
    meter.addPending(counts);
    const elapsedNs = now() - start;
    const failure = control?.failure();
    return {
      method,
      elapsedNs,
      waits: method === "turns" ? waitsOfBusyTimes(counts, elapsedNs) : waitsOfMoments(counts),
      control: others && failure === undefined ? waitsOfMoments(others.counts) : null,
      controlFailure: failure ?? null,
    };
  }
  function close(): void {
    last ??= snapshot();
    meter.close();
    control?.close();
  }
  return {
    snapshot,
    close,
    [Symbol.dispose]: close,
    reset() {
      if (last) return;
      start = now();
      meter.reset();
      own.reset();
      others?.reset();
    },
  };
}

const KEYS: readonly string[] = ["resolution", "control"] satisfies (keyof LoopDelayOptions)[];

function check(options: unknown): Required<LoopDelayOptions> {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Expected \`options\` to be an object, got ${show(options)}`);
  }
  const unknown = Object.keys(options).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(
      `Expected the keys of \`options\` to be among ${KEYS.join(", ")}, got ${unknown}`,
    );
  }
  const { resolution = 10, control = false } = options as LoopDelayOptions;
  if (typeof resolution !== "number") {
    throw new TypeError(`Expected \`resolution\` to be a number, got ${show(resolution)}`);
  }
  if (!(Number.isInteger(resolution) && resolution >= 1 && resolution <= 1000)) {
    throw new RangeError(
      `Expected \`resolution\` to be whole milliseconds from 1 to 1000, got ${show(resolution)}`,
    );
  }
  if (typeof control !== "boolean") {
    throw new TypeError(`Expected \`control\` to be a boolean, got ${show(control)}`);
  }
  return { resolution, control };
}
