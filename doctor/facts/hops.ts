/**
 * A thread that hops over the CPUs, and reads clocks before and after: time that goes backwards.
 *
 * @module
 */
import { native, SHIM_CLOCKS, SHIM_REFERENCE } from "../../core/internals.ts";
import { CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, now } from "../../mod.ts";
import { cpusOf, maskOf } from "../hop.ts";
import type { MeasuredFacts } from "./types.ts";

const MASK_BYTES = 1024;
const CLOCKS = {
  CLOCK_MONOTONIC,
  CLOCK_MONOTONIC_RAW,
  CLOCK_BOOTTIME,
} as const;

/** Enough to meet each CPU some times where there are a hundred of them. */
const TIME_NS = 1.5e8;
const DEEP_TIME_NS = 1.2e9;
const MOST_ROUNDS = 64;

/** Which CPUs this thread may run on; empty where it cannot be asked. */
export function ownCpus(): number[] {
  const mask = new Uint8Array(MASK_BYTES);
  const length = native().shim.open(SHIM_REFERENCE).vdso_affinity(0, mask, mask.length);
  return length > 0 ? cpusOf(mask.subarray(0, length)) : [];
}

/** Pairs of CPUs to hop between: each with the next one, or each with each. */
export function hopsOver(cpus: readonly number[], deep: boolean): [from: number, to: number][] {
  if (cpus.length < 2) return [];
  if (!deep) return cpus.map((cpu, i) => [cpu, cpus[(i + 1) % cpus.length] ?? cpu]);
  return cpus.flatMap((from) =>
    cpus.filter((to) => to !== from).map((to): [number, number] => [from, to])
  );
}

/**
 * Hops for 0.15 s, with `deep` for 1.2 s, and may run everywhere as before. Nothing where there is one
 * CPU alone, or where the process may not choose.
 */
export function measureHops(
  deep: boolean,
): Pick<MeasuredFacts, "hops" | "backwards" | "backwardsFirst"> {
  const { vdso_affinity } = native().shim.open(SHIM_REFERENCE);
  const { vdso_clock_gettime } = native().shim.open(SHIM_CLOCKS);
  const all = new Uint8Array(MASK_BYTES);
  const length = vdso_affinity(0, all, all.length);
  const pairs = length > 0 ? hopsOver(cpusOf(all.subarray(0, length)), deep) : [];
  let [hops, backwards] = [0, 0];
  let backwardsFirst: string | null = null;
  const until = now() + (deep ? DEEP_TIME_NS : TIME_NS);
  try {
    for (let round = 0; round < MOST_ROUNDS && now() < until; round++) {
      for (const [from, to] of pairs) {
        if (vdso_affinity(1, maskOf(from), length) !== 0) continue;
        const before = Object.values(CLOCKS).map((clock) => vdso_clock_gettime(clock));
        if (vdso_affinity(1, maskOf(to), length) !== 0) continue;
        hops++;
        Object.entries(CLOCKS).forEach(([name, clock], i) => {
          const [earlier, later] = [before[i] ?? 0n, vdso_clock_gettime(clock)];
          if (later >= earlier) return;
          backwards++;
          backwardsFirst ??= `${name} lost ${
            earlier - later
          } ns on the way from CPU ${from} to ${to}`;
        });
        if (now() >= until) break;
      }
    }
  } finally {
    if (length > 0) vdso_affinity(1, all, length);
  }
  return pairs.length === 0 || hops === 0
    ? { hops: null, backwards: null, backwardsFirst: null }
    : { hops, backwards, backwardsFirst };
}
