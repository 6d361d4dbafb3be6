/**
 * ELF shared objects, from bytes to an image: what the dynamic linker would see of them.
 *
 * A vDSO need not have section headers that anyone can reach, so everything is found the way the
 * dynamic linker finds it, from the program headers and the dynamic section:
 *
 * - System V gABI, chapter 4 (object files) and 5 (program loading, dynamic linking),
 *   <https://gabi.xinuos.com>;
 * - Linux Standard Base, "Symbol Versioning" and "DT_GNU_HASH",
 *   <https://refspecs.linuxfoundation.org/lsb.shtml>;
 * - the kernel's own reader, `tools/testing/selftests/vDSO/parse_vdso.c`.
 *
 * Two rules hold throughout. Every read goes through a {@linkcode Table}, which knows its bounds;
 * and every loop either advances through such a table or counts its steps.
 */

// e_machine of those that need care (gABI, "e_machine"; Alpha's number is unofficial).
const EM_S390 = 22;
const EM_ARM = 40;
const EM_ALPHA = 0x9026;

const PT_NULL = 0;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_NOTE = 4;

const PF_X = 1;
const PF_R = 4;

const DT_NULL = 0;
const DT_HASH = 4;
const DT_STRTAB = 5;
const DT_SYMTAB = 6;
const DT_STRSZ = 10;
const DT_SYMENT = 11;
const DT_SONAME = 14;
const DT_GNU_HASH = 0x6ffffef5;
const DT_VERSYM = 0x6ffffff0;
const DT_VERDEF = 0x6ffffffc;
const DT_VERDEFNUM = 0x6ffffffd;

const SHN_UNDEF = 0;
const SHN_ABS = 0xfff1;

const VER_FLG_BASE = 1;
const VER_NDX_LOCAL = 0;
const VERSYM_HIDDEN = 0x8000;

const NT_GNU_BUILD_ID = 3;
const NT_LINUX_VERSION = 0;

/** Linux refuses to load more program headers than this (fs/binfmt_elf.c, load_elf_phdrs). */
const MAX_PROGRAM_HEADER_BYTES = 65536;

/** What `type` of an {@linkcode ElfSymbol} can be; `"other"` is a number without a common name. */
export type ElfSymbolType =
  | "notype"
  | "object"
  | "func"
  | "section"
  | "file"
  | "common"
  | "tls"
  | "ifunc"
  | "other";

/** What `binding` of an {@linkcode ElfSymbol} can be; `"other"` is a number without a common name. */
export type ElfSymbolBinding = "local" | "global" | "weak" | "unique" | "other";

const SYMBOL_TYPES: Readonly<Record<number, ElfSymbolType>> = {
  0: "notype",
  1: "object",
  2: "func",
  3: "section",
  4: "file",
  5: "common",
  6: "tls",
  10: "ifunc",
};

const SYMBOL_BINDINGS: Readonly<Record<number, ElfSymbolBinding>> = {
  0: "local",
  1: "global",
  2: "weak",
  10: "unique",
};

/**
 * The bytes are not a usable ELF shared object.
 *
 * The message says what was read, where, and what was found there.
 *
 * @example
 * ```ts
 * import { ElfError, parseElf } from "@x/vdso/elf";
 *
 * try {
 *   parseElf(new Uint8Array(64));
 * } catch (error) {
 *   if (!(error instanceof ElfError)) throw error;
 *   console.log(error.offset, error.message);
 * }
 * ```
 */
export class ElfError extends Error {
  /** Always `"ElfError"`. */
  override readonly name: string = "ElfError";

  /** Where in the image, in bytes from its start; 0 if the defect is in no one place. */
  readonly offset: number;

