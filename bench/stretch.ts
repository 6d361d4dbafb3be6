/**
 * The run itself: slices of samples until the time is over, or until there is a reason to begin anew.
 *
 * @module
 */
import { Recorder } from "./distribution.ts";
import type { Watch } from "./disturbance.ts";
import { median } from "./median.ts";
import { MOST_SAMPLES, type Sampler } from "./sampler.ts";
import { clamp, type Warm } from "./warmup.ts";

/** What came of it. */
export interface Stretch {
  readonly recorder: Recorder;
  /** Nanoseconds per call: the medians of the slices. */
  readonly slices: readonly number[];
  readonly elapsedNs: number;
  /** Whether it ended before its time. */
  readonly ended: boolean;
}

/** What ends a stretch, and what may end it before. */
export interface StretchPlan {
  /** Nanoseconds. */
  readonly time: number;
  /** Until when it may end before its time, in nanoseconds from its beginning. */
  readonly mayEndNs: number;
  /** What the clock cannot tell from nothing, in nanoseconds per call. */
  readonly clockNs: number;
  /** Called after each slice: false if what the function returns is a reason to begin anew. */
  readonly look: () => boolean;
}

const SLICES = 100;
/** The least samples of a run, however short its time. */
export const LEAST_SAMPLES = 10;
/** The number of slices whose median tells whether the speed is still that of the warm-up. */
const LOOKED_AT = 5;
/** The part by which it may differ. */
const TOLERANCE = 0.1;

/** Takes samples of what is warm, with `watcher` watching. */
export async function takeStretch(
  sampler: Sampler,
  { batch, sampleNs, level, settled }: Warm,
  { time, mayEndNs, clockNs, look }: StretchPlan,
  watcher: Pick<Watch, "look">,
): Promise<Stretch> {
  const samples = clamp(time / SLICES / sampleNs, MOST_SAMPLES);
  const recorder = new Recorder();
  const slices: number[] = [];
  const low = Math.min(level.low * (1 - TOLERANCE), level.low - clockNs);
  const high = Math.max(level.high * (1 + TOLERANCE), level.high + clockNs);
  const start = sampler.now();
  const end = start + time;
  let elapsedNs = 0;
  while (elapsedNs < time || recorder.count < LEAST_SAMPLES) {
    const slice = await sampler.slice(samples, batch, end);
    watcher.look();
    recorder.record(sampler.out, slice.samples);
    // The last one may have been cut short, so that it says little.
    if (slice.samples > samples / 2 || slices.length === 0) slices.push(slice.callNs);
    elapsedNs = sampler.now() - start;
    const same = look();
    if (elapsedNs > mayEndNs || elapsedNs >= time) continue;
    const now = slices.length < LOOKED_AT ? level.low : median(slices.slice(-LOOKED_AT));
    if (!same || (settled && (now < low || now > high))) {
      return { recorder, slices, elapsedNs, ended: true };
    }
  }
  return { recorder, slices, elapsedNs, ended: false };
}
