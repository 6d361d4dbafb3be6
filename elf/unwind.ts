/**
 * Unwind tables: for each instruction of a function, where the caller's registers are. Debuggers,
 * profilers and C++ exceptions pass through a vDSO by them.
 *
 * - LSB Core, "Exception Frames": `.eh_frame`, `.eh_frame_hdr`, "DWARF Exception Header Encoding",
 *   <https://refspecs.linuxfoundation.org/lsb.shtml>;
 * - DWARF 5, section 6.4, "Call Frame Information", <https://dwarfstd.org>.
 *
 * The two rules of parse.ts hold here too: reads go through a {@linkcode Table}, and loops advance.
 */
import { Common, Program } from "./call_frame.ts";
import { Cursor, DW_EH_PE_omit, pointerSize } from "./cursor.ts";
import {
  checkBytes,
  type ElfSegment,
  type ElfSymbol,
  expectValue,
  type Header,
  hex,
  invalid,
  readHeader,
  segmentAt,
  type Table,
  typeName,
} from "./parse.ts";

const PT_GNU_EH_FRAME = 0x6474e550;

/** How the value that a register had in the caller is found. */
export type UnwindRule =
  /** It is lost; in the return address's place, that there is no caller. */
  | { readonly kind: "undefined" }
  /** It is still in the register. */
  | { readonly kind: "same" }
  /** It is in memory, at CFA + `offset`. */
  | { readonly kind: "offset"; readonly offset: number }
  /** It is CFA + `offset` itself. */
  | { readonly kind: "value"; readonly offset: number }
  /** It is in another register. */
  | { readonly kind: "register"; readonly register: number }
  /** It is in memory, where a DWARF expression says. */
  | { readonly kind: "expression"; readonly expression: Uint8Array }
  /** It is what a DWARF expression says. */
  | { readonly kind: "value_expression"; readonly expression: Uint8Array };

/**
 * How the canonical frame address (CFA) is found, from which the rules count: by most ABIs the value
 * of the stack pointer before the call.
 */
export type UnwindCfa =
  /** A register's value + `offset`. */
  | { readonly kind: "register"; readonly register: number; readonly offset: number }
  /** What a DWARF expression says. */
  | { readonly kind: "expression"; readonly expression: Uint8Array };

/** What holds from one instruction on, up to the next row. */
export interface UnwindRow {
  /** The first instruction that it holds for: an address as linked. */
  readonly address: bigint;
  /** Undefined if the table does not say. */
  readonly cfa: UnwindCfa | undefined;
  /**
   * The rules by register number ({@linkcode registerName} names them). For one without a rule the
   * ABI decides: those that a function must preserve are where they were.
   */
  readonly rules: ReadonlyMap<number, UnwindRule>;
  /** Bytes of arguments that a callee would have popped: DW_CFA_GNU_args_size, 0 if not given. */
  readonly argumentsSize: number;
  /** On AArch64, whether the return address is signed (DW_CFA_AARCH64_negate_ra_state). */
  readonly signedReturnAddress: boolean;
}

/** What several entries have in common: a Common Information Entry (CIE). */
export interface UnwindCommon {
  /** Where it is in the image, in bytes. */
  readonly offset: number;
  /** 1, 3 or 4. */
  readonly version: number;
  /** What it has besides the essentials, one letter each, such as `zR`. */
  readonly augmentation: string;
  /** Advances count in this many bytes. */
  readonly codeAlignment: number;
  /** Offsets count in this many bytes; negative where stacks grow down. */
  readonly dataAlignment: number;
  /** The register, or the column without a register, that stands for the return address. */
  readonly returnAddress: number;
  /** Whether these are signal frames: the caller was interrupted, and made no call (`S`). */
  readonly signalFrame: boolean;
  /** On AArch64, whether return addresses are signed by the key B (`B`). */
  readonly keyB: boolean;
  /** The language's personality routine (`P`), or where its address is if `indirect`. */
  readonly personality: { readonly address: bigint; readonly indirect: boolean } | undefined;
}

/** The code of a function, or a part of one: a Frame Description Entry (FDE). */
export interface UnwindEntry {
  /** Where it is in the image, in bytes. */
  readonly offset: number;
  /** The first address of the code, as linked. */
  readonly address: bigint;
  /** Bytes of the code. */
  readonly size: bigint;
  /** What it shares with others. */
  readonly common: UnwindCommon;
  /** The language-specific data (`L`), an address as linked; undefined if there is none. */
  readonly languageData: bigint | undefined;
  /**
   * The rows, one at least, by rising address. Made anew each time.
   *
   * @throws {ElfError} If the instructions are broken or not known.
   */
  readonly rows: readonly UnwindRow[];
}

