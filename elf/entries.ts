/**
 * The functions that the kernel exports, by CPU: vdso(7), "ARCHITECTURE-SPECIFIC NOTES".
 *
 * @module
 */

/** The name of an entry: the system call that it spares. */
export type EntryName =
  | "clock_gettime"
  | "clock_getres"
  | "gettimeofday"
  | "time"
  | "getcpu"
  | "getrandom";

/** The entries that are called, in the order of `enum entry` in shim/vdso.c. */
export const ENTRIES: readonly EntryName[] = [
  "clock_gettime",
  "clock_getres",
  "gettimeofday",
  "time",
  "getcpu",
  "getrandom",
];

/** What a CPU's vDSO looks like. */
export interface Machine {
  /** e_machine in the ELF header (gABI, "ELF Header"). */
  readonly machine: number;
  /** The version of every symbol. */
  readonly version: string;
  /** The symbol of each entry; one that is not here takes the system call. */
  readonly symbols: Readonly<Partial<Record<EntryName, string>>>;
}

/** By the kernel's name of the CPU. All are 64-bit. */
export const MACHINES: Readonly<Record<string, Machine>> = {
  // arch/x86/entry/vdso/vdso64/vdso64.lds.S
  x86_64: {
    machine: 62,
    version: "LINUX_2.6",
    symbols: {
      clock_gettime: "__vdso_clock_gettime",
      clock_getres: "__vdso_clock_getres",
      gettimeofday: "__vdso_gettimeofday",
      time: "__vdso_time",
      getcpu: "__vdso_getcpu",
      getrandom: "__vdso_getrandom", // Linux 6.11
    },
  },
  // arch/arm64/kernel/vdso/vdso.lds.S
  aarch64: {
    machine: 183,
    version: "LINUX_2.6.39",
    symbols: {
      clock_gettime: "__kernel_clock_gettime",
      clock_getres: "__kernel_clock_getres",
      gettimeofday: "__kernel_gettimeofday",
      getrandom: "__kernel_getrandom", // Linux 6.12
    },
  },
  // arch/riscv/kernel/vdso/vdso.lds.S
  riscv64: {
    machine: 243,
    version: "LINUX_4.15",
    symbols: {
      clock_gettime: "__vdso_clock_gettime",
      clock_getres: "__vdso_clock_getres",
      gettimeofday: "__vdso_gettimeofday",
      getcpu: "__vdso_getcpu",
      getrandom: "__vdso_getrandom", // Linux 6.16
    },
  },
  // arch/powerpc/kernel/vdso/vdso64.lds.S
  ppc64le: {
    machine: 21,
    version: "LINUX_2.6.15",
    symbols: {
      clock_gettime: "__kernel_clock_gettime",
      clock_getres: "__kernel_clock_getres",
      gettimeofday: "__kernel_gettimeofday",
      time: "__kernel_time",
      getcpu: "__kernel_getcpu",
      getrandom: "__kernel_getrandom", // Linux 6.12
    },
  },
  // arch/s390/kernel/vdso64/vdso64.lds.S
  s390x: {
    machine: 22,
    version: "LINUX_2.6.29",
    symbols: {
      clock_gettime: "__kernel_clock_gettime",
      clock_getres: "__kernel_clock_getres",
      gettimeofday: "__kernel_gettimeofday",
      getcpu: "__kernel_getcpu",
      getrandom: "__kernel_getrandom", // Linux 6.12
    },
  },
};
