/**
 * A benchmark in a loop, while nothing speaks against that loop.
 *
 * @module
 */
import type { BenchClock, ClockQuality } from "./clock.ts";
import { type Compiler, type LoopParts, type LoopShape, type MadeLoop, makeLoop } from "./loop.ts";
import { isIterator, isThenable } from "./results.ts";
import { Sampler } from "./sampler.ts";
import type { Seen } from "./warnings.ts";

/** The clocks, and how good the one is that samples are taken with. */
export interface AttemptClocks {
  readonly clock: BenchClock;
  readonly quality: ClockQuality;
  readonly long: BenchClock;
}

/** A loop, its samples, and what the function returned meanwhile. */
export class Attempt<I> {
  readonly sampler: Sampler;
  readonly awaits: boolean;
  readonly #made: MadeLoop;
  #promise = false;
  #iterator = false;

  constructor(
    shape: LoopShape,
    parts: LoopParts<I>,
    { clock, quality, long }: AttemptClocks,
    compile: Compiler | undefined,
  ) {
    this.#made = makeLoop(shape, parts, compile);
    this.awaits = shape.awaits;
    this.sampler = new Sampler(this.#made.loop, clock, quality, long);
  }

  /** What there is to say of it. */
  get seen(): Seen {
    return { own: this.#made.own, promise: this.#promise, iterator: this.#iterator };
  }

  /** Looks at what the function returned last: false if that is a promise which nobody awaited. */
  look(): boolean {
    const last = this.#made.last();
    if (!this.awaits && isThenable(last)) this.#promise = true;
    if (isIterator(last)) this.#iterator = true;
    return !this.#promise;
  }
}
