/**
 * A reader of ELF shared objects: what a vDSO, or any library, exports, and where.
 *
 * It is pure: bytes go in, an image comes out, nothing is mapped or called. It reads 32-bit and
 * 64-bit images of both byte orders, finds functions through DT_HASH or DT_GNU_HASH alone, checks
 * symbol versions by name and hash, and reads notes. It needs no section headers. And
 * {@linkcode parseUnwind} reads the unwind tables, by which debuggers pass through an image.
 *
 * Images from anywhere may be given to it. Whatever the bytes are, the outcome is the right answer
 * or an {@linkcode ElfError}, in a time and with a memory that the number of bytes bounds; and
 * {@linkcode ElfImage.lookup} returns no place outside an executable segment.
 *
 * Addresses are as linked; `offset` is a place in the bytes. In a process, a vDSO's function is at
 * the vDSO's own address (AT_SYSINFO_EHDR) plus that offset.
 *
 * @example The vDSO of this process, read from /proc (on Deno this takes `--allow-all`)
 * ```ts
 * import { imageSize, parseElf } from "@x/vdso/elf";
 * import { closeSync, openSync, readFileSync, readSync } from "node:fs";
 *
 * const maps = readFileSync("/proc/self/maps", "latin1");
 * const address = /^([0-9a-f]+)-.* \[vdso\]$/m.exec(maps)?.[1];
 * if (address !== undefined) {
 *   const memory = openSync("/proc/self/mem", "r");
 *   const read = (size: number) => {
 *     const bytes = new Uint8Array(size);
 *     return bytes.subarray(0, readSync(memory, bytes, 0, size, parseInt(address, 16)));
 *   };
 *   const size = Math.min(imageSize(read(4096)), 1 << 20);
 *   const vdso = parseElf(read(size));
 *   closeSync(memory);
 *   console.log(vdso.soname, vdso.linuxVersion, vdso.lookup("__vdso_clock_gettime", "LINUX_2.6"));
 * }
 * ```
 *
 * @module
 */

export { imageSize } from "./header.ts";
export { parseElf } from "./image.ts";
export { ElfError } from "./table.ts";
export type {
  ElfFunction,
  ElfImage,
  ElfNote,
  ElfSegment,
  ElfSymbol,
  ElfSymbolBinding,
  ElfSymbolType,
} from "./types.ts";
export { registerName } from "./unwind/registers.ts";
export { parseUnwind } from "./unwind/tables.ts";
export type {
  UnwindCfa,
  UnwindCommon,
  UnwindEntry,
  UnwindRow,
  UnwindRule,
  UnwindTables,
} from "./unwind/types.ts";
