/**
 * What the benchmark measures, by name, and the shape of what comes out: `--json` prints a
 * {@link Report}, whose keys stay as they are.
 */
import type { RuntimeName } from "../runtimes.ts";
import type { Machine } from "./machine.ts";
import type { StartupResult } from "./startup.ts";
import type { Summary } from "./statistics.ts";

/** The contenders in the order of the table, with what they are called there. */
export const CONTENDERS = {
  native: "C: clock_gettime to double",
  trampoline: "C: the trampoline's own loop",
  syscall: "C: the system call",
  now: "now()",
  eagerNow: "now() as an eager const",
  nowBigInt: "nowBigInt()",
  clockGettime: "clockGettime(CLOCK_MONOTONIC)",
  emptyCall: "FFI call that does nothing",
  performanceNow: "performance.now()",
  hrtimeBigint: "process.hrtime.bigint()",
  bunNanoseconds: "Bun.nanoseconds()",
  microtime: "microtime.now() (Node-API addon)",
} as const;

export type ContenderName = keyof typeof CONTENDERS;

/** The clocks that a runtime has by itself. */
export const BUILT_IN: readonly ContenderName[] = [
  "performanceNow",
  "hrtimeBigint",
  "bunNanoseconds",
];

/** What a runtime says of itself before it is measured. */
export interface Hello {
  readonly version: string;
  readonly ffi: string;
  /** What answers clock_gettime: `vdso`, `syscall` or `runtime`. */
  readonly source: string;
  readonly reason?: string;
  readonly contenders: readonly ContenderName[];
}

export interface ContenderResult {
  /** Nanoseconds per call. */
  readonly ns: Summary;
  /** Times native C, round by round. */
  readonly ratio: Summary;
}

export interface RuntimeResult {
  readonly version: string;
  readonly ffi: string;
  readonly source: string;
  readonly reason?: string;
  /** What stands for native C: a gcc -O2 program, or without gcc the trampoline's own loop. */
  readonly nativeBy: "gcc" | "trampoline";
  readonly rounds: number;
  readonly contenders: Readonly<Partial<Record<ContenderName, ContenderResult>>>;
}

/** One promise in one runtime. */
export interface Check {
  readonly runtime: RuntimeName;
  /** What is promised, in words. */
  readonly promise: string;
  readonly value: number;
  /** The value may be this, and no more. */
  readonly limit: number;
  readonly holds: boolean;
}

export interface Report {
  /** The shape of this object; counts up when a key changes its meaning. */
  readonly schema: 1;
  readonly machine: Machine;
  readonly runtimes: Readonly<Partial<Record<RuntimeName, RuntimeResult>>>;
  /** Import plus first call, where it was measured. */
  readonly startup?: readonly StartupResult[];
  readonly checks: readonly Check[];
}
