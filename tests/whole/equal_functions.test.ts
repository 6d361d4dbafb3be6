/** Equal functions come out equal: the first, the last and those between, in processes of this runtime. */
// npm test: node26 (the others in the full tier: it takes long)
import { assertLess } from "@std/assert";
import { median } from "../../bench/median.ts";
import { full, nodeMajor, run, statisticalTest } from "../support.ts";

/** Of each function, in the order of their declarations: nanoseconds. */
interface Figures {
  readonly median: readonly number[];
  readonly fastest: readonly number[];
}

/** Of functions that take 5 ns, and of those that share a helper of half a microsecond. */
interface Measured {
  readonly random: Figures;
  readonly sharing: Figures;
}

/**
 * How much they may differ, as a part, in the middle of so many processes. CPUs change their frequency
 * by a tenth from one second to the next, so that it takes many to see 5 %; what was compiled badly is
 * slower by half at least. On a busy machine medians differ more than the fastest of a hundred slices.
 */
const PROCESSES = 3;
const LIMITS = full ? { median: 0.25, fastest: 0.12 } : { median: 0.3, fastest: 0.15 };

interface Setting {
  readonly ending?: "mjs" | "mts" | "ts";
  readonly time: number;
  readonly mode?: "throughput" | "latency";
  readonly clock?: "ticks" | "now";
  readonly collected?: boolean;
}

function measureIn(setting: Setting): Measured {
  const { ending = "mjs", time, mode = "throughput", clock = "ticks", collected } = setting;
  const words = [String(time), mode, clock, ...(collected ? ["gc"] : [])];
  const { stdout, stderr, code } = run(`tests/fixtures/equal_in.${ending}`, words, {
    deno: ["--allow-all", "--v8-flags=--expose-gc"],
    node: ["--expose-gc"],
  });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Measured;
}

/** A CPU that shares its core with another is slower by half while that one works. */
const UNSTEADY = 1.2;

/**
 * By how much, as a part, each function is off the last one, in the middle of all processes; by how much
 * it is beyond all that the last one was, where that is not the same in all of them.
 */
function differences(processes: readonly (readonly number[])[]): number[] {
  const all = (index: number) => processes.map((ns) => ns.at(index) ?? NaN);
  const last = all(-1);
  const [least, most] = [Math.min(...last), Math.max(...last)];
  return (processes[0] ?? []).map((_, index) => {
    const own = all(index);
    if (most < UNSTEADY * least) return median(own) / median(last) - 1;
    return Math.max(0, Math.min(...own) / most - 1, 1 - Math.max(...own) / least);
  });
}

/** In both modes once: their loops have in common what makes functions differ. */
const SETTINGS: readonly Setting[] = full
  ? [
    { time: 50, ending: "mts" },
    { time: 100, clock: "now", collected: true },
    ...(nodeMajor === 26 ? [{ time: 100, mode: "latency", ending: "ts" } as const] : []),
  ]
  : [{ time: 50, ending: "ts" }];

for (const setting of SETTINGS) {
  const name = JSON.stringify(setting).replaceAll(/[{}"]/g, "").replaceAll(",", ", ");
  statisticalTest(`equal functions come out equal (${name})`, { timeout: 600_000 }, () => {
    const all = Array.from({ length: PROCESSES }, () => measureIn(setting));
    for (const kind of ["random", "sharing"] as const) {
      // In latency mode the clock's steps are more than a tenth of 5 ns.
      if (kind === "random" && setting.mode === "latency") continue;
      for (const figure of ["median", "fastest"] as const) {
        const processes = all.map((one) => one[kind][figure]);
        for (const [index, off] of differences(processes).entries()) {
          const what = `${figure} of ${kind} ${index + 1}: ${JSON.stringify(processes)}`;
          assertLess(Math.abs(off), LIMITS[figure], what);
        }
      }
    }
  });
}
