/** How a loop of calls is timed. */
import process from "node:process";

/** Makes so many calls; returns nanoseconds for all of them. */
export type Batch = (calls: number) => number;

/** Timed with the runtime's own clock: a clock is not to be its own judge. */
export function timed(loop: (calls: number) => number | bigint): Batch {
  return (calls) => {
    const start = process.hrtime.bigint();
    const result = loop(calls);
    const end = process.hrtime.bigint();
    if (!result) throw new Error("The calls added up to 0 or NaN");
    return Number(end - start);
  };
}
