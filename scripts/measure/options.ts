/** What the benchmarks' commands take. */
import { type RuntimeCommand, RUNTIMES } from "../runtimes.ts";
import type { Group } from "./results.ts";

/** All runtimes, or those of a list: `deno,bun`. */
export function chooseRuntimes(list: string | undefined): readonly RuntimeCommand[] {
  if (list === undefined) return RUNTIMES;
  return list.split(",").map((name) => {
    const runtime = RUNTIMES.find((runtime) => runtime.name === name);
    if (runtime) return runtime;
    const names = RUNTIMES.map(({ name }) => name).join(", ");
    throw new RangeError(
      `Expected --runtimes to list some of ${names}, got ${JSON.stringify(name)}`,
    );
  });
}

/** A positive whole number. */
export function count(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(
    `Expected --${option} to be a positive whole number, got ${JSON.stringify(text)}`,
  );
}

/** What to measure. */
export function chooseGroups(only: string): readonly Group[] {
  if (only === "clocks") return ["clocks"];
  if (only === "all") return ["clocks", "others"];
  throw new RangeError(`Expected --only to be clocks or all, got ${JSON.stringify(only)}`);
}
