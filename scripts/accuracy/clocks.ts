/**
 * How good the clocks are that tinybench and mitata take by themselves, and this library's beside
 * them: what lies between two readings, and the least step.
 *
 *   node scripts/accuracy/clocks.ts
 */
import { Bench } from "tinybench";
import { measureClock } from "../../bench/clock.ts";
import { now } from "../../mod.ts";
import type { LibraryClock } from "./results.ts";

const { timestampProvider: { fn, toMs } } = new Bench();

/** mitata does not hand out its clock: it is this one. */
const { Bun: bun } = globalThis as { Bun?: { nanoseconds(): number } };
const mitataNow = bun ? bun.nanoseconds : () => 1e6 * performance.now();

const CLOCKS: readonly { name: string; read: () => number }[] = [
  { name: "tinybench's own", read: () => toMs(fn()) * 1e6 },
  { name: "mitata's own", read: mitataNow },
  { name: "now()", read: now },
];

for (const { name, read } of CLOCKS) {
  const { cost, resolution } = measureClock({
    name: "now",
    source: name,
    read,
    toNs: (delta) => delta,
  });
  const clock: LibraryClock = { name, costNs: cost, resolutionNs: resolution };
  console.log(JSON.stringify(clock));
}
