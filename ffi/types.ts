/**
 * What the rest of the library knows of an FFI: one narrow interface, and one table of the C
 * functions behind it.
 *
 * @module
 */

/** C types that travel across the FFI. `buffer` is a `void *` to a JavaScript byte array. */
export type NativeType = "void" | "f64" | "i32" | "u32" | "i64" | "usize" | "buffer";

/** Parameter types, then the result type. */
export type Signature = readonly [parameters: readonly NativeType[], result: NativeType];

/** The C functions to resolve in one library, by name. */
export type Signatures = Readonly<Record<string, Signature>>;

interface JsTypes {
  void: undefined;
  f64: number;
  i32: number;
  u32: number;
  i64: bigint;
  usize: bigint;
  buffer: Uint8Array;
}

type Parameters<P extends readonly NativeType[]> = { [K in keyof P]: JsTypes[P[K]] };

/** The JavaScript functions that {@link Ffi.open} makes of a table of signatures. */
export type Functions<S extends Signatures> = {
  [K in keyof S]: (...args: Parameters<S[K][0]>) => JsTypes[S[K][1]];
};

/** The names of the four FFIs. */
export type FfiName = "deno" | "bun" | "node" | "koffi";

/** A runtime's foreign function interface. */
export interface Ffi {
  readonly name: FfiName;
  /** dlopen(3) and dlsym(3) of every name in `signatures`; throws what the runtime throws. */
  open<const S extends Signatures>(library: string, signatures: S): Functions<S>;
}

/** No FFI, and why: nothing is thrown until somebody insists on one. */
export interface NoFfi {
  readonly name: "none";
  readonly reason: string;
  readonly cause?: unknown;
}

/** The part of libc that loading the trampoline takes; C declarations from the manual pages. */
export const LIBC = {
  // int memfd_create(const char *name, unsigned int flags);
  memfd_create: [["buffer", "u32"], "i32"],
  // ssize_t write(int fd, const void *buf, size_t count);
  write: [["i32", "buffer", "usize"], "i64"],
  // ssize_t readlink(const char *pathname, char *buf, size_t bufsiz);
  readlink: [["buffer", "buffer", "usize"], "i64"],
  // int close(int fd);
  close: [["i32"], "i32"],
  // void *dlopen(const char *filename, int flags); only compared with NULL
  dlopen: [["buffer", "i32"], "usize"],
} as const satisfies Signatures;

/** The part of libc for a temporary file, where memfd_create(2) is denied. */
export const LIBC_FILES = {
  // char *mkdtemp(char *template); writes into its argument
  mkdtemp: [["buffer"], "usize"],
  // int creat(const char *pathname, mode_t mode);
  creat: [["buffer", "u32"], "i32"],
  // int unlink(const char *pathname);
  unlink: [["buffer"], "i32"],
  // int rmdir(const char *pathname);
  rmdir: [["buffer"], "i32"],
} as const satisfies Signatures;

/**
 * The trampoline's functions (`shim/vdso.c`), in groups that are resolved when first needed: each
 * symbol costs Deno and Node some 0.1 ms. This group is all that `now()` takes.
 */
export const SHIM = {
  // double vdso_build_id(void);
  vdso_build_id: [[], "f64"],
  // int32_t vdso_copy_image(void *out, int32_t length);
  vdso_copy_image: [["buffer", "i32"], "i32"],
  // int32_t vdso_bind(int32_t entry, int32_t offset);
  vdso_bind: [["i32", "i32"], "i32"],
  // int32_t vdso_sweep(void);
  vdso_sweep: [[], "i32"],
  // double vdso_now(void);
  vdso_now: [[], "f64"],
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

/** The two older clocks. Negative errno where refused. */
export const SHIM_WALL = {
  // double vdso_gettimeofday(void); in microseconds
  vdso_gettimeofday: [[], "f64"],
  // double vdso_time(void); in seconds
  vdso_time: [[], "f64"],
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
  // double vdso_loop(int32_t by_syscall, int32_t clock, int32_t calls); in ns
  vdso_loop: [["i32", "i32", "i32"], "f64"],
} as const satisfies Signatures;

/** The process itself. */
export const SHIM_PROCESS = {
  // int64_t vdso_auxval(int32_t type);
  vdso_auxval: [["i32"], "i64"],
} as const satisfies Signatures;