  /**
   * Makes the error.
   *
   * @param message What was read, where, and what was found.
   * @param offset Where, in bytes from the start of the image.
   */
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** An entry of the program header table. */
export interface ElfSegment {
  /** `p_type`: 1 PT_LOAD, 2 PT_DYNAMIC, 4 PT_NOTE, 0x6474e550 PT_GNU_EH_FRAME, ... */
  readonly type: number;
  /** `p_flags`: 1 executable, 2 writable, 4 readable. */
  readonly flags: number;
  /** `p_offset`: where the segment starts in the image, in bytes. */
  readonly offset: number;
  /** `p_vaddr`: the address the image was linked for, before any load bias. */
  readonly vaddr: bigint;
  /** `p_filesz`: bytes in the image. */
  readonly fileSize: number;
  /** `p_memsz`: bytes in memory; what exceeds `fileSize` is zero and not in the image. */
  readonly memSize: number;
  /** `p_align`, in bytes. */
  readonly align: number;
}

/** A symbol that the image defines. */
export interface ElfSymbol {
  /**
   * The name. ELF names are bytes of no stated encoding: each byte is one character here, so that
   * no two names become one.
   */
  readonly name: string;
  /** The version that defines it, such as `LINUX_2.6`; undefined if it has none. */
  readonly version: string | undefined;
  /** Whether only those who ask for this very version get it (`name@version` in readelf). */
  readonly hidden: boolean;
  /** `st_value`: an address as linked; on 32-bit Arm, bit 0 of a Thumb function is set. */
  readonly value: bigint;
  /**
   * Where it starts in the image, in bytes (Thumb bit cleared); undefined if it has no bytes there,
   * as zeroed data and thread-local variables.
   */
  readonly offset: number | undefined;
  /** `st_size`, in bytes; 0 if unknown. */
  readonly size: number;
  /** The type of `st_info`. */
  readonly type: ElfSymbolType;
  /** The binding of `st_info`. */
  readonly binding: ElfSymbolBinding;
  /** `st_shndx`: the section that it belongs to. */
  readonly section: number;
}

/** A symbol that can be called: its bytes lie in the image, in an executable segment. */
export interface ElfFunction extends ElfSymbol {
  /** Where it starts in the image, in bytes (Thumb bit cleared). */
  readonly offset: number;
  /** Functions written in assembly may have no type. */
  readonly type: "func" | "notype";
  /** Others may call it. */
  readonly binding: "global" | "weak";
}

/** An entry of a PT_NOTE segment. */
export interface ElfNote {
  /** Who defines the meaning of `type`, such as `GNU` or `Linux`. */
  readonly name: string;
  /** The type, among those of the same name. */
  readonly type: number;
  /** The content: a view of the image's bytes, not a copy. */
  readonly desc: Uint8Array;
}

/**
 * An ELF shared object.
 *
 * It reads from the bytes it was made of: they must not change. The properties below `hashStyles`
 * are read when asked for, and throw {@linkcode ElfError} if that part of the image is broken; so a
 * bad note does not stand in the way of a good function.
 */
export interface ElfImage {
  /** The size of an address, in bits. */
  readonly class: 32 | 64;
  /** The byte order. */
  readonly endian: "little" | "big";
  /** `e_machine`: 62 x86-64, 183 AArch64, 243 RISC-V, ... It is not judged: compare it yourself. */
  readonly machine: number;
  /**
   * Bytes of the whole image, as {@linkcode imageSize} says: more than were given to
   * {@linkcode parseElf} if the section headers were cut off.
   */
  readonly size: number;
  /** The program header table in its order, without its unused (PT_NULL) entries. */
  readonly segments: readonly ElfSegment[];
  /** The hash tables it has; at least one. */
  readonly hashStyles: readonly ("sysv" | "gnu")[];
  /** DT_SONAME, such as `linux-vdso.so.1`; undefined if there is none. */
  readonly soname: string | undefined;
  /** The symbol versions it defines, without the base version (which repeats the soname). */
  readonly versions: readonly string[];
  /** The entries of all PT_NOTE segments. */
  readonly notes: readonly ElfNote[];
  /** The GNU build id in hexadecimal; undefined if there is none. */
  readonly buildId: string | undefined;
  /**
   * The version of the Linux that a vDSO was built for, such as `6.18.44`; undefined if there is no
   * such note. The note holds LINUX_VERSION_CODE, whose last part stops at 255.
   */
  readonly linuxVersion: string | undefined;

  /**
   * Finds a function through a hash table.
   *
   * A function is a defined global or weak symbol of type func or notype; data is never found. If
   * the image defines no versions, `version` is not looked at, as in the kernel's own reader.
   *
   * @param name The name, such as `__vdso_clock_gettime`.
   * @param version The version that must define it, such as `LINUX_2.6`. Without it the default
   * version is found.
   * @returns The function, or undefined if there is none of that name and version.
   * @throws {ElfError} If a table that has to be read is broken, or the function's bytes are not
   * all in one readable, executable segment.
   * @throws {TypeError} If an argument is not a string.
   */
  lookup(name: string, version?: string): ElfFunction | undefined;

