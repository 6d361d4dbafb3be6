/**
 * Measures one benchmark: a first try, the warm-up, the run.
 *
 * @module
 */
import { type BenchClock, type ClockQuality, type Clocks, SHORT_NS } from "./clock.ts";
import { Recorder } from "./distribution.ts";
import { UNWATCHED, type Watch } from "./disturbance.ts";
import { type Compiler, makeLoop } from "./loop.ts";
import { median, medianInterval, medianSorted } from "./statistics.ts";
import type { Baseline, BenchResult, ClockReport, Mode, Warning } from "./types.ts";
import { batchSize, Settling, WINDOWS } from "./warmup.ts";

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
  readonly baseline: (like: BaselineKey) => Promise<Baseline>;
  readonly compile?: Compiler;
}

/** What a function that does nothing is to have in common with a benchmark. */
export interface BaselineKey {
  readonly mode: Mode;
  readonly async: boolean;
}

/** What a benchmark came to, but for its name. */
export type Measured = Omit<BenchResult, "name" | "group" | "params">;

/** Measures, and says what is wrong with it. */
export async function measureSubject<I>(
  subject: Subject<I>,
  settings: Settings,
  env: Environment,
): Promise<Measured> {
  const { own, ...taken } = await take(subject, settings, env);
  const baseline = await env.baseline({ mode: settings.mode, async: taken.async });
  const result = { ...taken, baseline };
  return { ...result, warnings: warnings(result, own) };
}

/** The same without all that a baseline has no need of. */
export async function measureBaseline(
  { mode, async }: BaselineKey,
  env: Omit<Environment, "baseline">,
): Promise<Baseline> {
  const fn = async ? () => Promise.resolve() : () => {};
  const { ns } = await take(
    { fn, setup: () => undefined },
    { mode, time: BASELINE_NS, warmup: BASELINE_NS },
    { ...env, watch: () => Promise.resolve(NOBODY) },
  );
  return { ns: ns.p50, p99: ns.p99 };
}

const BASELINE_NS = 50e6;

const NOBODY: Watch = { look() {}, end: () => Promise.resolve(UNWATCHED) };

