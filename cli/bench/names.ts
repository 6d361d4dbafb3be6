/**
 * Benchmarks by name: for people, each in one line.
 *
 * @module
 */
import type { BenchIdentity } from "../../bench/mod.ts";

/** With its groups and parameters: `parse JSON, length 10`. */
export function fullName({ group, name, params }: Omit<BenchIdentity, "mode">): string {
  return [oneLine([...group, name].join(" ")), ...printParams(params)].join(", ");
}

/** `length 10`. */
export function printParams(params: BenchIdentity["params"]): string[] {
  return Object.entries(params).map(([name, value]) =>
    oneLine(`${name} ${typeof value === "object" ? JSON.stringify(value) : value}`)
  );
}

/** With `\n` for a line's end, which would break a table, and the like for what a terminal obeys. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (unit) => {
    const short = JSON.stringify(unit).slice(1, -1);
    return short === unit ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}` : short;
  });
}
