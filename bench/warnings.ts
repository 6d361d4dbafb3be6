/**
 * What is wrong with a result.
 *
 * @module
 */
import { median, sorted } from "./median.ts";
import type { BenchResult, Warning } from "./types.ts";
import { WINDOWS } from "./warmup.ts";

/** What is judged by its figures. */
type Judged = Pick<
  BenchResult,
  "mode" | "ns" | "baseline" | "batch" | "clock" | "warmup" | "slices" | "disturbance"
>;

/** What else was seen. */
export interface Seen {
  /** Whether the loop was its own. */
  readonly own: boolean;
  /** A promise that came late, and was not awaited. */
  readonly promise: boolean;
  /** An iterator that nobody ran. */
  readonly iterator: boolean;
}

/** All of it; empty if all is well. */
export function warnings(result: Judged, { own, promise, iterator }: Seen): Warning[] {
  const found: Warning[] = [];
  const warn = (code: Warning["code"], message: string | undefined) => {
    if (message !== undefined) found.push({ code, message });
  };
  warn("noise", noise(result));
  warn("clock", clock(result));
  warn("unsettled", unsettled(result));
  warn("drift", drift(result));
  if (promise) {
    warn("unawaited", "Returned promises, but not at first: what they stand for was not measured");
  }
  if (iterator) {
    warn("unrun", "Returned an iterator that nobody ran: what it would do was not measured");
  }
  if (!own) {
    warn("shared-loop", "Code generation is forbidden: only a process's first benchmark is sound");
  }
  const { disturbed, reasons } = result.disturbance;
  if (disturbed) warn("disturbed", reasons.join("; "));
  return found;
}

function noise({ mode, ns, baseline }: Judged): string | undefined {
  const most = mode === "latency" ? baseline.p99 : Math.max(baseline.p99, 1.5 * baseline.ns);
  // The fastest batch tells, also where most of them were slowed down by others.
  const nothing = mode === "throughput" && ns.min <= baseline.ns;
  return ns.p50 <= most || nothing
    ? `Cannot be told from doing nothing, which takes up to ${most.toFixed(2)} ns`
    : undefined;
}

/** The part of a sample that the clock may be. */
const CLOCK_PART = 0.1;

function clock({ mode, ns, batch, clock: { costNs, resolutionNs } }: Judged): string | undefined {
  if (costNs + resolutionNs <= CLOCK_PART * batch * ns.p50) return undefined;
  const [cost, step] = [costNs.toFixed(1), resolutionNs.toFixed(1)];
  return mode === "latency"
    ? `The clock takes ${cost} ns in steps of ${step}: measure throughput`
    : `The clock is more than a tenth of a batch of ${batch} calls`;
}

function unsettled({ warmup }: Judged): string | undefined {
  if (warmup.settled) return undefined;
  const after = `after ${(warmup.ns / 1e6).toFixed(0)} ms of warming up`;
  return warmup.calls < WINDOWS
    ? `Not called often enough to tell whether it still changes, ${after}`
    : `Still changed ${after}`;
}

const DRIFT = 0.05;
/** A run is looked at in tenths; in fewer parts, down to thirds, where a tenth would be a few slices. */
const PARTS = { most: 10, least: 3 };
const SLICES_IN_PART = 5;

/**
 * Whether parts of the run differ: by their medians, and with hardly a slice of one that could be of
 * the other. Of all pairs the two that differ most are told.
 */
function drift({ slices, batch, clock }: Judged): string | undefined {
  const unseenNs = (clock.costNs + clock.resolutionNs) / batch;
  const wanted = Math.floor(slices.length / SLICES_IN_PART);
  const count = Math.max(PARTS.least, Math.min(PARTS.most, wanted));
  const length = Math.floor(slices.length / count);
  if (length === 0) return undefined;
  const parts = Array.from({ length: count }, (_, i) => {
    const from = Math.round((slices.length - length) * i / (count - 1));
    const ascending = sorted(slices.slice(from, from + length));
    const quarter = Math.floor(length / 4);
    return {
      median: median(ascending),
      low: ascending[quarter] ?? NaN,
      high: ascending[length - 1 - quarter] ?? NaN,
    };
  });
  let most = 0;
  parts.forEach((later, i) => {
    for (const earlier of parts.slice(0, i)) {
      const change = later.median / earlier.median - 1;
      const apart = later.low > earlier.high || later.high < earlier.low;
      const seen = Math.abs(later.median - earlier.median) > unseenNs;
      if (apart && seen && Math.abs(change) > Math.abs(most)) most = change;
    }
  });
  return Math.abs(most) > DRIFT
    ? `Changed by ${(most * 100).toFixed(1)} % while it was measured`
    : undefined;
}
