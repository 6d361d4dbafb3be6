/**
 * What checks and explains the clocks of a machine: what is wrong with them and what to do about it,
 * the system calls past the vDSO, the comparison with them, what readings cost in C, and the shim as a
 * file.
 *
 * ```ts
 * import { clockCost, verify } from "@x/vdso/doctor";
 *
 * const { nativeNs, syscallNs, beatsSyscall } = clockCost();
 * console.log(`${nativeNs} ns by the vDSO, ${syscallNs} ns by the system call`, beatsSyscall);
 * console.log(verify(100).filter(({ failures }) => failures > 0)); // []
 * ```
 *
 * @module
 */
export { type ClockCost, clockCost, type ClockLoops, clockLoops } from "./cost.ts";
export { type Examination, examine, examineFacts, type ExamineOptions } from "./examine.ts";
export { parseFacts } from "./facts/shape.ts";
export {
  type ClocksourceFacts,
  type CounterFacts,
  type CpuFacts,
  type Facts,
  FACTS_VERSION,
  type MachineFacts,
  type MeasuredFacts,
  type PathCost,
  type ProcessFacts,
  type RuntimeFacts,
  type Skipped,
  type TimeFacts,
  type VdsoFacts,
  type VmFacts,
  type WallFacts,
} from "./facts/types.ts";
export {
  type Evidence,
  type Finding,
  FINDING_IDS,
  type FindingId,
  type Severity,
} from "./findings.ts";
export { type FractionEntry, isNormalized } from "./normalized.ts";
export { type ShimFile, shimFile } from "./shim_file.ts";
export { type Syscalls, syscalls } from "./syscalls.ts";
export { onClockChange, type WatchOptions } from "./watch/on_clock_change.ts";
export type { ClockChange } from "./watch/watcher.ts";
export { verify, type VerifyOptions, type VerifyResult } from "./verify.ts";
