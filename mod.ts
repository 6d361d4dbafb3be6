/**
 * The Linux vDSO from JavaScript: the kernel's clocks at the cost of a function call, in Deno, Bun
 * and Node.
 *
 * The vDSO is a small shared object that the kernel maps into every process. It answers
 * `clock_gettime` without a system call; C programs call it through libc without knowing. This
 * library finds it through AT_SYSINFO_EHDR, parses it, and calls it through the runtime's FFI:
 *
 * ```ts
 * import { now } from "@x/vdso";
 *
 * const start = now(); // nanoseconds of CLOCK_MONOTONIC, in about 25 ns
 * await fetch("data:,hello");
 * console.log(`${now() - start} ns`);
 * ```
 *
 * - Importing does nothing. The first call binds, or {@link bind} does.
 * - Where the kernel has no vDSO, the system call answers; where there is no FFI, the runtime's own
 *   clocks do. {@link sources} says which. Nothing prompts.
 * - Deno needs `--allow-ffi`, and nothing else.
 *
 * Errors: a clock that returns a number returns NaN where the kernel refuses it (a seccomp filter,
 * say), so that its hot path has no branch; everything else throws. {@link VdsoError}: the kernel
 * refused, with its errno. {@link UnsupportedError}: there is no such thing here, because there is no
 * FFI, or because this machine does not have it. TypeError and RangeError: a wrong argument. Without
 * an FFI the clocks of monotonic time, wall time and CPU time answer from the best that the runtime
 * has; docs/locked-down.md has the table of what does not.
 *
 * See vdso(7), clock_gettime(2), getauxval(3).
 *
 * @module
 */
export { bind, type BindOptions, type Sources, sources } from "./core/bind.ts";
export {
  clockGetres,
  clockGettime,
  now,
  nowBigInt,
  nowBoot,
  nowCoarse,
  nowRaw,
  processCpuTime,
  threadCpuTime,
} from "./core/clock.ts";
export {
  CLOCK_AUX,
  CLOCK_BOOTTIME,
  CLOCK_BOOTTIME_ALARM,
  CLOCK_MONOTONIC,
  CLOCK_MONOTONIC_COARSE,
  CLOCK_MONOTONIC_RAW,
  CLOCK_PROCESS_CPUTIME_ID,
  CLOCK_REALTIME,
  CLOCK_REALTIME_ALARM,
  CLOCK_REALTIME_COARSE,
  CLOCK_TAI,
  CLOCK_THREAD_CPUTIME_ID,
  type ClockId,
  deviceClock,
  processClock,
} from "./core/clock_ids.ts";
export { cpu, type CpuLocation, getcpu } from "./core/cpu.ts";
export { UnsupportedError, VdsoError } from "./core/errors.ts";
export {
  getrandom,
  GRND_INSECURE,
  GRND_NONBLOCK,
  GRND_RANDOM,
  randomF64,
  randomU32,
} from "./core/random.ts";
export { ticks, type TicksInfo, ticksInfo, ticksToNs } from "./core/ticks.ts";
export { inspect, type MappedRange, type VdsoInfo } from "./core/inspect.ts";
export {
  gettimeofday,
  hrTime,
  realtimeBigInt,
  realtimeMicros,
  time,
  timestampBigInt,
  type Timeval,
} from "./core/wall.ts";
export type { EntrySource } from "./core/vdso.ts";
export type { EntryName } from "./elf/entries.ts";
export type { ElfSymbol, ElfSymbolBinding, ElfSymbolType } from "./elf/types.ts";
export type { FfiName, NodeFfiName } from "./ffi/types.ts";
