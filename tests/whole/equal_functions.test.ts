/** Equal functions come out equal: the first, the last and those between, in processes of this runtime. */
// npm test: node26 (the others in the full tier: it takes long)
import { assertLess } from "@std/assert";
import { median } from "../../bench/median.ts";
import { full, nodeMajor, run, statisticalTest } from "../support.ts";

/**
 * Of functions that take 5 ns, and of those that share a helper of half a microsecond: what each takes,
 * in the order of their declarations, as multiples of a control beside it.
 */
interface Measured {
  readonly random: readonly number[];
  readonly sharing: readonly number[];
}

/**
 * How much they may differ, as a part, in the middle of so many processes. Most differ by 0.01; what was
 * compiled badly is slower by half at least.
 */
const LIMIT = 0.15;
const PROCESSES = 3;

interface Setting {
  readonly ending: "mts" | "ts";
  readonly time: number;
  readonly mode?: "throughput" | "latency";
  readonly clock?: "ticks" | "now";
  readonly collected?: boolean;
}

function measureIn(setting: Setting): Measured {
  const { ending, time, mode = "throughput", clock = "ticks", collected } = setting;
  const words = [String(time), mode, clock, ...(collected ? ["gc"] : [])];
  const { stdout, stderr, code } = run(`tests/fixtures/equal_in.${ending}`, words, {
    deno: ["--allow-all", "--v8-flags=--expose-gc"],
    node: ["--expose-gc"],
  });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Measured;
}

/** In both modes once: their loops have in common what makes functions differ. */
const SETTINGS: readonly Setting[] = full
  ? [
    { time: 100, ending: "mts", clock: "now", collected: true },
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
      const middle = (index: number) => median(all.map((one) => one[kind].at(index) ?? NaN));
      for (const index of all[0]?.[kind].keys() ?? []) {
        const what = `${kind} ${index + 1}: ${JSON.stringify(all.map((one) => one[kind]))}`;
        assertLess(Math.abs(middle(index) / middle(-1) - 1), LIMIT, what);
      }
    }
  });
}
