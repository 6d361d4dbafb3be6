/** The CPUs that there is a trampoline for, and how C is compiled for them. */

/** By the kernel's names, what clang must be told of each. */
export const TARGETS: Readonly<Record<string, readonly string[]>> = {
  x86_64: ["--target=x86_64-linux-gnu"],
  aarch64: ["--target=aarch64-linux-gnu"],
  riscv64: ["--target=riscv64-linux-gnu", "-march=rv64gc", "-mabi=lp64d"],
  ppc64le: ["--target=powerpc64le-linux-gnu"],
  s390x: ["--target=s390x-linux-gnu"],
};
