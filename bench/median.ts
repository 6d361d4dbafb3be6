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

/** More values of one run say no more, and what looks at all pairs takes time in their square. */
const MOST_VALUES = 200;

/** The same values up to so many; of more the medians of as many consecutive parts. */
export function thinned(values: readonly number[]): readonly number[] {
  const parts = Math.min(values.length, MOST_VALUES);
  const end = (part: number) => Math.floor(values.length * part / parts);
  return Array.from({ length: parts }, (_, i) => median(values.slice(end(i), end(i + 1))));
}

/** A copy in ascending order. Typed, since that sorts numbers by value, and ten times as fast. */
export function sorted(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values).sort();
}
