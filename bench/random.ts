/**
 * Random numbers that come again: the same samples must give the same interval.
 *
 * @module
 */

/**
 * A generator of numbers in [0, 1): mulberry32, 32 bits of state, period 2^32. Good enough to draw
 * samples with, and for nothing else.
 */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
