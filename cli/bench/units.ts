/**
 * Times as people read them.
 *
 * @module
 */

/** What figures are given in. */
export interface Unit {
  readonly name: string;
  readonly ns: number;
}

const UNITS: readonly Unit[] = [
  { name: "ns", ns: 1 },
  { name: "µs", ns: 1e3 },
  { name: "ms", ns: 1e6 },
  { name: "s", ns: 1e9 },
];

/** The largest in which none of them is below 1, as far as there is one. */
export function commonUnit(times: readonly number[]): Unit {
  const least = Math.min(...times);
  return UNITS.findLast(({ ns }) => least >= ns) ?? UNITS[0] as Unit;
}

/** Three figures or more. */
export function printTime(ns: number, unit: Unit): string {
  const value = ns / unit.ns;
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

/** With its unit. */
export function printWithUnit(ns: number): string {
  const unit = commonUnit([ns]);
  return `${printTime(ns, unit)} ${unit.name}`;
}
