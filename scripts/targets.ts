/** The CPUs that there is a shim for, and how C is compiled for them. */

/** By the kernel's names, what clang must be told of each. */
export const TARGETS: Readonly<Record<string, readonly string[]>> = {
  x86_64: ["--target=x86_64-linux-gnu"],
  aarch64: ["--target=aarch64-linux-gnu"],
  riscv64: ["--target=riscv64-linux-gnu", "-march=rv64gc", "-mabi=lp64d"],
  ppc64le: ["--target=powerpc64le-linux-gnu"],
  s390x: ["--target=s390x-linux-gnu"],
};

/** CPUs that Node is released for, beside others: there the shim is made as an addon, too. */
export const NODE_CPUS: readonly string[] = ["x86_64", "aarch64"];

/** CPUs that Deno and Bun are made for: elsewhere Node alone takes the shim. */
export const DENO_AND_BUN_CPUS: readonly string[] = ["x86_64", "aarch64"];

/**
 * CPUs on which no runtime has an FFI: neither koffi nor node:ffi is made for them. Their shims
 * are built and tested, so that they stay right, but nobody who installs the library has to take them.
 */
export const WITHOUT_FFI: readonly string[] = ["s390x"];
