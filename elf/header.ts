/**
 * The ELF header and the program headers: System V gABI, chapters 4 and 5.
 *
 * @module
 */
import { checkBytes, expectValue, hex, invalid, Table } from "./table.ts";
import type { ElfSegment } from "./types.ts";

const PT_NULL = 0;
const PT_LOAD = 1;

/** Linux refuses to load more program headers than this (fs/binfmt_elf.c, load_elf_phdrs). */
const MAX_PROGRAM_HEADER_BYTES = 65536;

/** What the headers say. */
export interface Header {
  readonly image: Table;
  readonly machine: number;
  readonly segments: readonly ElfSegment[];
  /** Bytes of the whole image, section headers included. */
  readonly size: number;
}

/** Reads the ELF header and the program headers. Each PT_LOAD must end within `limit` bytes. */
export function readHeader(bytes: Uint8Array, limit: number): Header {
  // gABI chapter 4, "ELF Identification". EI_ABIVERSION is ignored: each processor gives it its own
  // meaning, and MIPS does.
  if (bytes.length < 16) invalid("e_ident", 0, `has ${bytes.length} bytes, expected 16`);
  const ident = new Table("e_ident", 0, bytes.subarray(0, 16), false, false);
  expectValue("the magic number", 0, ident.u32(0), 0x7f454c46);
  expectValue("EI_CLASS", 4, ident.u8(4), 1, 2);
  expectValue("EI_DATA", 5, ident.u8(5), 1, 2);
  expectValue("EI_VERSION", 6, ident.u8(6), 1);
  expectValue("EI_OSABI", 7, ident.u8(7), 0, 3); // System V, GNU/Linux
  const wide = ident.u8(4) === 2;

  const image = new Table("the image", 0, bytes, wide, ident.u8(5) === 1);
  const header = image.part("the ELF header", 0, wide ? 64 : 52);
  const tail = wide ? 52 : 40; // e_ehsize, after the fields of class size
  const entrySize = wide ? 56 : 32;
  expectValue("e_type", 16, header.u16(16), 3); // ET_DYN
  expectValue("e_version", 20, header.u32(20), 1);
  expectValue("e_ehsize", tail, header.u16(tail), header.size);
  expectValue("e_phentsize", tail + 2, header.u16(tail + 2), entrySize);

  const start = header.word(wide ? 32 : 28);
  const count = header.u16(tail + 4);
  // Zeroed memory has 0. PN_XNUM is above the limit: the number is then in the section headers.
  if (start < header.size) invalid("e_phoff", wide ? 32 : 28, `is ${start}, inside the ELF header`);
  if (count === 0 || count * entrySize > MAX_PROGRAM_HEADER_BYTES) {
    invalid("e_phnum", tail + 4, `is ${count}`);
  }
  const table = image.part("the program header table", start, count * entrySize);
  const segments = readSegments(table, entrySize, limit);

  let size = table.start + table.size;
  for (const segment of segments) {
    if (segment.type === PT_LOAD) size = Math.max(size, segment.offset + segment.fileSize);
  }
  // Section headers are optional: fields that make no sense mean that there are none.
  const sections = Number(header.address(wide ? 40 : 32));
  const sectionsEnd = sections + header.u16(tail + 6) * header.u16(tail + 8);
  if (sections !== 0 && header.u16(tail + 6) === (wide ? 64 : 40)) {
    if (Number.isSafeInteger(sectionsEnd)) size = Math.max(size, sectionsEnd);
  }
  return { image, machine: header.u16(18), segments, size };
}

/** gABI chapter 5, "Program Header". */
function readSegments(table: Table, entrySize: number, limit: number): ElfSegment[] {
  const { wide } = table;
  const addressSpace = wide ? 1n << 64n : 1n << 32n;
  const segments: ElfSegment[] = [];
  let free = 0n; // the first address after the PT_LOADs so far
  for (let at = 0; at < table.size; at += entrySize) {
    const type = table.u32(at);
    if (type === PT_NULL) continue; // its other fields have no meaning
    const segment: ElfSegment = {
      type,
      flags: table.u32(at + (wide ? 4 : 24)),
      offset: table.word(at + (wide ? 8 : 4)),
      vaddr: table.address(at + (wide ? 16 : 8)),
      fileSize: table.word(at + (wide ? 32 : 16)),
      memSize: table.word(at + (wide ? 40 : 20)),
      align: table.word(at + (wide ? 48 : 28)),
    };
    segments.push(segment);
    if (type !== PT_LOAD) continue;

    const { offset, vaddr, fileSize, memSize } = segment;
    const place = table.start + at;
    if (offset + fileSize > limit) {
      invalid("PT_LOAD", place, `ends at ${hex(offset + fileSize)}, the image at ${hex(limit)}`);
    }
    if (fileSize > memSize) {
      invalid("PT_LOAD", place, `has p_filesz ${hex(fileSize)} above p_memsz ${hex(memSize)}`);
    }
    if (vaddr < free) {
      invalid("PT_LOAD", place, `starts below the end of the one before, 0x${free.toString(16)}`);
    }
    free = vaddr + BigInt(memSize);
    if (free > addressSpace) invalid("PT_LOAD", place, "wraps around the address space");
  }
  return segments;
}

/** Where an address is in the image; and of its segment, the flags and the bytes from there on. */
export interface Place {
  readonly offset: number;
  readonly flags: number;
  readonly room: number;
}

/** The place of an address as linked; undefined if no PT_LOAD has bytes for it. */
export function placeAt(segments: readonly ElfSegment[], address: bigint): Place | undefined {
  for (const { type, vaddr, fileSize, offset, flags } of segments) {
    if (type !== PT_LOAD || address < vaddr || address >= vaddr + BigInt(fileSize)) continue;
    const within = Number(address - vaddr);
    return { offset: offset + within, flags, room: fileSize - within };
  }
  return undefined;
}

/**
 * Tells how many bytes the whole image has, from its start alone: up to the end of the section
 * headers or of the last PT_LOAD, whichever is greater. A vDSO's section headers lie after its
 * PT_LOAD; without them, a copy of it is of no use to objdump.
 *
 * The answer is what the headers claim, up to 2^53 - 1: put your own limit on it.
 *
 * @param head The start of the image, with all program headers: one page of 4096 bytes will do.
 * @returns The size in bytes.
 * @throws {ElfError} If the ELF header or a program header is broken or beyond the bytes.
 * @throws {TypeError} If `head` is not a Uint8Array.
 *
 * @example
 * ```ts
 * import { imageSize } from "@x/vdso/elf";
 * import { readFileSync } from "node:fs";
 *
 * try {
 *   const file = readFileSync("/lib/x86_64-linux-gnu/libc.so.6");
 *   console.log(imageSize(file.subarray(0, 4096)) <= file.length);
 * } catch (error) {
 *   console.error("No such file, or no shared object:", error);
 * }
 * ```
 */
export function imageSize(head: Uint8Array): number {
  checkBytes("head", head);
  return readHeader(head, Number.MAX_SAFE_INTEGER).size;
}
