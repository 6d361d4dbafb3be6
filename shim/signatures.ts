/**
 * The one table of the shim's C functions (`shim/vdso.c`): what an FFI is told of them.
 *
 * They are in groups that are resolved when first needed: each symbol costs Deno and Node about
 * 0.1 ms.
 *
 * @module
 */
import type { Signatures } from "../ffi/types.ts";

/** All that `now()` takes. */
export const SHIM = {
  // double vdso_build_id(void);
  vdso_build_id: [[], "f64"],
  // int32_t vdso_copy_image(void *out, int32_t length);
  vdso_copy_image: [["buffer", "i32"], "i32"],
  // int32_t vdso_bind(int32_t entry, int32_t offset);
  vdso_bind: [["i32", "i32"], "i32"],
  // double vdso_now(void);
  vdso_now: [[], "f64"],
} as const satisfies Signatures;

/** What Workers leave behind. */
export const SHIM_SWEEP = {
  // int32_t vdso_sweep(void); how many descriptors it has closed
  vdso_sweep: [[], "i32"],
} as const satisfies Signatures;

/** The clocks. Doubles are NaN where the system call is refused; int64_t is INT64_MIN + errno. */
export const SHIM_CLOCKS = {
  // double vdso_clock(double clock);
  vdso_clock: [["f64"], "f64"],
  // int64_t vdso_clock_gettime(double clock);
  vdso_clock_gettime: [["f64"], "i64"],
  // int64_t vdso_clock_getres(double clock);
  vdso_clock_getres: [["f64"], "i64"],
} as const satisfies Signatures;

/** The wall clock in other forms. Negative errno where refused; int64_t is INT64_MIN + errno. */
export const SHIM_WALL = {
  // double vdso_gettimeofday(void); in microseconds
  vdso_gettimeofday: [[], "f64"],
  // double vdso_time(void); in seconds
  vdso_time: [[], "f64"],
  // int64_t vdso_timestamp(void); in nanoseconds, increasing in the process
  vdso_timestamp: [[], "i64"],
} as const satisfies Signatures;

/** The CPU that runs this. */
export const SHIM_CPU = {
  // double vdso_getcpu(void); node << 32 | cpu, or a negative errno
  vdso_getcpu: [[], "f64"],
  // double vdso_cpu(void); the CPU alone, or a negative errno
  vdso_cpu: [[], "f64"],
} as const satisfies Signatures;

/** The CPU's counter. */
export const SHIM_TICKS = {
  // double vdso_ticks(void);
  vdso_ticks: [[], "f64"],
  // double vdso_ticks_frequency(void); in Hz, 0 if unknown, -1 if it may vary; first of these
  vdso_ticks_frequency: [[], "f64"],
  // void vdso_ticks_sample(double *out); two of them: ticks and nanoseconds of CLOCK_MONOTONIC_RAW
  vdso_ticks_sample: [["buffer"], "void"],
  // void vdso_ticks_costs(double *out); three of them, in ticks: the counter, the entry, the system call
  vdso_ticks_costs: [["buffer"], "void"],
} as const satisfies Signatures;

/** Random numbers. Negative errno where refused. */
export const SHIM_RANDOM = {
  // int32_t vdso_random_slot(void);
  vdso_random_slot: [[], "i32"],
  // double vdso_getrandom(double request, void *out);
  vdso_getrandom: [["f64", "buffer"], "f64"],
  // double vdso_random_u32(double slot);
  vdso_random_u32: [["f64"], "f64"],
  // double vdso_random_f64(double slot);
  vdso_random_f64: [["f64"], "f64"],
} as const satisfies Signatures;

/** What the vDSO is measured against and checked with. */
export const SHIM_REFERENCE = {
  // int64_t vdso_syscall(int32_t entry, int32_t clock);
  vdso_syscall: [["i32", "i32"], "i64"],
  // int32_t vdso_is_normalized(int32_t entry, int32_t clock); 1, 0 or a negative errno
  vdso_is_normalized: [["i32", "i32"], "i32"],
  // int32_t vdso_affinity(int32_t set, void *mask, int32_t length); bytes, 0 or a negative errno
  vdso_affinity: [["i32", "buffer", "i32"], "i32"],
  // double vdso_loop(int32_t by_syscall, int32_t clock, int32_t calls); in ns
  vdso_loop: [["i32", "i32", "i32"], "f64"],
} as const satisfies Signatures;

/** The loop that finds gaps. */
export const SHIM_JITTER = {
  // int32_t vdso_jitter(void *memory, int32_t length); 0 or a negative errno
  vdso_jitter: [["buffer", "i32"], "i32"],
} as const satisfies Signatures;

/** What the doctor asks of the kernel and the CPU. Negative errno where refused. */
export const SHIM_MACHINE = {
  // int32_t vdso_adjtimex(void *out, int32_t length); struct timex, changes nothing
  vdso_adjtimex: [["buffer", "i32"], "i32"],
  // int32_t vdso_syslog(void *out, int32_t length); bytes of the kernel's log
  vdso_syslog: [["buffer", "i32"], "i32"],
  // int32_t vdso_seccomp(void); 0 or 2
  vdso_seccomp: [[], "i32"],
  // int32_t vdso_cpuid(int32_t leaf, void *out, int32_t length); 16: EAX, EBX, ECX, EDX
  vdso_cpuid: [["i32", "buffer", "i32"], "i32"],
  // double vdso_entry_loop(int32_t by_syscall, int32_t entry, int32_t calls); in ns
  vdso_entry_loop: [["i32", "i32", "i32"], "f64"],
} as const satisfies Signatures;

/** The process itself. */
export const SHIM_PROCESS = {
  // int64_t vdso_auxval(int32_t type);
  vdso_auxval: [["i32"], "i64"],
} as const satisfies Signatures;

/** Every function, for where the library cannot be reached a second time. */
export const SHIM_ALL = {
  ...SHIM,
  ...SHIM_SWEEP,
  ...SHIM_CLOCKS,
  ...SHIM_WALL,
  ...SHIM_CPU,
  ...SHIM_TICKS,
  ...SHIM_RANDOM,
  ...SHIM_REFERENCE,
  ...SHIM_JITTER,
  ...SHIM_MACHINE,
  ...SHIM_PROCESS,
} as const satisfies Signatures;
