/**
 * All that was counted, as plain data: for JSON, for postMessage(), and to be merged.
 *
 * @module
 */
import { FIRST_INDEX, middleOf, SCALE, SLOTS } from "./exponential.ts";
import { BOUNDS } from "./semconv.ts";
import type { Labels, Series } from "./series.ts";

/** Counts in exponential buckets, as OpenTelemetry and Prometheus define them, of seconds. */
export interface ExponentialCounts {
  /** 4: a bucket ends at 2^(1/16) times where it begins. Prometheus calls it the schema. */
  readonly scale: number;
  /** Requests that took less than 1 ns, as a clock of whole milliseconds may say. */
  readonly zeroCount: number;
  /**
   * OpenTelemetry's index of the first bucket: its upper bound is 2^((offset + 1) / 16) s. Prometheus's
   * index of it is offset + 1.
   */
  readonly offset: number;
  /** Requests by bucket, from the first to the last that has any. */
  readonly counts: readonly number[];
}

/** One series of a {@link Snapshot}. */
export interface SeriesSnapshot {
  /** What it counted; left out in the series of all that was one too many for `maxSeries`. */
  readonly labels?: Labels;
  /** Requests. */
  readonly count: number;
  /** The sum of their durations, in nanoseconds. */
  readonly sumNs: number;
  /** Requests by the buckets of {@link Snapshot.bounds}, each for itself, one more than bounds. */
  readonly buckets: readonly number[];
  /** The same by finer buckets. */
  readonly exponential: ExponentialCounts;
}

/** What `snapshot()` returns. */
export interface Snapshot {
  /** When counting began: milliseconds since the Unix epoch. */
  readonly since: number;
  /** When this was taken. */
  readonly at: number;
  /** Requests that had begun and not yet ended. */
  readonly inFlight: number;
  /** What was not counted, since Bun answers it without JavaScript: `/logo.png`, `GET /logo.png`. */
  readonly uncounted: readonly string[];
  /** The inclusive upper bounds of `buckets`, in seconds, as OpenTelemetry's conventions have them. */
  readonly bounds: readonly number[];
  /** Each combination of route, method, scheme, outcome and status. */
  readonly series: readonly SeriesSnapshot[];
}

/** A copy of what a series has counted. */
export function snapshotOf(series: Series): SeriesSnapshot {
  const buckets = Array.from(series.explicit);
  return {
    ...(series.labels && { labels: series.labels }),
    count: sum(buckets),
    sumNs: series.sumNs,
    buckets,
    exponential: trimmed(series.zeroCount, FIRST_INDEX, series.exponential),
  };
}

function trimmed(
  zeroCount: number,
  firstIndex: number,
  counts: Float64Array,
): ExponentialCounts {
  const first = counts.findIndex((count) => count > 0);
  if (first < 0) return { scale: SCALE, zeroCount, offset: 0, counts: [] };
  const last = counts.findLastIndex((count) => count > 0);
  return {
    scale: SCALE,
    zeroCount,
    offset: firstIndex + first,
    counts: Array.from(counts.subarray(first, last + 1)),
  };
}

/**
 * Adds snapshots of several Workers or processes. Nothing is lost: all have the same buckets.
 *
 * @param snapshots at least one, also as they come out of JSON
 * @throws {RangeError} if there is none, or one that has other buckets
 *
 * @example
 * ```ts
 * import { merge, requestMetrics } from "@x/vdso/server";
 *
 * const [one, other] = [requestMetrics(), requestMetrics()];
 * one.handler(() => new Response("hello"))();
 * const { series } = merge(one.snapshot(), JSON.parse(JSON.stringify(other.snapshot())));
 * console.log(series[0]?.count); // 1
 * ```
 */
export function merge(...snapshots: readonly Snapshot[]): Snapshot {
  if (snapshots.length === 0) throw new RangeError("Expected `snapshots` to have one, got none");
  const groups = new Map<string, SeriesSnapshot[]>();
  for (const { bounds, series } of snapshots) {
    if (String(bounds) !== String(BOUNDS)) {
      throw new RangeError(`Expected \`bounds\` to be ${BOUNDS}, got ${bounds}`);
    }
    for (const one of series) {
      const key = keyOf(one.labels);
      const group = groups.get(key);
      if (group) group.push(one);
      else groups.set(key, [one]);
    }
  }
  return {
    since: Math.min(...snapshots.map(({ since }) => since)),
    at: Math.max(...snapshots.map(({ at }) => at)),
    inFlight: sum(snapshots.map(({ inFlight }) => inFlight)),
    uncounted: [...new Set(snapshots.flatMap(({ uncounted }) => uncounted))],
    bounds: BOUNDS,
    series: [...groups.values()].map(addSeries),
  };
}

function keyOf(labels: Labels | undefined): string {
  if (!labels) return "";
  const { route, method, scheme, outcome, status } = labels;
  return JSON.stringify([route, method, scheme, outcome, status]);
}

/** Series of the same labels, as one. */
export function addSeries(group: readonly SeriesSnapshot[]): SeriesSnapshot {
  const labels = group[0]?.labels;
  const counts = countsOf(group);
  return {
    ...(labels && { labels }),
    count: sum(group.map(({ count }) => count)),
    sumNs: sum(group.map(({ sumNs }) => sumNs)),
    buckets: Array.from(
      { length: BOUNDS.length + 1 },
      (_, i) => sum(group.map(({ buckets }) => buckets[i] ?? 0)),
    ),
    exponential: trimmed(sum(group.map((one) => one.exponential.zeroCount)), FIRST_INDEX, counts),
  };
}

/** The counts of several series, by the slots of exponential.ts. */
function countsOf(group: readonly SeriesSnapshot[]): Float64Array {
  const counts = new Float64Array(SLOTS);
  for (const { exponential: { scale, offset, counts: some } } of group) {
    if (scale !== SCALE) throw new RangeError(`Expected \`scale\` to be ${SCALE}, got ${scale}`);
    some.forEach((count, i) => counts[offset - FIRST_INDEX + i]! += count);
  }
  return counts;
}

/**
 * A quantile of the durations of some series together, such as all of a route: within 3 %, since a
 * bucket is 4.4 % wide. Of a few requests only those that there were can be told.
 *
 * @param series of {@link Snapshot.series}
 * @param q 0 to 1: 0.99 for the 99th percentile
 * @returns nanoseconds; NaN if they have counted nothing
 * @throws {RangeError} if `q` is not from 0 to 1
 *
 * @example
 * ```ts
 * import { quantile, requestMetrics } from "@x/vdso/server";
 *
 * const metrics = requestMetrics();
 * metrics.handler(() => new Response("hello"), { route: "/" })();
 * const ofRoot = metrics.snapshot().series.filter(({ labels }) => labels?.route === "/");
 * console.log(`p99: ${quantile(ofRoot, 0.99)} ns`);
 * ```
 */
export function quantile(series: readonly SeriesSnapshot[], q: number): number {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`Expected \`q\` to be from 0 to 1, got ${q}`);
  const total = sum(series.map(({ count }) => count));
  if (total === 0) return NaN;
  // The rank of it, from 1 on: the nearest-rank definition, which needs no interpolation.
  const rank = Math.max(1, Math.ceil(q * total));
  let seen = sum(series.map(({ exponential }) => exponential.zeroCount));
  if (seen >= rank) return 0;
  const counts = countsOf(series);
  const slot = counts.findIndex((count) => (seen += count) >= rank);
  return middleOf(slot) * 1e9;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
