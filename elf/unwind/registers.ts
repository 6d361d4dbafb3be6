/**
 * The names of registers, by the numbers that DWARF gives them: each processor's psABI, "DWARF
 * Register Number Mapping". Spelt as binutils' readelf does.
 *
 * @module
 */

const words = (text: string): string[] => text.split(" ");

/** `count` registers of one prefix; those that have no name of their own are `r`. */
const series = (prefix: string, first: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${first + i}`);

/** The numbers in between have no names. */
const unnamed = (first: number, count: number): string[] => series("r", first, count);

// https://gitlab.com/x86-psABIs/i386-ABI, table 2.14; 93 to 100 as in binutils.
const I386 = [
  ...words("eax ecx edx ebx esp ebp esi edi eip eflags r10"),
  ...series("st", 0, 8),
  ...unnamed(19, 2),
  ...series("xmm", 0, 8),
  ...series("mm", 0, 8),
  ...words("fcw fsw mxcsr es cs ss ds fs gs r46 r47 tr ldtr"),
  ...unnamed(50, 43),
  ...series("k", 0, 8),
];

// https://gitlab.com/x86-psABIs/x86-64-ABI, figure 3.36
const X86_64 = [
  ...words("rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip"),
  ...series("xmm", 0, 16),
  ...series("st", 0, 8),
  ...series("mm", 0, 8),
  ...words("rflags es cs ss ds fs gs r56 r57 fs.base gs.base r60 r61 tr ldtr mxcsr fcw fsw"),
  ...series("xmm", 16, 16),
  ...unnamed(83, 35),
  ...series("k", 0, 8),
];

// https://github.com/ARM-software/abi-aa, aadwarf64, "DWARF register names"
const AARCH64 = [
  ...series("x", 0, 31),
  ...words("sp r32 elr"),
  ...unnamed(34, 12),
  ...words("vg ffr"),
  ...series("p", 0, 16),
  ...series("v", 0, 32),
  ...series("z", 0, 32),
];

// https://github.com/IBM/s390x-abi, "DWARF register number mapping"
const S390 = [
  ...series("r", 0, 16),
  ...words("f0 f2 f4 f6 f1 f3 f5 f7 f8 f10 f12 f14 f9 f11 f13 f15"),
  ...series("cr", 0, 16),
  ...series("a", 0, 16),
  ...words("pswm pswa r66 r67"),
  ...words("v16 v18 v20 v22 v17 v19 v21 v23 v24 v26 v28 v30 v25 v27 v29 v31"),
];

// https://github.com/riscv-non-isa/riscv-elf-psabi-doc, riscv-dwarf.adoc
const RISCV = [
  ...words("zero ra sp gp tp t0 t1 t2 s0 s1"),
  ...series("a", 0, 8),
  ...series("s", 2, 10),
  ...series("t", 3, 4),
  ...series("ft", 0, 8),
  ...words("fs0 fs1"),
  ...series("fa", 0, 8),
  ...series("fs", 2, 10),
  ...series("ft", 8, 4),
  ...unnamed(64, 32),
  ...series("v", 0, 32),
];

/** By e_machine in the ELF header. */
const NAMES: Readonly<Record<number, readonly string[]>> = {
  3: I386,
  22: S390,
  62: X86_64,
  183: AARCH64,
  243: RISCV,
};

/**
 * Names a register of an unwind table.
 *
 * @param machine The CPU, as {@linkcode ElfImage.machine} gives it.
 * @param register DWARF's number of the register.
 * @returns The name, such as `rbp`; `r` and the number where the CPU, or the register, is not known
 * here: x86, AArch64, s390 and RISC-V are.
 *
 * @example
 * ```ts
 * import { registerName } from "@x/vdso/elf";
 *
 * console.log(registerName(62, 7), registerName(183, 29), registerName(21, 1)); // rsp x29 r1
 * ```
 */
export function registerName(machine: number, register: number): string {
  return NAMES[machine]?.[register] ?? `r${register}`;
}
