/**
 * The C programs of the tests for other CPUs: compiled by clang, against the C library of Debian's
 * packages `libc6-dev-CPU-cross`.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { TARGETS } from "../scripts/targets.ts";
import { type Compiler, nativeProgram } from "./native.ts";

/** A CPU that programs are compiled for on any machine. */
export interface CrossCpu {
  /** The kernel's name of it. */
  readonly cpu: string;
  /** Debian's name. */
  readonly architecture: string;
  /** Where Debian has its C library. */
  readonly sysroot: string;
  /** The path below that by which programs know their dynamic linker. */
  readonly loader: string;
}

export const CROSS_CPUS: readonly CrossCpu[] = [
  {
    cpu: "riscv64",
    architecture: "riscv64",
    sysroot: "/usr/riscv64-linux-gnu",
    loader: "/lib/ld-linux-riscv64-lp64d.so.1",
  },
  {
    cpu: "ppc64le",
    architecture: "ppc64el",
    sysroot: "/usr/powerpc64le-linux-gnu",
    loader: "/lib64/ld64.so.2",
  },
  {
    cpu: "s390x",
    architecture: "s390x",
    sysroot: "/usr/s390x-linux-gnu",
    loader: "/lib/ld64.so.1",
  },
];

/** What it takes to compile for these CPUs: packages of Debian. */
export const CROSS_PACKAGES: readonly string[] = [
  "clang-19",
  "lld-19",
  ...CROSS_CPUS.map(({ architecture }) => `libc6-dev-${architecture}-cross`),
];

/** Empty without it. Asked for when it is needed: the hostile suite installs it. */
function clangVersion(): string {
  return spawnSync("clang-19", ["-dumpversion"], { encoding: "utf8" }).stdout?.trim() ?? "";
}

/** What is missing to compile for this CPU, or undefined. */
export function lackOfCross({ architecture, sysroot }: CrossCpu): string | undefined {
  if (clangVersion() === "") return "clang-19 is not installed";
  if (existsSync(join(sysroot, "include/stdio.h"))) return undefined;
  return `the C library for ${architecture} is not installed (Debian: libc6-dev-${architecture}-cross)`;
}

/** The same as {@link nativeProgram} for this CPU. */
export function crossProgram(
  { cpu, sysroot }: CrossCpu,
  name: string,
  flags: readonly string[] = [],
): string {
  const library = (file: string) => join(sysroot, "lib", file);
  const compiler: Compiler = {
    command: "clang-19",
    version: `${clangVersion()} ${cpu}`,
    flags: [
      ...(TARGETS[cpu] ?? []),
      // There is no libgcc for these CPUs, and no need of one.
      ...["-fuse-ld=lld", "-nostdlib", "-nostdlibinc", "-isystem", join(sysroot, "include")],
      ...["Scrt1.o", "crti.o", "crtn.o", "libc.so.6", "libc_nonshared.a"].map(library),
    ],
  };
  return nativeProgram(name, flags, compiler);
}
