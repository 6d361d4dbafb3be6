/**
 * Measures one benchmark: first tries, the warm-up, the run; and anew if it was not warm after all.
 *
 * @module
 */
import { Attempt } from "./attempt.ts";
import { medianInterval } from "./bootstrap.ts";
import { type BenchClock, type Clocks, SHORT_NS } from "./clock.ts";
import { UNWATCHED, type Watch } from "./disturbance.ts";
import { NewPromise } from "./globals.ts";
import { thinned } from "./median.ts";
import { ownOf } from "./options.ts";
import { LEAST_SAMPLES, type Stretch, takeStretch } from "./stretch.ts";
import type { BaselineKey, Environment, Settings, Subject } from "./subject.ts";
import { type Tried, tryOut } from "./try_out.ts";
import type { Baseline, BenchResult, ClockReport } from "./types.ts";
import { batchSize, type Sizes, warmUp } from "./warmup.ts";
import { type Seen, warnings } from "./warnings.ts";

/** What a benchmark came to, without its name. */
export type Measured = Omit<BenchResult, "name" | "group" | "params">;

/** Measures, and says what is wrong with it. */
export async function measureSubject<I>(
  subject: Subject<I>,
  settings: Settings,
  env: Environment,
): Promise<Measured> {
  const { seen, ...taken } = await take(subject, settings, env);
  const baseline = await env.baseline({ mode: settings.mode, async: taken.async });
  const result = { ...taken, baseline };
  return { ...result, warnings: warnings(result, seen) };
}

/** The same without what a baseline does not need. */
export async function measureBaseline(
  { mode, async }: BaselineKey,
  env: Omit<Environment, "baseline">,
): Promise<Baseline> {
  const fn = async ? () => NewPromise.resolve() : () => {};
  const { ns } = await take(
    ownOf({ fn, setup: () => undefined }),
    { mode, time: BASELINE_NS, warmup: BASELINE_WARMUP_NS },
    { ...env, watch: () => NewPromise.resolve(NOBODY) },
  );
  return { ns: ns.p50, p99: ns.p99 };
}

const BASELINE_NS = 50e6;
const BASELINE_WARMUP_NS = 200e6;

const NOBODY: Watch = { look() {}, end: () => NewPromise.resolve(UNWATCHED) };

interface Taken extends Omit<Measured, "baseline" | "warnings"> {
  readonly seen: Seen;
}

async function take<I>(
  subject: Subject<I>,
  settings: Settings,
  env: Omit<Environment, "baseline">,
): Promise<Taken> {
  const input = await subject.setup();
  let taken: Taken;
  try {
    taken = await takeWith(input, subject, settings, env);
  } catch (error) {
    try {
      await subject.teardown?.(input);
    } catch {
      // It may fail because of the first error, which says more.
    }
    throw error;
  }
  await subject.teardown?.(input);
  return taken;
}

/** The part of the time that may be lost on measurements that are begun anew. */
const LOST_PART = 0.3;

async function takeWith<I>(
  input: I,
  subject: Subject<I>,
  { mode, time, warmup }: Settings,
  { clocks, quality, watch, prepare, compile }: Omit<Environment, "baseline">,
): Promise<Taken> {
  const { long } = clocks;
  await prepare?.();
  const tried = await tryOut(subject, input, long);
  const clock = tried.leastNs < SHORT_NS ? clocks.short : long;
  const measured = quality(clock);
  const [costNs, resolutionNs] = [clock.toNs(measured.cost), clock.toNs(measured.resolution)];
  const size = (callNs: number) =>
    mode === "throughput" ? batchSize(callNs, costNs + resolutionNs, time / LEAST_SAMPLES) : 1;
  const begin = (awaits: boolean) => {
    const { fn, beforeSample: before, afterSample: after } = subject;
    return new Attempt(
      { ...tried, batched: mode === "throughput", awaits },
      { fn, input, read: clock.read, before, after },
      { clock, quality: measured, long },
      compile,
    );
  };

  let attempt = begin(tried.awaits);
  let sizes = firstSizes(tried, resolutionNs, size);
  let [warmNs, warmCalls, lostNs] = [0, 0, 0];
  for (let restarts = 0;; restarts++) {
    const { sampler } = attempt;
    const look = () => attempt.look();
    const warm = await warmUp(sampler, sizes, size, warmup - warmNs, look);
    warmNs += warm.ns;
    warmCalls += warm.calls;
    if (lostNs > 0) lostNs += warm.ns;
    if (!attempt.seen.promise) {
      const watcher = await watch(attempt.awaits || tried.awaitsHooks);
      const stretch = await takeStretch(sampler, warm, {
        time,
        mayEndNs: Math.min(LOST_PART * time - lostNs, warmup - warmNs),
        clockNs: (costNs + resolutionNs) / warm.batch,
        look,
      }, watcher);
      const disturbance = await watcher.end(stretch.elapsedNs);
      if (!stretch.ended) {
        return {
          mode,
          async: attempt.awaits,
          ...figures(stretch, warm, measured.cost, sampler.unitNs()),
          clock: report(clock, clocks, costNs, resolutionNs),
          warmup: { ns: warmNs, calls: warmCalls, settled: warm.settled, restarts },
          disturbance,
          seen: attempt.seen,
        };
      }
      // It was not warm. What comes after this counts, whatever it is, and never the fastest.
      lostNs += stretch.elapsedNs;
      warmNs += stretch.elapsedNs;
      warmCalls += stretch.recorder.count * warm.batch;
      sizes = warm;
    }
    if (attempt.seen.promise) {
      attempt = begin(true);
      sizes = UNKNOWN;
    }
  }
}

function figures(
  { recorder, slices: all }: Stretch,
  { batch }: Sizes,
  cost: number,
  unitNs: number,
): Pick<Measured, "ns" | "histogram" | "median" | "slices" | "samples" | "calls" | "batch"> {
  const slices = thinned(all);
  return {
    ns: recorder.distribution(cost, unitNs / batch),
    histogram: recorder.histogram(cost, unitNs / batch),
    median: medianInterval(slices),
    slices,
    samples: recorder.count,
    calls: recorder.count * batch,
    batch,
  };
}

/** Where nothing is known: one call tells. */
const UNKNOWN: Sizes = { batch: 1, sampleNs: 1 };

/** By what the first calls took, or as much as the clock can have missed. */
function firstSizes(
  { leastNs, totalNs, calls }: Tried,
  resolutionNs: number,
  size: (callNs: number) => number,
): Sizes {
  const callNs = leastNs > 0 ? leastNs : Math.max(totalNs, resolutionNs) / calls;
  const batch = size(callNs);
  return { batch, sampleNs: Math.max(1, callNs * batch) };
}

function report(
  clock: BenchClock,
  { short, long, reason }: Clocks,
  costNs: number,
  resolutionNs: number,
): ClockReport {
  const { name, source } = clock;
  const missed = short === long && reason !== undefined;
  return { name, source, costNs, resolutionNs, ...(missed && { reason }) };
}
