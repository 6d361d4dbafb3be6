/**
 * What the benchmark measures, by name, and the shape of what comes out: `--json` prints a
 * {@link Report}, whose keys stay as they are.
 */
import type { EntryName, EntrySource } from "../../mod.ts";
import type { RuntimeName } from "../runtimes.ts";
import type { Machine } from "./machine.ts";
import type { Summary } from "./statistics.ts";

/** The clocks in the order of their table, with what they are called there. */
export const CONTENDERS = {
  native: "C: clock_gettime to double",
  shim: "C: the shim's own loop",
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

/**
 * Everything else, in the order of the second table. `base` is the native C that a contender is
 * held against, where there is such a thing.
 */
export const OTHERS = {
  nativeCounter: { title: "C: the bare counter (rdtsc, cntvct_el0)", base: "nativeCounter" },
  ticks: { title: "ticks()", base: "nativeCounter" },
  ticksToNs: { title: "ticksToNs(delta)" },
  native: { title: "C: clock_gettime(CLOCK_MONOTONIC)", base: "native" },
  nativeRaw: { title: "C: CLOCK_MONOTONIC_RAW", base: "nativeRaw" },
  nowRaw: { title: "nowRaw()", base: "nativeRaw" },
  nativeCoarse: { title: "C: CLOCK_MONOTONIC_COARSE", base: "nativeCoarse" },
  nowCoarse: { title: "nowCoarse()", base: "nativeCoarse" },
  nativeBoot: { title: "C: CLOCK_BOOTTIME", base: "nativeBoot" },
  nowBoot: { title: "nowBoot()", base: "nativeBoot" },
  nativeRealtime: { title: "C: CLOCK_REALTIME", base: "nativeRealtime" },
  realtimeBigInt: { title: "realtimeBigInt()", base: "nativeRealtime" },
  timestampBigInt: { title: "timestampBigInt()", base: "nativeRealtime" },
  hrTime: { title: "hrTime()", base: "nativeRealtime" },
  dateNow: { title: "Date.now()", base: "nativeRealtime" },
  nativeGettimeofday: { title: "C: gettimeofday(3)", base: "nativeGettimeofday" },
  realtimeMicros: { title: "realtimeMicros()", base: "nativeGettimeofday" },
  gettimeofday: { title: "gettimeofday()", base: "nativeGettimeofday" },
  nativeTime: { title: "C: time(3)", base: "nativeTime" },
  time: { title: "time()", base: "nativeTime" },
  nativeThreadCpu: { title: "C: CLOCK_THREAD_CPUTIME_ID", base: "nativeThreadCpu" },
  threadCpuTime: { title: "threadCpuTime()", base: "nativeThreadCpu" },
  threadCpuUsage: { title: "process.threadCpuUsage()", base: "nativeThreadCpu" },
  nativeProcessCpu: { title: "C: CLOCK_PROCESS_CPUTIME_ID", base: "nativeProcessCpu" },
  processCpuTime: { title: "processCpuTime()", base: "nativeProcessCpu" },
  cpuUsage: { title: "process.cpuUsage()", base: "nativeProcessCpu" },
  nativeCpu: { title: "C: sched_getcpu(3)", base: "nativeCpu" },
  cpu: { title: "cpu()", base: "nativeCpu" },
  getcpu: { title: "getcpu()", base: "nativeCpu" },
  nativeRandom4: { title: "C: getrandom(3), 4 bytes", base: "nativeRandom4" },
  randomU32: { title: "randomU32()", base: "nativeRandom4" },
  getRandomValuesU32: {
    title: "crypto.getRandomValues(Uint32Array(1))",
    base: "nativeRandom4",
  },
  randomF64: { title: "randomF64()" },
  mathRandom: { title: "Math.random(), for scale" },
  nativeRandom16: { title: "C: getrandom(3), 16 bytes", base: "nativeRandom16" },
  getrandom16: { title: "getrandom(), 16 bytes", base: "nativeRandom16" },
  getRandomValues16: { title: "crypto.getRandomValues(), 16 bytes", base: "nativeRandom16" },
  randomUUID: { title: "crypto.randomUUID()", base: "nativeRandom16" },
  nativeRandom1k: { title: "C: getrandom(3), 1 KiB", base: "nativeRandom1k" },
  getrandom1k: { title: "getrandom(), 1 KiB", base: "nativeRandom1k" },
  getRandomValues1k: { title: "crypto.getRandomValues(), 1 KiB", base: "nativeRandom1k" },
} as const satisfies Readonly<Record<string, { title: string; base?: string }>>;

export type OtherName = keyof typeof OTHERS;

/** What is measured together, in one process of the runtime. */
export type Group = "clocks" | "others";
export type AnyName = ContenderName | OtherName;

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
  /** All that sources() says of the entries. */
  readonly entries: Readonly<Record<EntryName, EntrySource>>;
  /** Whether ticks() answers here. */
  readonly hasCounter: boolean;
  readonly contenders: readonly AnyName[];
}

export interface ContenderResult {
  /** Nanoseconds per call. */
  readonly ns: Summary;
  /** Times native C, round by round. */
  readonly ratio: Summary;
}

/** Of everything else: not all of it has a counterpart in C, and without gcc nothing has. */
export interface OtherResult {
  readonly ns: Summary;
  readonly ratio?: Summary;
}

export interface RuntimeResult {
  readonly version: string;
  readonly ffi: string;
  readonly source: string;
  readonly reason?: string;
  /** What stands for native C: a gcc -O2 program, or without gcc the shim's own loop. */
  readonly nativeBy: "gcc" | "shim";
  readonly rounds: number;
  readonly contenders: Readonly<Partial<Record<ContenderName, ContenderResult>>>;
  /** Everything else, unless --only clocks. */
  readonly others?: OthersResult;
  /** Two Workers against one, unless --only clocks or on one CPU. */
  readonly workers?: WorkersResult;
}

export interface OthersResult {
  readonly entries: Readonly<Record<EntryName, EntrySource>>;
  readonly hasCounter: boolean;
  readonly rounds: number;
  readonly contenders: Readonly<Partial<Record<OtherName, OtherResult>>>;
}

export interface WorkersResult {
  readonly rounds: number;
  /** Nanoseconds per call, one Worker alone. */
  readonly alone: Summary;
  /** Nanoseconds per call of each, both at once. */
  readonly together: Summary;
  /** The rate of both together, times that of one alone, round by round. */
  readonly speedup: Summary;
}

/** How the library comes: from npm, in a program's own bundle, as TypeScript from JSR. */
export type Form = "package" | "bundle" | "sources";

export interface StartupResult {
  readonly runtime: RuntimeName;
  readonly form: Form;
  readonly pairs: number;
  /** Milliseconds of the empty program. */
  readonly empty: Summary;
  /** Milliseconds that import and first call add. */
  readonly added: Summary;
  /** Milliseconds that the least module adds which does the same: see least_module.ts. */
  readonly least: Summary;
  /** The first median over the second. */
  readonly ratio: number;
}

/** One promise in one runtime. */
export interface Check {
  readonly runtime: RuntimeName;
  /** What is promised, in words. */
  readonly promise: string;
  readonly value: number;
  /** The value may be this, and no more; where `atLeast` is set, no less. */
  readonly limit: number;
  readonly atLeast?: true;
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