/** The unwind tables of an image, read from the bytes that it was made of: they must not change. */
export interface UnwindTables {
  /**
   * How `.eh_frame` was found: through PT_GNU_EH_FRAME, as unwinders do, or by its section header.
   * An image of the second kind can be unwound only by those who have the section headers, or by
   * their own means (s390x vDSOs are of that kind).
   */
  readonly source: "program header" | "section header";
  /** Whether it has the binary search table that unwinders look for. */
  readonly searchTable: boolean;
  /**
   * All entries: by address if there is a search table, else as they lie in the image.
   *
   * @throws {ElfError} If an entry is broken. Others can still be looked up.
   */
  readonly entries: readonly UnwindEntry[];
  /**
   * Finds the entry for an address, through the search table if there is one.
   *
   * @param address An address as linked: of an instruction in a process, less where the image lies.
   * For a frame that is not the innermost, take 1 from its return address, which may lie behind the
   * last instruction of the function.
   * @returns The entry, or undefined if that code has none.
   * @throws {ElfError} If what has to be read for it is broken.
   */
  find(address: bigint): UnwindEntry | undefined;
  /**
   * Finds the row that holds at an address.
   *
   * @param address An address as linked, as for `find`.
   * @returns The row, or undefined if that code has no entry.
   * @throws {ElfError} If what has to be read for it is broken.
   */
  lookup(address: bigint): UnwindRow | undefined;
  /**
   * Lists the entries for the code of a symbol.
   *
   * @param symbol A function, from {@linkcode ElfImage.symbols} or {@linkcode ElfImage.lookup}.
   * @returns The entries that share bytes with it, or hold its first byte if its size is not known.
   * @throws {ElfError} If an entry is broken.
   */
  forSymbol(symbol: ElfSymbol): UnwindEntry[];
}

/** An FDE: LSB Core, "The Frame Description Entry Format". */
class Entry implements UnwindEntry {
  readonly offset: number;
  readonly address: bigint;
  readonly size: bigint;
  readonly common: Common;
  readonly languageData: bigint | undefined;
  /** Bytes of the record. */
  readonly length: number;
  readonly #cursor: Cursor;
  readonly #instructions: number;

  /** @param cursor at what is behind the CIE pointer */
  constructor(cursor: Cursor, offset: number, common: Common) {
    this.offset = offset;
    this.common = common;
    this.address = cursor.address(common.pointerEncoding);
    this.size = cursor.size(common.pointerEncoding);
    if (common.sized) {
      const data = cursor.part("the augmentation data", cursor.count());
      if (common.languageEncoding !== DW_EH_PE_omit) {
        this.languageData = data.pointer(common.languageEncoding);
      }
    }
    this.length = cursor.length;
    this.#cursor = cursor;
    this.#instructions = cursor.at;
  }

  get rows(): readonly UnwindRow[] {
    this.#cursor.at = this.#instructions;
    return new Program(this.common, this.#cursor, this.common.initial, this.address).rows();
  }

  /** Whether it has code in this range of addresses. */
  overlaps(start: bigint, end: bigint): boolean {
    return this.address < end && start < this.address + this.size;
  }
}

/** A part of the image with the address that it will have. */
interface Region {
  readonly table: Table;
  readonly address: bigint;
}

/** The table of .eh_frame_hdr: pairs of pointers to code and to the FDE that is for it, sorted. */
class SearchTable {
  readonly count: number;
  readonly #cursor: Cursor;
  readonly #encoding: number;
  readonly #step: number;
  readonly #header: bigint;

  /**
   * @param cursor at the first pair
   * @param size the bytes of a pointer
   * @param header the address of .eh_frame_hdr, where DW_EH_PE_datarel counts from
   */
  constructor(cursor: Cursor, count: number, encoding: number, size: number, header: bigint) {
    this.count = count;
    this.#cursor = cursor.part("the search table", count * 2 * size);
    this.#encoding = encoding;
    this.#step = 2 * size;
    this.#header = header;
  }

  get place(): number {
    return this.#cursor.place;
  }

  /** Where the code starts that the entry at this index is for. */
  code(index: number): bigint {
    return this.#read(index * this.#step);
  }

  /** Where that entry itself is. */
  entry(index: number): bigint {
    return this.#read(index * this.#step + this.#step / 2);
  }

  /** The index of the last one that starts at this address or before; -1 if there is none. */
  indexOf(address: bigint): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.code(middle) <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #read(at: number): bigint {
    this.#cursor.at = at;
    return this.#cursor.address(this.#encoding, this.#header);
  }
}

class Tables implements UnwindTables {
  readonly source: UnwindTables["source"];
  readonly #frames: Region;
  readonly #machine: number;
  readonly #table: SearchTable | undefined;
  readonly #commons: Map<number, Common> = new Map();
  /** For CIEs, which could overlap too. */
  #room: number;
  #entries: Entry[] | undefined;

