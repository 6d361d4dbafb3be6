/**
 * What the kernel's vDSO is on this machine.
 *
 * @module
 */
import type { ElfSymbol } from "../elf/types.ts";
import { readKernelFile } from "../ffi/runtime.ts";
import { SHIM_PROCESS } from "../shim/signatures.ts";
import { native } from "./binding.ts";
import { UnsupportedError } from "./errors.ts";

/** The kernel's image as it lies in this process: what {@link inspect} returns. */
export interface VdsoInfo {
  /**
   * Where it is mapped: AT_SYSINFO_EHDR of getauxval(3). Another one in each process; who prints it
   * gives away the layout of the address space.
   */
  readonly base: bigint;
  /** Bytes of the image, section headers included. */
  readonly size: number;
  /** e_machine: 62 is x86_64, 183 aarch64, 243 RISC-V, 21 PowerPC64, 22 s390. */
  readonly machine: number;
  /** DT_SONAME, `"linux-vdso.so.1"`, on ppc64le and s390x `"linux-vdso64.so.1"`. */
  readonly soname?: string;
  /** The NT_GNU_BUILD_ID note, in hex. */
  readonly buildId?: string;
  /** The kernel's version as in its "Linux" note, `"6.18.44"`. */
  readonly linuxVersion?: string;
  /** The hash tables that it has: `"sysv"` (DT_HASH), `"gnu"` (DT_GNU_HASH). */
  readonly hashStyles: readonly ("sysv" | "gnu")[];
  /** The functions, with versions, sizes and bindings. */
  readonly symbols: readonly ElfSymbol[];
  /** The kernel's mappings from /proc/self/maps, undefined where that may not be read. */
  readonly ranges?: readonly MappedRange[];
  /**
   * What becomes of calls to the vDSO's predecessor, the page at a fixed address that x86_64 still
   * has for old programs: `"emulate"` (readable, calls trap into the kernel), `"xonly"` (the same,
   * not readable), `"none"` (no page: SIGSEGV). Undefined where /proc/self/maps may not be read. See
   * `vsyscall=` in kernel-parameters.txt.
   */
  readonly vsyscall?: "emulate" | "xonly" | "none";
  /** What could not be read: empty, or `["ranges", "vsyscall"]`. */
  readonly unreadable: readonly string[];
  /** The image itself, `size` bytes: a copy. */
  readonly image: Uint8Array;
}

/** One line of /proc/self/maps: see proc_pid_maps(5). */
export interface MappedRange {
  /** `"[vdso]"`, `"[vvar]"`, `"[vvar_vclock]"` or `"[vsyscall]"`. */
  readonly name: string;
  /** First address. */
  readonly start: bigint;
  /** First address behind it. */
  readonly end: bigint;
  /** `"r-xp"` */
  readonly permissions: string;
}

/**
 * Describes the vDSO: symbols with versions, identity, place.
 *
 * Parses the whole image: 1 ms at first. See vdso(7).
 *
 * @throws {UnsupportedError} without an FFI or a vDSO, with the reason
 *
 * @example
 * ```ts
 * import { inspect } from "@x/vdso";
 *
 * for (const { name, version } of inspect().symbols) console.log(`${name}@${version}`);
 * ```
 */
export function inspect(): VdsoInfo {
  const { shim, vdso: { bytes, image, reason, cause } } = native();
  if (!bytes || !image) {
    throw new UnsupportedError(reason, cause === undefined ? {} : { cause });
  }
  const { vdso_auxval } = shim.open(SHIM_PROCESS);
  const ranges = mappedRanges();
  return {
    base: BigInt.asUintN(64, vdso_auxval(AT_SYSINFO_EHDR)),
    size: image.size,
    machine: image.machine,
    ...(image.soname !== undefined && { soname: image.soname }),
    ...(image.buildId !== undefined && { buildId: image.buildId }),
    ...(image.linuxVersion !== undefined && { linuxVersion: image.linuxVersion }),
    hashStyles: image.hashStyles,
    symbols: image.symbols(),
    ...(ranges && { ranges, vsyscall: vsyscallMode(ranges) }),
    unreadable: ranges ? [] : ["ranges", "vsyscall"],
    image: bytes.slice(),
  };
}

/** By the page's permissions: arch/x86/entry/vsyscall/vsyscall_64.c, map_vsyscall(). */
export function vsyscallMode(ranges: readonly MappedRange[]): "emulate" | "xonly" | "none" {
  const page = ranges.find(({ name }) => name === "[vsyscall]");
  if (!page) return "none";
  return page.permissions.startsWith("r") ? "emulate" : "xonly";
}

const AT_SYSINFO_EHDR = 33; // include/uapi/linux/auxvec.h

const RANGE = /^([0-9a-f]+)-([0-9a-f]+) (\S+) .*(\[(?:vdso|vvar|vvar_vclock|vsyscall)\])$/gm;

function mappedRanges(): MappedRange[] | undefined {
  const maps = readKernelFile("/proc/self/maps");
  if (maps === undefined) return undefined;
  return Array.from(maps.matchAll(RANGE), ([, start, end, permissions = "", name = ""]) => ({
    name,
    start: BigInt(`0x${start}`),
    end: BigInt(`0x${end}`),
    permissions,
  }));
}
