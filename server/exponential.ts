/**
 * The buckets of an exponential histogram, as OpenTelemetry and Prometheus have them.
 *
 * Scale 4: a bucket's upper bound is 2^(1/16) times its lower one. So whatever value in a bucket is
 * shown in its place is at most 2.2 % off, if it is {@link middleOf} it. The bounds are those of
 * OpenTelemetry's exponential histograms at that scale, and of Prometheus's native ones at schema 4,
 * both in seconds: counts move over as they are.
 *
 * @module
 */

/** OpenTelemetry's scale, Prometheus's schema. */
export const SCALE = 4;
const PER_OCTAVE = 16;
/** 2^-26 s, 15 ns: two readings of a clock are farther apart. */
const FIRST_EXPONENT = -26;
/** Up to 2^17 s, a day and a half. */
const OCTAVES = 43;

/** How many buckets there are. */
export const SLOTS: number = OCTAVES * PER_OCTAVE;

/**
 * OpenTelemetry's index of the first bucket: its upper bound is 2^((index + 1) / 16) s. Prometheus's
 * is one more, since it counts by upper bounds.
 */
export const FIRST_INDEX: number = FIRST_EXPONENT * PER_OCTAVE;

/** Their upper bounds, inclusive, in seconds. Powers of two are exact. */
const UPPER = Float64Array.from(
  { length: SLOTS },
  (_, slot) => {
    const octave = Math.floor((slot + 1) / PER_OCTAVE);
    return 2 ** (FIRST_EXPONENT + octave) * 2 ** ((slot + 1) % PER_OCTAVE / PER_OCTAVE);
  },
);

/**
 * By the first eight bits of a mantissa: the bucket, counted from the octave's first, of what lies
 * just above. None of these 256 cells has more than one bound in it, since they are narrower.
 */
const CELLS = 256;
const BUCKET_OF_CELL = Int8Array.from({ length: CELLS }, (_, cell) => {
  const lower = 1 + cell / CELLS;
  let bucket = 0;
  while (2 ** ((bucket + 1) / PER_OCTAVE) < lower) bucket++;
  return cell === 0 ? -1 : bucket;
});

const value = new Float64Array(1);
const halves = new Uint32Array(value.buffer);
value[0] = 1;
const HIGH = halves[1] === 0 ? 0 : 1;
const EXPONENT_BIAS = 1023;

/** The bucket of a positive number of seconds. What is too small or too large is in the last ones. */
export function slotOf(seconds: number): number {
  value[0] = seconds;
  const high = halves[HIGH] as number;
  const octave = (high >>> 20) - EXPONENT_BIAS - FIRST_EXPONENT;
  const slot = octave * PER_OCTAVE + (BUCKET_OF_CELL[(high >>> 12) & (CELLS - 1)] as number);
  if (slot < 0) return 0;
  if (slot >= SLOTS - 1) return SLOTS - 1;
  return seconds > (UPPER[slot] as number) ? slot + 1 : slot;
}

/** Its upper bound, in seconds. */
export function upperOf(slot: number): number {
  return UPPER[slot] as number;
}

/** Its harmonic middle, in seconds: the farthest off that a value of it can be is 2.17 %. */
export function middleOf(slot: number): number {
  const ratio = 2 ** (1 / PER_OCTAVE);
  return upperOf(slot) * 2 / (1 + ratio);
}
