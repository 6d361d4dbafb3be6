/**
 * In what steps a clock moves.
 *
 * @module
 */

/** What was seen of a clock, in its own units. */
export interface Steps {
  /** The least by which it moves at a time, or what a reading takes if that is longer. */
  readonly step: number;
  /** What a reading takes. */
  readonly reading: number;
}

/** Of clocks that do not move at all. */
const MOST_READINGS = 2 ** 22;
const STEPS_SEEN = 3;

/** Reads the clock until it has moved a few times. Undefined if it stands still. */
export function watchSteps(read: () => number): Steps | undefined {
  let step = Infinity;
  let [first, readings, seen] = [0, 0, 0];
  let last = read();
  for (let i = 0; i < MOST_READINGS && seen <= STEPS_SEEN; i++) {
    const next = read();
    if (seen > 0) readings++;
    if (next === last) continue;
    if (seen > 0) step = Math.min(step, next - last);
    else first = next; // the step before it began anywhere
    last = next;
    seen++;
  }
  return seen > 1 ? { step, reading: (last - first) / readings } : undefined;
}
