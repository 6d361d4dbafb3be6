/**
 * The durations of one series: counts in buckets, in one typed array of 5.6 KB.
 *
 * @module
 */
import { slotOf, SLOTS } from "./exponential.ts";
import { BOUNDS } from "./semconv.ts";

/**
 * How a request ended. `"upgrade"`: it became a WebSocket. `"error"`: the handler threw, rejected, or
 * returned what is no response. `"abort"`: the client had gone before there was a response.
 */
export type Outcome = "response" | "upgrade" | "error" | "abort";

/** What tells a series from others. */
export interface Labels {
  /** The pattern, such as `/users/:id`; undefined where none is known. */
  readonly route: string | undefined;
  /** As {@link knownMethod} has it. */
  readonly method: string;
  /** Of the connection to this server, which may be a proxy's. */
  readonly scheme: "http" | "https";
  /** How the requests ended. */
  readonly outcome: Outcome;
  /** The status of the response; undefined where none is known to have been made. */
  readonly status: number | undefined;
}

const SECOND = 1e9; // nanoseconds
const BOUNDS_NS = Float64Array.from(BOUNDS, (seconds) => Math.round(seconds * SECOND));
const BUCKETS = BOUNDS_NS.length + 1;

// Where what is in the array.
const SUM = 0;
const ZERO = 1;
const EXPLICIT = 2;
const EXPONENTIAL = EXPLICIT + BUCKETS;

export class Series {
  /** Undefined: what came after the last series that there may be. */
  readonly labels: Labels | undefined;
  /**
   * Doubles: they count to 2^53, and are as cheap to add to as integers. With a buffer from the start:
   * Bun would first put them into 8.1 KB of its heap, and copy them when somebody wants a view.
   */
  readonly #numbers = new Float64Array(new ArrayBuffer((EXPONENTIAL + SLOTS) * 8));

  constructor(labels: Labels | undefined) {
    this.labels = labels;
  }

  /**
   * Counts a duration. What is below 1 ns counts as zero, and so does NaN, which a clock answers that
   * the kernel has forbidden meanwhile.
   *
   * @param ns nanoseconds
   */
  record(ns: number): void {
    const numbers = this.#numbers;
    if (!(ns >= 1)) {
      numbers[ZERO]!++;
      numbers[EXPLICIT]!++;
      return;
    }
    numbers[SUM]! += ns;
    let bucket = 0;
    while (bucket < BUCKETS - 1 && ns > (BOUNDS_NS[bucket] as number)) bucket++;
    numbers[EXPLICIT + bucket]!++;
    numbers[EXPONENTIAL + slotOf(ns / SECOND)]!++;
  }

  reset(): void {
    this.#numbers.fill(0);
  }

  get count(): number {
    return this.explicit.reduce((sum, count) => sum + count, 0);
  }

  /** The sum of the durations, in nanoseconds. */
  get sumNs(): number {
    return this.#numbers[SUM] as number;
  }

  get zeroCount(): number {
    return this.#numbers[ZERO] as number;
  }

  /** Requests by semconv's buckets: not cumulative, the last one to infinity. A view, not a copy. */
  get explicit(): Float64Array {
    return this.#numbers.subarray(EXPLICIT, EXPONENTIAL);
  }

  /** Requests by the buckets of exponential.ts. A view, not a copy. */
  get exponential(): Float64Array {
    return this.#numbers.subarray(EXPONENTIAL);
  }
}
