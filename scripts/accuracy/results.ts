/** What the parts of the accuracy check print: a line of JSON each, for scripts/accuracy/accuracy.ts. */

/** A function of known cost. */
export interface KnownCost {
  /** `"work 25"`: iterations; `"spin 5000"`: nanoseconds. */
  readonly name: string;
  readonly mode: "throughput" | "latency";
  /** Nanoseconds, as C has it: the median of the turns. */
  readonly truthNs: number;
  /** How far the reported median is from C's, as a part: the median of the turns. */
  readonly error: number;
  /** The same of the fastest samples: what is left where others use the machine, too. */
  readonly errorOfFastest: number;
}

/** What the harness itself takes. */
export interface Overhead {
  /** Of a function that does nothing, in nanoseconds per call. */
  readonly nothingNs: number;
  /** Reported of a function of 10 ns, less what a bare loop over it takes, both at their fastest. */
  readonly addedNs: number;
  /** The clock's cost: two readings, one after the other. */
  readonly clockNs: number;
  /** What a latency sample of a function that does nothing shows, times the clock's cost. */
  readonly latencyRatio: number;
}

/** A handler that sleeps: percentiles of how long it did, by itself and as reported. */
export interface Sleeps {
  readonly name: string;
  readonly samples: number;
  readonly percentiles: readonly {
    readonly p: number;
    readonly truthNs: number;
    readonly reportedNs: number;
  }[];
}

/** One function in several harnesses, in nanoseconds per call: medians. */
export interface HarnessFigures {
  readonly name: string;
  readonly throughput: number;
  readonly latency: number;
  readonly mitata: number;
  readonly tinybench: number;
  readonly tinybenchVdso: number;
}

/** A clock that tinybench or mitata may measure with. */
export interface LibraryClock {
  readonly name: string;
  /** What lies between two readings, in nanoseconds. */
  readonly costNs: number;
  /** The least difference that it shows, in nanoseconds: the step of the counter behind it. */
  readonly resolutionNs: number;
}
