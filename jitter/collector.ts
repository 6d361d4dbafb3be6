/**
 * From runs of the loop to the figures of a measurement.
 *
 * @module
 */
import { attribute } from "./attribute.ts";
import { BUCKETS, bucketStart, quantiles } from "./buckets.ts";
import type { GapLoop, RawGap, Run } from "./loop.ts";
import type { Signs } from "./signs.ts";
import { type Cause, CAUSES, type Gap, type HistogramRow, type Jitter, type Sum } from "./types.ts";

type SignSums = Omit<Signs, "offNs">;
type Found = Omit<Jitter, "cpu" | "at" | "durationNs" | "unreadable">;

const PARTS = [0.5, 0.9, 0.99, 0.999] as const;

/** Adds runs up. */
export class Collector {
  readonly #loop: GapLoop;
  readonly #thresholdNs: number;
  readonly #top: number;
  readonly #causes = Object.fromEntries(
    CAUSES.map((cause) => [cause, { gaps: 0, ns: 0 }]),
  ) as Record<Cause, { gaps: number; ns: number }>;
  #worst: Gap[] = [];
  #signs: SignSums | undefined;
  #readings = 0;
  #gaps = 0;
  #longestNs = 0;
  #watchedNs = 0;
  #moves = 0;
  #jumps = 0;
  #backwards = 0;

  /** @param top how many of the longest gaps to keep */
  constructor(loop: GapLoop, thresholdNs: number, top: number) {
    this.#loop = loop;
    this.#thresholdNs = thresholdNs;
    this.#top = top;
  }

  /** Takes a run, with the signs of its time. */
  add(run: Run, signs: Signs): void {
    const causes = attribute(run.worst, signs, run.jumpNs);
    const named = run.worst.map((gap, i) => toGap(gap, causes[i] ?? "interrupt or host"));
    let restNs = run.lostNs;
    for (const { ns, cause } of named) {
      this.#count(cause, 1, ns);
      restNs -= ns;
    }
    // Those that are not known one by one are shorter than all of these.
    const rest = run.gaps - named.length;
    if (rest > 0) this.#count("interrupt or host", rest, restNs);
    this.#worst = [...this.#worst, ...named].sort((a, b) => b.ns - a.ns).slice(0, this.#top);
    const lost = named.filter(({ cause }) => cause !== "jumped");
    this.#longestNs = Math.max(this.#longestNs, lost[0]?.ns ?? 0);
    this.#signs = sum(this.#signs, signs);
    this.#readings += run.readings;
    this.#gaps += run.gaps;
    this.#watchedNs += run.elapsedNs - run.blindNs;
    this.#moves += run.moves;
    this.#jumps += run.jumpNs === 0 ? 0 : 1;
    this.#backwards += run.backwards;
  }

  #count(cause: Cause, gaps: number, ns: number): void {
    this.#causes[cause].gaps += gaps;
    this.#causes[cause].ns += ns;
  }

  get #lostNs(): number {
    return CAUSES.filter((cause) => cause !== "jumped")
      .reduce((sum, cause) => sum + this.#causes[cause].ns, 0);
  }

  /** What there is so far. */
  summary(): Pick<Found, "gaps" | "lostNs" | "watchedNs" | "causes"> & { worst: Gap | null } {
    return {
      gaps: this.#gaps,
      lostNs: this.#lostNs,
      watchedNs: this.#watchedNs,
      causes: structuredClone(this.#causes) as Record<Cause, Sum>,
      worst: this.#worst[0] ?? null,
    };
  }

  /** All figures. */
  result(): Found {
    const { runDelayNs, involuntary, voluntary, throttledPeriods, throttledNs, stealNs } =
      this.#signs ?? NO_SIGNS;
    const { nsPerTick, counts, source, readingNs } = this.#loop;
    const [p50 = NaN, p90 = NaN, p99 = NaN, p999 = NaN] = quantiles(counts, PARTS)
      .map((ticks) => ticks * nsPerTick);
    return {
      source,
      readingNs,
      thresholdNs: this.#thresholdNs,
      watchedNs: this.#watchedNs,
      readings: this.#readings,
      gaps: this.#gaps,
      lostNs: this.#lostNs,
      quantiles: this.#gaps === 0 ? null : { p50, p90, p99, p999, max: this.#longestNs },
      worst: this.#worst,
      causes: this.summary().causes,
      histogram: rows(counts, nsPerTick),
      signs: {
        runDelayNs,
        involuntary,
        voluntary,
        throttledPeriods,
        throttledNs,
        stealNs,
        moves: this.#moves,
        jumps: this.#jumps,
        backwards: this.#backwards,
      },
    };
  }
}

const NO_SIGNS: SignSums = {
  runDelayNs: null,
  involuntary: null,
  voluntary: null,
  throttledPeriods: null,
  throttledNs: null,
  stealNs: null,
};

function sum(sums: SignSums | undefined, signs: Signs): SignSums {
  if (!sums) return signs;
  const add = (key: keyof SignSums) => {
    const [a, b] = [sums[key], signs[key]];
    return a === null || b === null ? null : a + b;
  };
  return {
    runDelayNs: add("runDelayNs"),
    involuntary: add("involuntary"),
    voluntary: add("voluntary"),
    throttledPeriods: add("throttledPeriods"),
    throttledNs: add("throttledNs"),
    stealNs: add("stealNs"),
  };
}

function toGap({ ns, at, cpu }: RawGap, cause: Cause): Gap {
  return { ns, at, cpu: cpu < 0 ? null : cpu, cause };
}

function rows(counts: Float64Array, nsPerTick: number): HistogramRow[] {
  const found: HistogramRow[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const count = counts[bucket] ?? 0;
    if (count === 0) continue;
    found.push({
      fromNs: bucketStart(bucket) * nsPerTick,
      toNs: bucketStart(bucket + 1) * nsPerTick,
      count,
    });
  }
  return found;
}
