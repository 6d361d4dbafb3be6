/**
 * A thread that hops from CPU to CPU: what it reads of a clock there must not go backwards.
 *
 * @module
 */
import { native, SHIM_REFERENCE } from "../core/internals.ts";
import type { Comparison } from "./comparisons.ts";

/** Bytes of a mask: as many CPUs as any kernel has, 8192. */
const MASK_BYTES = 1024;

/**
 * Reads a clock, moves this thread to the next CPU that it may run on, reads again, and may run
 * everywhere as before. Says nothing where there is one CPU alone, or where the process may not choose.
 */
export function hop(read: () => bigint): Comparison {
  let turn = 0;
  return () => {
    const { vdso_affinity } = native().shim.open(SHIM_REFERENCE);
    const all = new Uint8Array(MASK_BYTES);
    const length = vdso_affinity(0, all, all.length);
    const cpus = length > 0 ? cpusOf(all.subarray(0, length)) : [];
    if (cpus.length < 2) return null;
    const [from = 0, to = 0] = [cpus[turn % cpus.length], cpus[++turn % cpus.length]];
    try {
      if (vdso_affinity(1, maskOf(from), length) !== 0) return null;
      const before = read();
      if (vdso_affinity(1, maskOf(to), length) !== 0) return null;
      const after = read();
      return before <= after ? undefined : `${before} on CPU ${from}, then ${after} on CPU ${to}`;
    } finally {
      vdso_affinity(1, all, length);
    }
  };
}

/** The numbers of the bits that are set. */
export function cpusOf(mask: Uint8Array): number[] {
  return Array.from({ length: mask.length * 8 }, (_, cpu) => cpu)
    .filter((cpu) => ((mask[cpu >> 3] ?? 0) >> (cpu & 7)) & 1);
}

/** One bit. */
export function maskOf(cpu: number): Uint8Array {
  const mask = new Uint8Array(MASK_BYTES);
  mask[cpu >> 3] = 1 << (cpu & 7);
  return mask;
}