  constructor(
    source: UnwindTables["source"],
    frames: Region,
    machine: number,
    table?: SearchTable,
  ) {
    this.source = source;
    this.#frames = frames;
    this.#machine = machine;
    this.#table = table;
    this.#room = frames.table.size;
  }

  get searchTable(): boolean {
    return this.#table !== undefined;
  }

  get entries(): readonly Entry[] {
    return this.#entries ??= this.#table ? this.#list(this.#table) : this.#walk();
  }

  find(address: bigint): Entry | undefined {
    checkAddress(address);
    const within = (entry: Entry) => entry.overlaps(address, address + 1n);
    if (this.#table === undefined) return this.entries.find(within);
    const index = this.#table.indexOf(address);
    const entry = index < 0 ? undefined : this.#listed(this.#table, index);
    return entry && within(entry) ? entry : undefined;
  }

  lookup(address: bigint): UnwindRow | undefined {
    return this.find(address)?.rows.findLast((row) => row.address <= address);
  }

  forSymbol(symbol: ElfSymbol): Entry[] {
    const end = symbol.value + BigInt(symbol.size || 1);
    return this.entries.filter((entry) => entry.overlaps(symbol.value, end));
  }

  /** All that the search table has: what more there may be, no unwinder finds. */
  #list(table: SearchTable): Entry[] {
    const entries: Entry[] = [];
    // Entries that overlap could hold more than the image has bytes.
    let room = this.#frames.table.size;
    for (let index = 0; index < table.count; index++) {
      const entry = this.#listed(table, index);
      if (entry.address < (entries.at(-1)?.address ?? 0n)) {
        invalid("the search table", table.place, "is not sorted");
      }
      room -= entry.length;
      if (room < 0) invalid("an FDE", entry.offset, "overlaps others");
      entries.push(entry);
    }
    return entries;
  }

  /** The entry at this index of the search table. */
  #listed(table: SearchTable, index: number): Entry {
    const { place } = table;
    const at = Number(table.entry(index) - this.#frames.address);
    if (at < 0 || at >= this.#frames.table.size) {
      invalid("the search table", place, "points out of .eh_frame");
    }
    const entry = this.#entry(at);
    if (entry?.address !== table.code(index)) {
      invalid("the search table", place, `disagrees with the entry at ${hex(entry?.offset ?? 0)}`);
    }
    return entry;
  }

  /** All records from the first to the terminator, or the end of the section. */
  #walk(): Entry[] {
    const { table } = this.#frames;
    const entries: Entry[] = [];
    for (let at = 0; at < table.size;) {
      const size = table.u32(at);
      if (size === 0) break;
      const entry = this.#entry(at);
      if (entry !== undefined) entries.push(entry);
      at += 4 + size;
    }
    return entries;
  }

  /** The FDE at this place of .eh_frame; undefined if it is a CIE. */
  #entry(at: number): Entry | undefined {
    const { cursor, id } = this.#record(at);
    if (id === 0) return undefined;
    // From the id itself back to the CIE.
    return new Entry(cursor, this.#frames.table.start + at, this.#common(at + 4 - id));
  }

  #common(at: number): Common {
    const known = this.#commons.get(at);
    if (known !== undefined) return known;
    const offset = this.#frames.table.start + at;
    if (at < 0) invalid("a CIE", Math.max(offset, 0), "is before .eh_frame");
    const { cursor, id } = this.#record(at);
    if (id !== 0) invalid("a CIE", offset, `has the CIE ID ${hex(id)}`);
    this.#room -= cursor.length;
    if (this.#room < 0) invalid("a CIE", offset, "overlaps others");
    const common = new Common(cursor, offset, this.#machine);
    this.#commons.set(at, common);
    return common;
  }

  /** What CIEs and FDEs begin with: the length, and an id of 4 bytes. */
  #record(at: number): { cursor: Cursor; id: number } {
    const { table, address } = this.#frames;
    const length = table.u32(at);
    // It announces a length of 8 bytes, and no unwinder reads such records.
    if (length === 0xffffffff) invalid("a record", table.start + at, "has an extended length");
    const body = table.part("a record of .eh_frame", at + 4, length);
    const cursor = new Cursor(body, address + BigInt(at + 4));
    return { cursor, id: cursor.u32() };
  }
}

function checkAddress(value: unknown): void {
  if (typeof value !== "bigint") {
    throw new TypeError(`Cannot look up: "address" must be a bigint, got ${typeName(value)}`);
  }
}

/** .eh_frame from this address on: `size` bytes, or up to the end of the segment. */
function region({ image, segments }: Header, address: bigint, size?: number): Region {
  const segment = segmentAt(segments, address);
  const within = Number(address - (segment?.vaddr ?? 0n));
  const room = segment === undefined ? 0 : segment.fileSize - within;
  if (segment === undefined || (size ?? 0) > room) {
    const where = `0x${address.toString(16)}`;
    return invalid(".eh_frame", 0, `is for ${where}, where no PT_LOAD has ${size ?? "any"} bytes`);
  }
  return { table: image.part(".eh_frame", segment.offset + within, size ?? room), address };
}

