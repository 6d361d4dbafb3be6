/** Whether a change of 5 % is found, and none where there is none: with processes of a runtime. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { compare, type Comparison } from "../../bench/mod.ts";
import type { RuntimeCommand } from "../runtimes.ts";

const exec = promisify(execFile);

/** What is compared: a native loop, as it is, and 5 % longer. */
const ITERATIONS = { base: 1000, same: 1000, changed: 1050 };
type Side = keyof typeof ITERATIONS;
const SIDES = Object.keys(ITERATIONS) as Side[];
const TIME_MS = 200; // on a shared machine 50 may pass at another frequency, as a whole

export interface Changes {
  readonly comparisons: number;
  /** Process runs of each side in a comparison. */
  readonly runs: number;
  /** How often 5 % more came out as "slower". */
  readonly found: number;
  /** How often nothing came out as neither "slower" nor "faster". */
  readonly quiet: number;
  /** The ratios that were found, of the change and of none. */
  readonly ratios: { readonly changed: readonly number[]; readonly same: readonly number[] };
}

/** So many comparisons, each of so many processes of three sides in turns. */
export async function measureChanges(
  { bin, run }: RuntimeCommand,
  library: string,
  comparisons: number,
  runs: number,
): Promise<Changes> {
  const slices = async (side: Side) => {
    const file = join(import.meta.dirname, "change_run.ts");
    const words = [...run, file, library, String(ITERATIONS[side]), String(TIME_MS)];
    const { stdout } = await exec(bin, words);
    return JSON.parse(stdout) as number[];
  };
  const found: Record<"changed" | "same", Comparison[]> = { changed: [], same: [] };
  for (let i = 0; i < comparisons; i++) {
    const sides: Record<Side, number[][]> = { base: [], same: [], changed: [] };
    for (let turn = 0; turn < runs; turn++) {
      for (const side of SIDES) sides[side].push(await slices(side));
    }
    found.changed.push(compare(sides.base, sides.changed, { paired: true }));
    found.same.push(compare(sides.base, sides.same, { paired: true }));
  }
  const count = (all: readonly Comparison[], ...wanted: Comparison["verdict"][]) =>
    all.filter(({ verdict }) => wanted.includes(verdict)).length;
  const ratios = (all: readonly Comparison[]) => all.map(({ ratio }) => ratio);
  return {
    comparisons,
    runs,
    found: count(found.changed, "slower"),
    quiet: count(found.same, "no change", "cannot tell"),
    ratios: { changed: ratios(found.changed), same: ratios(found.same) },
  };
}
