/**
 * What the engine is given.
 *
 * @module
 */
import type { BenchClock, ClockQuality, Clocks } from "./clock.ts";
import type { Watch } from "./disturbance.ts";
import type { Compiler } from "./loop.ts";
import type { Baseline, Mode } from "./types.ts";

/** What is measured. */
export interface Subject<I> {
  readonly fn: (input: I) => unknown;
  readonly setup: () => I | PromiseLike<I>;
  readonly teardown?: ((input: I) => unknown) | undefined;
  readonly beforeSample?: ((input: I) => unknown) | undefined;
  readonly afterSample?: ((input: I) => unknown) | undefined;
}

/** How it is measured. */
export interface Settings {
  readonly mode: Mode;
  /** Nanoseconds. */
  readonly time: number;
  /** Nanoseconds. */
  readonly warmup: number;
}

/** Where it is measured: all that a test may want to choose. */
export interface Environment {
  readonly clocks: Clocks;
  readonly quality: (clock: BenchClock) => ClockQuality;
  readonly watch: (waits: boolean) => Promise<Watch>;
  /** Called before anything is warm, for what makes garbage. */
  readonly prepare?: () => Promise<unknown>;
  readonly baseline: (like: BaselineKey) => Promise<Baseline>;
  readonly compile?: Compiler;
}

/** What a benchmark and its baseline have in common. */
export interface BaselineKey {
  readonly mode: Mode;
  readonly async: boolean;
}