  /**
   * Lists the symbols that the image defines, of every type and binding, in the order of the symbol
   * table. Absolute symbols are left out: they are no places in the image (linkers make one for each
   * version, named `LINUX_2.6` for instance).
   *
   * @returns The symbols.
   * @throws {ElfError} If a table that has to be read is broken.
   */
  symbols(): ElfSymbol[];
}

export function hex(n: number): string {
  return `0x${n.toString(16)}`;
}

export function invalid(what: string, offset: number, state: string): never {
  const place = Math.min(offset, Number.MAX_SAFE_INTEGER); // a broken number may lead anywhere
  throw new ElfError(`Cannot read the ELF image: ${what} at ${hex(place)} ${state}`, place);
}

export function expectValue(field: string, at: number, found: number, ...expected: number[]): void {
  if (!expected.includes(found)) {
    invalid(field, at, `is ${hex(found)}, expected ${expected.map(hex).join(" or ")}`);
  }
}

export function typeName(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function checkString(argument: string, value: unknown): void {
  if (typeof value !== "string") {
    throw new TypeError(`Cannot look up: "${argument}" must be a string, got ${typeName(value)}`);
  }
}

/** One character for each byte: TextDecoder would turn all that is no UTF-8 into one character. */
export function decode(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** A part of the image, read in the image's class and byte order; no read leaves it. */
export class Table {
  readonly name: string;
  /** Where it starts, in bytes from the start of the image. */
  readonly start: number;
  /** Whether this is ELFCLASS64. */
  readonly wide: boolean;
  readonly #little: boolean;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(name: string, start: number, bytes: Uint8Array, wide: boolean, little: boolean) {
    this.name = name;
    this.start = start;
    this.wide = wide;
    this.#little = little;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get size(): number {
    return this.#bytes.length;
  }

  get little(): boolean {
    return this.#little;
  }

  u8(at: number): number {
    return this.#view.getUint8(this.#check(at, 1));
  }

  u16(at: number): number {
    return this.#view.getUint16(this.#check(at, 2), this.#little);
  }

  u32(at: number): number {
    return this.#view.getUint32(this.#check(at, 4), this.#little);
  }

  /** An Elf32_Word or Elf64_Xword that counts or measures: more than 2^53 - 1 is a defect. */
  word(at: number): number {
    if (!this.wide) return this.u32(at);
    const high = this.u32(this.#little ? at + 4 : at);
    const low = this.u32(this.#little ? at : at + 4);
    const value = high * 2 ** 32 + low;
    if (value > Number.MAX_SAFE_INTEGER) invalid(this.name, this.start + at, `has ${hex(value)}`);
    return value;
  }

  /** An Elf32_Addr or Elf64_Addr. Old vDSOs were linked for addresses near 2^64. */
  address(at: number): bigint {
    if (!this.wide) return BigInt(this.u32(at));
    return this.#view.getBigUint64(this.#check(at, 8), this.#little);
  }

  bytes(at: number, size: number): Uint8Array {
    this.#check(at, size);
    return this.#bytes.subarray(at, at + size);
  }

  part(name: string, at: number, size: number): Table {
    if (at + size > this.size) {
      const place = this.start + at;
      invalid(name, place, `has ${hex(size)} bytes, but ${this.name} has ${hex(this.size)}`);
    }
    return new Table(name, this.start + at, this.bytes(at, size), this.wide, this.#little);
  }

  /** Where the string at this place ends, that is, its first zero byte. */
  endOfString(at: number): number {
    const end = at < this.size ? this.#bytes.indexOf(0, at) : -1;
    if (end < 0) invalid(this.name, this.start + at, "has no string that ends within the table");
    return end;
  }

  /** Whether the string at this place is this one. */
  stringIs(at: number, text: string): boolean {
    for (let i = 0; i < text.length; i++) {
      const byte = this.u8(at + i);
      // A zero ends the string even where the text has one, too.
      if (byte === 0 || byte !== text.charCodeAt(i)) return false;
    }
    return this.u8(at + text.length) === 0;
  }

  #check(at: number, size: number): number {
    if (at + size > this.size) {
      const end = hex(this.start + this.size);
      invalid(this.name, this.start + at, `ends early: ${size} bytes wanted, the end is at ${end}`);
    }
    return at;
  }
}

export interface Header {
  readonly image: Table;
  readonly machine: number;
  readonly segments: readonly ElfSegment[];
  readonly size: number;
}

/** Reads the ELF header and the program headers; PT_LOADs must end within `limit` bytes. */
export function readHeader(bytes: Uint8Array, limit: number): Header {
  // gABI chapter 4, "ELF Identification". EI_ABIVERSION is not looked at: what it means is up to
  // each processor, and MIPS makes use of that.
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
  // Zeroed memory would give 0. Above, there is PN_XNUM, which needs the section headers.
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
  // Section headers are optional, so nonsense in these fields only means that there are none.
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
    if (type === PT_NULL) continue; // its other fields mean nothing
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

/** The PT_LOAD whose bytes in the image hold this address. */
export function segmentAt(
  segments: readonly ElfSegment[],
  address: bigint,
): ElfSegment | undefined {
  for (const segment of segments) {
    const { type, vaddr, fileSize } = segment;
    if (type === PT_LOAD && address >= vaddr && address < vaddr + BigInt(fileSize)) return segment;
  }
  return undefined;
}

/** gABI chapter 5, "Dynamic Section". */
class Dynamic {
  readonly #image: Table;
  readonly #segments: readonly ElfSegment[];
  readonly #table: Table;
  /** Where in the table the value of each tag is. A tag given twice counts as the last. */
  readonly #places: Map<number, number> = new Map();

  constructor(image: Table, segments: readonly ElfSegment[]) {
    let segment: ElfSegment | undefined;
    for (const candidate of segments) {
      if (candidate.type !== PT_DYNAMIC) continue;
      if (segment !== undefined) invalid("PT_DYNAMIC", candidate.offset, "is the second");
      segment = candidate;
    }
    if (segment === undefined) invalid("the image", 0, "has no PT_DYNAMIC");
    // As in zeroed or foreign memory that looks like an image.
    if (segment.offset < (image.wide ? 64 : 52)) {
      invalid("PT_DYNAMIC", segment.offset, "is too low");
    }
    this.#image = image;
    this.#segments = segments;
    this.#table = image.part("PT_DYNAMIC", segment.offset, segment.fileSize);
    const width = image.wide ? 8 : 4;
    for (let at = 0;; at += 2 * width) {
      // As an address, since tags that nobody here knows may exceed 2^53.
      const tag = Number(this.#table.address(at));
      if (tag === DT_NULL) break;
      this.#places.set(tag, at + width);
    }
  }

  value(tag: number): number | undefined {
    const place = this.#places.get(tag);
    return place === undefined ? undefined : this.#table.word(place);
  }

  required(name: string, tag: number): number {
    return this.value(tag) ?? this.lacks(name);
  }

  lacks(what: string): never {
    return invalid("PT_DYNAMIC", this.#table.start, `has no ${what}`);
  }

  /**
   * The table that this entry points to; without a size, up to the end of its segment.
   *
   * The address is as linked. ld.so adds the load address to these entries in place, for ordinary
   * libraries on some machines; the vDSO is mapped by the kernel, which leaves them alone.
   *
   * Each segment has a bias of its own, p_offset - p_vaddr. The kernel's reader takes the first
   * one's for all: a vDSO has one PT_LOAD, mapped as it is in the file.
   */
  table(name: string, tag: number, size?: number): Table | undefined {
    const place = this.#places.get(tag);
    if (place === undefined) return undefined;
    const address = this.#table.address(place);
    const segment = segmentAt(this.#segments, address);
    const within = Number(address - (segment?.vaddr ?? 0n));
    const room = segment === undefined ? 0 : segment.fileSize - within;
    if (segment === undefined || (size !== undefined && size > room)) {
      return invalid(
        name,
        this.#table.start + place,
        `is 0x${address.toString(16)}, where the PT_LOADs have no ${size ?? "such"} bytes`,
      );
    }
    return this.#image.part(name, segment.offset + within, size ?? room);
  }
}

/** The hash of DT_HASH and of version names (gABI chapter 5, "Hash Table"). */
function elfHash(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) {
    hash = ((hash << 4) + name.charCodeAt(i)) >>> 0;
    const top = hash & 0xf0000000;
    hash = (hash ^ (top >>> 24)) & ~top;
  }
  return hash;
}

/** The hash of DT_GNU_HASH. */
function gnuHash(name: string): number {
  let hash = 5381;
  for (let i = 0; i < name.length; i++) hash = (hash * 33 + name.charCodeAt(i)) >>> 0;
  return hash;
}

interface HashTable {
  /** How many symbols the symbol table has, with the null symbol. */
  readonly symbolCount: number;
  /** Offers the indices of symbols that may have this name, until one is accepted. */
  find<T>(name: string, accept: (index: number) => T | undefined): T | undefined;
}

/** DT_HASH (gABI chapter 5, "Hash Table"): nbucket, nchain, buckets, chains. */
class SysvHash implements HashTable {
  readonly symbolCount: number;
  readonly #table: Table;
  readonly #bucketCount: number;
  readonly #wideWords: boolean;

  constructor(table: Table, machine: number) {
    this.#table = table;
    // Two 64-bit ABIs have words of 8 bytes here, unlike the gABI (binutils, elf64-s390.c and
    // elf64-alpha.c); a 32-bit s390 image has those of the gABI.
    this.#wideWords = table.wide && (machine === EM_S390 || machine === EM_ALPHA);
    this.#bucketCount = this.#word(0);
    this.symbolCount = this.#word(1);
    const size = (2 + this.#bucketCount + this.symbolCount) * (this.#wideWords ? 8 : 4);
    if (this.#bucketCount === 0) invalid("DT_HASH", table.start, "has no buckets");
    if (size > table.size) {
      invalid("DT_HASH", table.start, `needs ${hex(size)} bytes, its segment has ${table.size}`);
    }
  }

  find<T>(name: string, accept: (index: number) => T | undefined): T | undefined {
    let index = this.#word(2 + elfHash(name) % this.#bucketCount);
    for (let steps = 0; index !== 0; steps++) {
      if (index >= this.symbolCount || steps === this.symbolCount) {
        invalid(
          "DT_HASH",
          this.#table.start,
          `has a chain that leads to ${index} and does not end`,
        );
      }
      const found = accept(index);
      if (found !== undefined) return found;
      index = this.#word(2 + this.#bucketCount + index);
    }
    return undefined;
  }

  #word(index: number): number {
    return this.#wideWords ? this.#table.word(index * 8) : this.#table.u32(index * 4);
  }
}

/**
 * DT_GNU_HASH: nbuckets, symoffset, bloom_size, bloom_shift, the Bloom filter in words of class
 * size, buckets, and one word for each symbol from symoffset on: its hash, bit 0 set at the end of
 * a chain. The filter is there to spare the dynamic linker a cache miss; without it the answer is
 * the same.
 */
class GnuHash implements HashTable {
  readonly #table: Table;
  readonly #bucketCount: number;
  readonly #firstSymbol: number;
  readonly #buckets: number;
  readonly #chains: number;

  constructor(table: Table) {
    this.#table = table;
    this.#bucketCount = table.u32(0);
    this.#firstSymbol = table.u32(4);
    this.#buckets = 16 + table.u32(8) * (table.wide ? 8 : 4);
    this.#chains = this.#buckets + 4 * this.#bucketCount;
    if (this.#bucketCount === 0) invalid("DT_GNU_HASH", table.start, "has no buckets");
    if (this.#chains > table.size) {
      const needed = hex(this.#chains);
      invalid("DT_GNU_HASH", table.start, `needs ${needed} bytes, its segment has ${table.size}`);
    }
  }

  /** The table does not say: its longest-reaching chain does. Symbols before it are not hashed. */
  get symbolCount(): number {
    let last = 0;
    for (let at = this.#buckets; at < this.#chains; at += 4) {
      last = Math.max(last, this.#table.u32(at));
    }
    if (last === 0) return this.#firstSymbol;
    while ((this.#chainWord(last) & 1) === 0) last++;
    return last + 1;
  }

  find<T>(name: string, accept: (index: number) => T | undefined): T | undefined {
    const hash = gnuHash(name);
    let index = this.#table.u32(this.#buckets + 4 * (hash % this.#bucketCount));
    if (index === 0) return undefined;
    for (;; index++) {
      const word = this.#chainWord(index);
      const found = (word | 1) === (hash | 1) ? accept(index) : undefined;
      if (found !== undefined || (word & 1) !== 0) return found;
    }
  }

  #chainWord(index: number): number {
    if (index < this.#firstSymbol) {
      invalid("DT_GNU_HASH", this.#table.start, `has symbol ${index} before ${this.#firstSymbol}`);
    }
    return this.#table.u32(this.#chains + 4 * (index - this.#firstSymbol));
  }
}

/** A version definition: vd_hash, and where in DT_STRTAB its name is. */
interface Definition {
  readonly hash: number;
  readonly name: number;
}

/** An Elf32_Sym or Elf64_Sym. */
interface RawSymbol {
  /** Where the entry is in the image. */
  readonly at: number;
  /** Where in DT_STRTAB its name is. */
  readonly name: number;
  readonly type: ElfSymbolType;
  readonly binding: ElfSymbolBinding;
  readonly section: number;
  readonly value: bigint;
  readonly size: number;
}

/** gABI chapter 5, "Note Section". */
function readNotes(image: Table, segments: readonly ElfSegment[]): ElfNote[] {
  const notes: ElfNote[] = [];
  let room = image.size; // segments that overlap could hold more notes than the image has bytes
  for (const { type, offset, fileSize, align } of segments) {
    if (type !== PT_NOTE) continue;
    room -= fileSize;
    if (room < 0) invalid("PT_NOTE", offset, "overlaps another one");
    const table = image.part("PT_NOTE", offset, fileSize);
    // The gABI wants 8 in 64-bit objects; everyone pads to 4, except where p_align is 8
    // (Linux gABI extensions, .note.gnu.property).
    const unit = align === 8 ? 8 : 4;
    const pad = (at: number) => Math.ceil(at / unit) * unit;
    for (let at = 0; at < table.size;) {
      const nameSize = table.u32(at);
      const descSize = table.u32(at + 4);
      const desc = pad(at + 12 + nameSize);
      const name = nameSize === 0 ? "" : decode(table.bytes(at + 12, nameSize - 1));
      if (nameSize !== 0 && table.u8(at + 12 + nameSize - 1) !== 0) {
        invalid("PT_NOTE", offset + at, "has a name that does not end");
      }
      notes.push({ name, type: table.u32(at + 8), desc: table.bytes(desc, descSize) });
      at = pad(desc + descSize);
    }
  }
  return notes;
}

class Image implements ElfImage {
  readonly class: 32 | 64;
  readonly endian: "little" | "big";
  readonly machine: number;
  readonly size: number;
  readonly segments: readonly ElfSegment[];
  readonly hashStyles: readonly ("sysv" | "gnu")[];

  readonly #image: Table;
  readonly #dynamic: Dynamic;
  readonly #strings: Table;
  readonly #symbols: Table;
  readonly #hash: HashTable;
  readonly #versym: Table | undefined;
  readonly #verdef: Table | undefined;
  #definitions: Map<number, Definition> | undefined;
  #notes: ElfNote[] | undefined;

  constructor({ image, machine, segments, size }: Header) {
    this.class = image.wide ? 64 : 32;
    this.endian = image.little ? "little" : "big";
    this.machine = machine;
    this.size = size;
    this.segments = segments;
    this.#image = image;

    // gABI chapter 5, "Dynamic Array Tags": all of these are mandatory, DT_HASH too; but the GNU
    // table has replaced it on many systems.
    const dynamic = this.#dynamic = new Dynamic(image, segments);
    const stringsSize = dynamic.required("DT_STRSZ", DT_STRSZ);
    this.#strings = dynamic.table("DT_STRTAB", DT_STRTAB, stringsSize) ??
      dynamic.lacks("DT_STRTAB");
    this.#symbols = dynamic.table("DT_SYMTAB", DT_SYMTAB) ?? dynamic.lacks("DT_SYMTAB");
    const symbolSize = dynamic.required("DT_SYMENT", DT_SYMENT);
    if (symbolSize !== (image.wide ? 24 : 16)) {
      invalid("DT_SYMTAB", this.#symbols.start, `has entries of ${symbolSize} bytes (DT_SYMENT)`);
    }
    const gnu = dynamic.table("DT_GNU_HASH", DT_GNU_HASH);
    const sysv = dynamic.table("DT_HASH", DT_HASH);
    this.#hash = gnu !== undefined
      ? new GnuHash(gnu)
      : new SysvHash(sysv ?? dynamic.lacks("DT_HASH and no DT_GNU_HASH"), machine);
    this.hashStyles = gnu === undefined ? ["sysv"] : sysv === undefined ? ["gnu"] : ["sysv", "gnu"];

    // DT_VERSYM holds indices of definitions, and means nothing without them.
    this.#verdef = dynamic.table("DT_VERDEF", DT_VERDEF);
    this.#versym = this.#verdef && dynamic.table("DT_VERSYM", DT_VERSYM);
  }

  get soname(): string | undefined {
    const at = this.#dynamic.value(DT_SONAME);
    return at === undefined ? undefined : this.#nameReader()(at);
  }

  get versions(): readonly string[] {
    const read = this.#nameReader();
    return Array.from(this.#versionDefinitions().values(), ({ name }) => read(name));
  }

  get notes(): readonly ElfNote[] {
    return this.#notes ??= readNotes(this.#image, this.segments);
  }

  get buildId(): string | undefined {
    const note = this.notes.find(({ name, type }) => name === "GNU" && type === NT_GNU_BUILD_ID);
    return note && Array.from(note.desc, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  get linuxVersion(): string | undefined {
    const note = this.notes.find(({ name, type, desc }) =>
      name === "Linux" && type === NT_LINUX_VERSION && desc.length === 4
    );
    if (note === undefined) return undefined;
    const { buffer, byteOffset } = note.desc;
    const code = new DataView(buffer, byteOffset).getUint32(0, this.endian === "little");
    return `${code >>> 16}.${(code >>> 8) & 0xff}.${code & 0xff}`;
  }

  lookup(name: string, version?: string): ElfFunction | undefined {
    checkString("name", name);
    if (version !== undefined) checkString("version", version);
    return this.#hash.find(name, (index) => this.#match(index, name, version));
  }

  symbols(): ElfSymbol[] {
    const read = this.#nameReader();
    const found: ElfSymbol[] = [];
    const { symbolCount } = this.#hash;
    for (let index = 1; index < symbolCount; index++) {
      const raw = this.#raw(index);
      if (raw.section === SHN_UNDEF || raw.section === SHN_ABS) continue;
      const { type, binding, section, value, size } = raw;
      found.push({
        name: read(raw.name),
        version: this.#versionName(index, read),
        hidden: this.#isHidden(index),
        value,
        offset: this.#place(raw)?.offset,
        size,
        type,
        binding,
        section,
      });
    }
    return found;
  }

  /** The symbol at this index, if it is the function looked for. */
  #match(index: number, name: string, version: string | undefined): ElfFunction | undefined {
    const raw = this.#raw(index);
    const { type, binding, section, value, size } = raw;
    if (section === SHN_UNDEF || section === SHN_ABS) return undefined;
    // The vDSO of 64-bit PowerPC has had functions without a type (Linux 0161bd38c243).
    if (type !== "func" && type !== "notype") return undefined;
    if (binding !== "global" && binding !== "weak") return undefined;
    if (!this.#strings.stringIs(raw.name, name) || !this.#hasVersion(index, version)) {
      return undefined;
    }
    const place = this.#place(raw);
    const executable = PF_R | PF_X;
    if (place === undefined || (place.flags & executable) !== executable || size > place.room) {
      const where = `0x${value.toString(16)} with ${size} bytes`;
      return invalid(`the symbol ${name}`, raw.at, `is ${where}, not all in an executable PT_LOAD`);
    }
    const { offset } = place;
    const hidden = this.#isHidden(index);
    // The names are known, unless the version is whichever is the default.
    version = this.#versym && (version ?? this.#versionName(index, this.#nameReader()));
    return { name, version, hidden, value, offset, size, type, binding, section };
  }

  /** LSB, "Symbol Version Table" and "Version Definitions". */
  #hasVersion(index: number, version: string | undefined): boolean {
    if (this.#versym === undefined) return true;
    const entry = this.#versym.u16(2 * index);
    const definition = entry & ~VERSYM_HIDDEN;
    if (definition === VER_NDX_LOCAL) return false;
    if (version === undefined) return definition === entry;
    const found = this.#versionDefinitions().get(definition);
    return found !== undefined && found.hash === elfHash(version) &&
      this.#strings.stringIs(found.name, version);
  }

  /** The version definitions by index, without the base version, which names the file itself. */
  #versionDefinitions(): Map<number, Definition> {
    if (this.#definitions !== undefined) return this.#definitions;
    const definitions = new Map<number, Definition>();
    if (this.#verdef !== undefined) {
      const table = this.#verdef;
      let at = 0;
      for (let left = this.#dynamic.required("DT_VERDEFNUM", DT_VERDEFNUM); left > 0; left--) {
        expectValue("vd_version", table.start + at, table.u16(at), 1);
        const index = table.u16(at + 4) & ~VERSYM_HIDDEN;
        if ((table.u16(at + 2) & VER_FLG_BASE) === 0 && !definitions.has(index)) {
          // The first of its Verdaux entries is its name; the others are those it inherits from.
          const name = table.u32(at + table.u32(at + 12));
          definitions.set(index, { hash: table.u32(at + 8), name });
        }
        const next = table.u32(at + 16); // in bytes from this one, so there is no way back
        if (next === 0) break;
        at += next;
      }
    }
    return this.#definitions = definitions;
  }

  #raw(index: number): RawSymbol {
    const table = this.#symbols;
    const wide = table.wide;
    const at = index * (wide ? 24 : 16);
    const info = table.u8(at + (wide ? 4 : 12));
    return {
      at: table.start + at,
      name: table.u32(at),
      type: SYMBOL_TYPES[info & 0xf] ?? "other",
      binding: SYMBOL_BINDINGS[info >>> 4] ?? "other",
      section: table.u16(at + (wide ? 6 : 14)),
      value: table.address(at + (wide ? 8 : 4)),
      size: table.word(at + (wide ? 16 : 8)),
    };
  }

  /** Where the symbol is in the image; and of its segment, the flags and the bytes from there on. */
  #place({ type, value }: RawSymbol): { offset: number; flags: number; room: number } | undefined {
    if (type === "tls") return undefined; // its value counts from the start of PT_TLS
    // "ELF for the Arm Architecture", st_value: bit 0 says Thumb, and is no part of the address.
    const address = this.machine === EM_ARM && type === "func" ? value & ~1n : value;
    const segment = segmentAt(this.segments, address);
    if (segment === undefined) return undefined;
    const within = Number(address - segment.vaddr);
    const { offset, flags, fileSize } = segment;
    return { offset: offset + within, flags, room: fileSize - within };
  }

  #isHidden(index: number): boolean {
    return this.#versym !== undefined && (this.#versym.u16(2 * index) & VERSYM_HIDDEN) !== 0;
  }

  #versionName(index: number, read: (at: number) => string): string | undefined {
    if (this.#versym === undefined) return undefined;
    const entry = this.#versym.u16(2 * index) & ~VERSYM_HIDDEN;
    const definition = this.#versionDefinitions().get(entry);
    return definition && read(definition.name);
  }

  /**
   * A reader of names, for one listing. Names may share bytes (linkers merge equal tails), so n
   * bytes could spell n names of n bytes each; it stops at a sum that no honest image comes near.
   */
  #nameReader(): (at: number) => string {
    const strings = this.#strings;
    let room = 16 * this.#image.size;
    return (at) => {
      const size = strings.endOfString(at) - at;
      room -= size;
      if (room < 0) invalid("DT_STRTAB", strings.start, "has names of 16 times the image's size");
      return decode(strings.bytes(at, size));
    };
  }
}

export function checkBytes(argument: string, value: unknown): void {
  if (!(value instanceof Uint8Array)) {
    throw new TypeError(
      `Cannot read the ELF image: "${argument}" must be a Uint8Array, got ${typeName(value)}`,
    );
  }
}

/**
 * Parses an ELF shared object.
 *
 * The header, the program headers and the dynamic section are read and checked here, the rest when
 * it is asked for. Section headers are not used. The machine may be any.
 *
 * @param bytes The image: a file, or a copy of a vDSO. It is not copied, and must not change.
 * @returns The image.
 * @throws {ElfError} If a mandatory part is missing, broken, or beyond the bytes.
 * @throws {TypeError} If `bytes` is not a Uint8Array.
 *
 * @example
 * ```ts
 * import { parseElf } from "@x/vdso/elf";
 * import { readFileSync } from "node:fs";
 *
 * try {
 *   const libc = parseElf(readFileSync("/lib/x86_64-linux-gnu/libc.so.6"));
 *   console.log(libc.soname, libc.lookup("clock_gettime")?.version);
 * } catch (error) {
 *   console.error("No such file, or no shared object:", error);
 * }
 * ```
 */
export function parseElf(bytes: Uint8Array): ElfImage {
  checkBytes("bytes", bytes);
  return new Image(readHeader(bytes, bytes.length));
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