interface Taken extends Omit<Measured, "baseline" | "warnings"> {
  /** Whether its loop was its own. */
  readonly own: boolean;
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

/** A window of the warm-up; the run has a hundred slices. */
const WINDOW_NS = 5e6;
const SLICES = 100;
const MOST_SAMPLES_IN_SLICE = 65_536;
const LEAST_SAMPLES = 10;

async function takeWith<I>(
  input: I,
  { fn, beforeSample: before, afterSample: after }: Subject<I>,
  { mode, time, warmup }: Settings,
  { clocks, quality, watch, compile }: Omit<Environment, "baseline">,
): Promise<Taken> {
  const { long } = clocks;
  const tried = await tryOut(fn, input, before, after, long);
  const batched = mode === "throughput";
  const clock = tried.callNs < SHORT_NS ? clocks.short : long;
  const { cost, resolution } = quality(clock);
  const unitNs = () => clock.toNs(1e6) / 1e6;
  const clockNs = (cost + resolution) * unitNs();
  const { loop, own } = makeLoop(
    { batched, awaits: tried.awaits, awaitsHooks: tried.awaitsHooks, returns: tried.returns },
    { fn, input, read: clock.read, before, after },
    compile,
  );

  // The buffer is there before the run, so that taking a sample allocates nothing.
  const out = new Float64Array(MOST_SAMPLES_IN_SLICE);
  const scratch = new Float64Array(MOST_SAMPLES_IN_SLICE);
  const slice = async (samples: number, batch: number, idle: number): Promise<Slice> => {
    if (idle > 0) await loop(out, 0, 0, idle);
    const start = long.read();
    const done = loop(out, samples, batch, 0);
    if (done) await done;
    const elapsedNs = long.read() - start;
    const units = middle(out, samples, scratch);
    return { callNs: Math.max(0, units - cost) / batch * unitNs(), elapsedNs };
  };

  const warm = await warmUp(slice, tried.callNs, batched ? clockNs : undefined, warmup);
  const { batch, sampleNs } = warm;
  const samplesInSlice = clamp(time / SLICES / sampleNs, MOST_SAMPLES_IN_SLICE);

  const recorder = new Recorder();
  const slices: number[] = [];
  const watcher = await watch(tried.awaits || tried.awaitsHooks);
  const start = long.read();
  let elapsedNs = 0;
  while (elapsedNs < time || recorder.count < LEAST_SAMPLES) {
    const { callNs } = await slice(samplesInSlice, batch, 0);
    watcher.look();
    recorder.record(out, samplesInSlice);
    slices.push(callNs);
    elapsedNs = long.read() - start;
  }

  const disturbance = await watcher.end(elapsedNs);

  return {
    mode,
    async: tried.awaits,
    ns: recorder.distribution(cost, unitNs() / batch),
    histogram: recorder.histogram(cost, unitNs() / batch),
    median: medianInterval(slices),
    slices,
    samples: recorder.count,
    calls: recorder.count * batch,
    batch,
    clock: report(clock, clocks, cost * unitNs(), resolution * unitNs()),
    warmup: { ns: warm.ns, calls: warm.calls, settled: warm.settled },
    disturbance,
    own,
  };
}

/** The median of the first so many values: in a buffer of its own, so that nothing is left over. */
function middle(values: Float64Array, length: number, scratch: Float64Array): number {
  for (let i = 0; i < length; i++) scratch[i] = values[i] as number;
  return medianSorted(scratch.subarray(0, length).sort());
}

interface Slice {
  readonly callNs: number;
  readonly elapsedNs: number;
}

function clamp(value: number, most: number): number {
  return Math.max(1, Math.min(most, Math.round(value)));
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

/** The first calls are for a few milliseconds. */
const TRY_NS = 5e6;
const MOST_TRIES = 1000;

/** Calls the function a few times, as a sample would: what it returns, and how long it takes. */
async function tryOut<I>(
  fn: (input: I) => unknown,
  input: I,
  before: ((input: I) => unknown) | undefined,
  after: ((input: I) => unknown) | undefined,
  clock: BenchClock,
): Promise<{ callNs: number; awaits: boolean; awaitsHooks: boolean; returns: string }> {
  let returns = "undefined";
  let awaits = false;
  let awaitsHooks = false;
  let callNs = Infinity;
  const begin = clock.read();
  for (let i = 0; i < MOST_TRIES && (i === 0 || clock.read() - begin < TRY_NS); i++) {
    if (await settled(before?.(input))) awaitsHooks = true;
    const start = clock.read();
    let result = fn(input);
    if (isThenable(result)) {
      awaits = true;
      result = await result;
    }
    callNs = Math.min(callNs, clock.read() - start);
    returns = typeof result;
    if (await settled(after?.(input))) awaitsHooks = true;
  }
  return { callNs, awaits, awaitsHooks, returns };
}

/** Waits for it if it is a promise, and says whether it was. */
async function settled(value: unknown): Promise<boolean> {
  const thenable = isThenable(value);
  if (thenable) await value;
  return thenable;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return value !== null && (typeof value === "object" || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function";
}

/** So often the loop goes round in each window: V8's last tier comes after some 150,000 rounds. */
const LEAST_ROUNDS = 40_000;

/**
 * Runs until the samples are steady, and learns how many calls make one.
 *
 * @param clockNs the clock's cost and resolution where calls are batched, else undefined
 */
async function warmUp(
  slice: (samples: number, batch: number, idle: number) => Promise<Slice>,
  triedNs: number,
  clockNs: number | undefined,
  mostNs: number,
) {
  const size = (callNs: number) => clockNs === undefined ? 1 : batchSize(callNs, clockNs);
  const settling = new Settling();
  let batch = size(triedNs);
  let sampleNs = Math.max(1, triedNs * batch);
  let [ns, calls, settled] = [0, 0, false];
  while (!settled && (calls === 0 || ns < mostNs)) {
    const samples = clamp(Math.min(WINDOW_NS, mostNs) / sampleNs, MOST_SAMPLES_IN_SLICE);
    const idle = Math.max(0, LEAST_ROUNDS - samples * batch);
    const { callNs, elapsedNs } = await slice(samples, batch, idle);
    ns += elapsedNs;
    calls += samples * batch;
    settled = settling.add(callNs);
    // With what lies around the sample: that takes time, too.
    sampleNs = Math.max(1, elapsedNs / samples);
    const next = size(callNs);
    sampleNs *= next / batch;
    batch = next;
  }
  return { ns, calls, settled, batch, sampleNs };
}

/** The part of a latency that the clock may be. */
const CLOCK_PART = 0.1;
const DRIFT = 0.05;

/** What is wrong with a result. */
export function warnings(result: Omit<Measured, "warnings">, own: boolean): Warning[] {
  const { mode, ns, baseline, batch, clock, warmup, slices, disturbance } = result;
  const found: Warning[] = [];
  const warn = (code: Warning["code"], message: string) => found.push({ code, message });
  const noise = mode === "latency" ? baseline.p99 : Math.max(baseline.p99, 1.5 * baseline.ns);
  // The fastest batch tells, also where most of them were slowed down by others.
  const nothing = mode === "throughput" && ns.min <= baseline.ns;
  if (ns.p50 <= noise || nothing) {
    warn("noise", `Cannot be told from doing nothing, which takes up to ${noise.toFixed(2)} ns`);
  }
  const clockNs = clock.costNs + clock.resolutionNs;
  if (mode === "latency" && clockNs > CLOCK_PART * ns.p50) {
    warn(
      "clock",
      `The clock takes ${clock.costNs.toFixed(1)} ns in steps of ${
        clock.resolutionNs.toFixed(1)
      }: measure throughput`,
    );
  } else if (mode === "throughput" && clockNs > CLOCK_PART * batch * ns.p50) {
    warn("clock", `The clock is more than a tenth of a batch of ${batch} calls`);
  }
  if (!warmup.settled) {
    const after = `after ${(warmup.ns / 1e6).toFixed(0)} ms of warming up`;
    const slow = `Not called often enough to tell whether it still changes, ${after}`;
    warn("unsettled", warmup.calls < WINDOWS ? slow : `Still changed ${after}`);
  }
  const third = Math.floor(slices.length / 3);
  if (third > 0) {
    const change = median(slices.slice(-third)) / median(slices.slice(0, third)) - 1;
    if (Math.abs(change) > DRIFT) {
      warn("drift", `Changed by ${(change * 100).toFixed(1)} % while it was measured`);
    }
  }
  if (!own) {
    warn("shared-loop", "Code generation is forbidden: only a process's first benchmark is sound");
  }
  if (disturbance.disturbed) warn("disturbed", disturbance.reasons.join("; "));
  return found;
}
