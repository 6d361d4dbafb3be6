/**
 * The comparisons that the checks are made of: the vDSO's answer against the system call's.
 *
 * @module
 */
import { clockGettime, type ClockId, getcpu, getrandom, type Timeval, VdsoError } from "../mod.ts";
import { type FractionEntry, isNormalized } from "./normalized.ts";
import { syscalls } from "./syscalls.ts";

/** One comparison: undefined if it holds, null if it says nothing this time, else what is wrong. */
export type Comparison = () => string | undefined | null;

/** The system call, the vDSO, the system call: in this order also in time. */
export function ordered<T extends bigint | number>(vdso: () => T, syscall: () => T): Comparison {
  return () => {
    const before = syscall();
    const value = vdso();
    const after = syscall();
    if (before < 0 || value < 0) return `negative: ${before}, ${value}`;
    return before <= value && value <= after
      ? undefined
      : `out of order: ${before}, ${value} (vDSO), ${after}`;
  };
}

/** A coarse clock is never ahead of its fine one. */
export function notAhead(coarse: ClockId, fine: ClockId): Comparison {
  return () => {
    const value = clockGettime(coarse);
    const after = clockGettime(fine);
    return value <= after ? undefined : `${value} (coarse), then ${after} (fine)`;
  };
}

/**
 * The same for a clock that can be set: somebody may set it back between two readings, but hardly
 * between the next two again. No other clock is asked twice.
 */
export function settable(compare: Comparison): Comparison {
  return () => compare() && compare();
}

/** The second where the first holds. */
export function both(first: Comparison, second: Comparison): Comparison {
  return () => first() ?? second();
}

/** The fraction is below its unit. */
export function normalized(entry: FractionEntry, id?: ClockId): Comparison {
  return () => isNormalized(entry, id) ? undefined : "the fraction is not below its unit";
}

/** Both say the same. */
export function equal<T>(vdso: () => T, syscall: () => T): Comparison {
  return () => {
    const [a, b] = [vdso(), syscall()];
    return a === b ? undefined : `${a} (vDSO), ${b} (system call)`;
  };
}

/** -1 is no clock, 10 was one once, 12 never was; the ends of int32. */
const BAD_CLOCKS: readonly ClockId[] = [-1, -(2 ** 31), 2 ** 31 - 1, 10, 12];

/** Both refuse what is no clock, with EINVAL. */
export function sameErrors(
  vdso: (id: ClockId) => bigint,
  syscall: (id: ClockId) => bigint,
): Comparison {
  return () => {
    for (const id of BAD_CLOCKS) {
      const [a, b] = [outcome(() => vdso(id)), outcome(() => syscall(id))];
      if (a !== b || a !== "EINVAL") return `clock ${id}: ${a} (vDSO), ${b} (system call)`;
    }
    return undefined;
  };
}

function outcome(read: () => bigint): string {
  try {
    return String(read());
  } catch (error) {
    if (error instanceof VdsoError) return error.code;
    throw error;
  }
}

/** In microseconds. */
export function micros({ sec, usec }: Timeval): number {
  return sec * 1e6 + usec;
}

/** Says nothing if the thread has moved meanwhile; pinned (taskset(1)) it always says something. */
export function sameCpu(): string | undefined | null {
  const before = syscalls.getcpu();
  const { cpu, node } = getcpu();
  const after = syscalls.getcpu();
  if (before.cpu !== after.cpu) return null;
  return cpu === before.cpu && node === before.node
    ? undefined
    : `CPU ${cpu}, node ${node} (vDSO), CPU ${before.cpu}, node ${before.node} (system call)`;
}

/** Two blocks of 16 bytes are equal once in 2^128 times. */
export function notConstant(): Comparison {
  let last = "";
  const block = new Uint32Array(4);
  return () => {
    getrandom(block);
    const text = block.join(" ");
    const same = text === last;
    last = text;
    return same ? `twice the same: ${text}` : undefined;
  };
}