/**
 * Where the section headers say that .eh_frame is. They are optional, and a vDSO's are not always
 * mapped: headers that are not there, or make no sense, are as none.
 */
function frameSection(image: Table): { address: bigint; size: number } | undefined {
  const { wide } = image;
  const fields = wide ? 58 : 46; // e_shentsize, e_shnum, e_shstrndx
  const start = Number(image.address(wide ? 40 : 32));
  const step = wide ? 64 : 40;
  const count = image.u16(fields + 2);
  const namesAt = start + image.u16(fields + 4) * step;
  const end = start + count * step;
  if (image.u16(fields) !== step || namesAt >= end || end > image.size) return undefined;

  const headers = image.part("the section header table", start, count * step);
  // Where sh_offset and sh_size are in a header; sh_addr comes before them.
  const [addressAt, offsetAt, sizeAt] = wide ? [16, 24, 32] : [12, 16, 20];
  const names = image.part("the section header of the names", namesAt, step);
  const offset = Number(names.address(offsetAt));
  const size = Number(names.address(sizeAt));
  if (offset + size > image.size) return undefined;
  const strings = image.part("the section names", offset, size);
  for (let at = 0; at < headers.size; at += step) {
    const name = headers.u32(at);
    if (name + ".eh_frame".length < strings.size && strings.stringIs(name, ".eh_frame")) {
      return { address: headers.address(at + addressAt), size: headers.word(at + sizeAt) };
    }
  }
  return undefined;
}

/** LSB Core, "The .eh_frame_hdr section". */
function readFrameHeader(header: Header, segment: ElfSegment): Tables {
  const { image, machine } = header;
  const start = segment.vaddr;
  const cursor = new Cursor(
    image.part("PT_GNU_EH_FRAME", segment.offset, segment.fileSize),
    start,
  );
  expectValue("the version of .eh_frame_hdr", cursor.place, cursor.u8(), 1);
  const [framesEncoding, countEncoding, encoding] = [cursor.u8(), cursor.u8(), cursor.u8()];
  const address = cursor.address(framesEncoding, start);
  const size = pointerSize(encoding, image.wide);
  if (countEncoding === DW_EH_PE_omit || size === undefined) {
    // Only the section header says where the records end, should there be no terminator.
    const section = frameSection(image);
    const known = section?.address === address ? section.size : undefined;
    return new Tables("program header", region(header, address, known), machine);
  }
  const count = Number(cursor.pointer(countEncoding, start) ?? 0n);
  const table = new SearchTable(cursor, count, encoding, size, start);
  return new Tables("program header", region(header, address), machine, table);
}

/**
 * Parses the unwind tables of an ELF shared object.
 *
 * The headers are read and checked here, the entries when they are asked for. The machine may be
 * any; 32-bit Arm has tables of another kind, which count as none.
 *
 * @param bytes The image: a file, or a copy of a vDSO. It is not copied, and must not change.
 * @returns The tables, or undefined if the image has none: no PT_GNU_EH_FRAME, and no section header
 * of `.eh_frame`.
 * @throws {ElfError} If a header is broken, or in an encoding that no unwinder follows.
 * @throws {TypeError} If `bytes` is not a Uint8Array.
 *
 * @example
 * ```ts
 * import { parseElf, parseUnwind, registerName } from "@x/vdso/elf";
 * import { readFileSync } from "node:fs";
 *
 * try {
 *   const bytes = readFileSync("/lib/x86_64-linux-gnu/libc.so.6");
 *   const libc = parseElf(bytes);
 *   const symbol = libc.lookup("qsort");
 *   const row = symbol && parseUnwind(bytes)?.lookup(symbol.value);
 *   if (row?.cfa?.kind === "register") {
 *     console.log(registerName(libc.machine, row.cfa.register), row.cfa.offset); // rsp 8
 *   }
 * } catch (error) {
 *   console.error("No such file, or no shared object:", error);
 * }
 * ```
 */
export function parseUnwind(bytes: Uint8Array): UnwindTables | undefined {
  checkBytes("bytes", bytes);
  const header = readHeader(bytes, bytes.length);
  // The linker scripts of s390x vDSOs name this segment, and leave it empty.
  const segment = header.segments.find(({ type, fileSize }) =>
    type === PT_GNU_EH_FRAME && fileSize > 0
  );
  if (segment !== undefined) return readFrameHeader(header, segment);
  const section = frameSection(header.image);
  if (section === undefined) return undefined;
  const frames = region(header, section.address, section.size);
  return new Tables("section header", frames, header.machine);
}
