/**
 * The median. Imports nothing, so that every tool can have it.
 *
 * @module
 */

/** The middle one of the values; of two middle ones the mean; NaN if there is none. */
export function median(values: ArrayLike<number>): number {
  return medianSorted(sorted(values));
}

/** The same of ascending values. */
export function medianSorted(ascending: ArrayLike<number>): number {
  const half = ascending.length / 2;
  const upper = ascending[Math.floor(half)] ?? NaN;
  const lower = ascending[Math.ceil(half) - 1] ?? NaN;
  return (lower + upper) / 2;
}

/** A copy in ascending order. Typed, since that sorts numbers by value, and ten times as fast. */
export function sorted(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values).sort();
}
