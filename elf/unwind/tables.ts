/**
 * Unwind tables: for each instruction of a function, where the caller's registers are. Debuggers,
 * profilers and C++ exceptions pass through a vDSO by them.
 *
 * - LSB Core, "Exception Frames": `.eh_frame`, `.eh_frame_hdr`, "DWARF Exception Header Encoding",
 *   <https://refspecs.linuxfoundation.org/lsb.shtml>;
 * - DWARF 5, section 6.4, "Call Frame Information", <https://dwarfstd.org>.
 *
 * @module
 */
import { type Header, readHeader } from "../header.ts";
import { checkBytes, expectValue, hex, invalid, typeName } from "../table.ts";
import type { ElfSegment, ElfSymbol } from "../types.ts";
import { Cursor, DW_EH_PE_omit, pointerSize } from "./cursor.ts";
import { Frames, frameSection } from "./frames.ts";
import type { Entry } from "./records.ts";
import { SearchTable } from "./search_table.ts";
import type { UnwindRow, UnwindTables } from "./types.ts";

const PT_GNU_EH_FRAME = 0x6474e550;

class Tables implements UnwindTables {
  readonly source: UnwindTables["source"];
  readonly #frames: Frames;
  readonly #table: SearchTable | undefined;
  #entries: Entry[] | undefined;

  constructor(source: UnwindTables["source"], frames: Frames, table?: SearchTable) {
    this.source = source;
    this.#frames = frames;
    this.#table = table;
  }

  get searchTable(): boolean {
    return this.#table !== undefined;
  }

  get entries(): readonly Entry[] {
    return this.#entries ??= this.#table ? this.#list(this.#table) : this.#frames.walk();
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
    return this.find(address)?.rowAt(address);
  }

  forSymbol(symbol: ElfSymbol): Entry[] {
    const end = symbol.value + BigInt(symbol.size || 1);
    return this.entries.filter((entry) => entry.overlaps(symbol.value, end));
  }

  /** All that the search table has. Unwinders find no others. */
  #list(table: SearchTable): Entry[] {
    const entries: Entry[] = [];
    // Entries that overlap could hold more than the image has bytes.
    let room = this.#frames.size;
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
    if (at < 0 || at >= this.#frames.size) {
      invalid("the search table", place, "points out of .eh_frame");
    }
    const entry = this.#frames.entry(at);
    if (entry?.address !== table.code(index)) {
      invalid("the search table", place, `disagrees with the entry at ${hex(entry?.offset ?? 0)}`);
    }
    return entry;
  }
}

function checkAddress(value: unknown): void {
  if (typeof value !== "bigint") {
    throw new TypeError(`Cannot look up: "address" must be a bigint, got ${typeName(value)}`);
  }
}

/** LSB Core, "The .eh_frame_hdr section". */
function readFrameHeader(header: Header, segment: ElfSegment): Tables {
  const { image } = header;
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
    // If there is no terminator, only the section header says where the records end.
    const section = frameSection(image);
    const known = section?.address === address ? section.size : undefined;
    return new Tables("program header", new Frames(header, address, known));
  }
  const count = Number(cursor.pointer(countEncoding, start) ?? 0n);
  const table = new SearchTable(cursor, count, encoding, size, start);
  return new Tables("program header", new Frames(header, address), table);
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
  // The linker scripts of s390x vDSOs name this segment but leave it empty.
  const segment = header.segments.find(({ type, fileSize }) =>
    type === PT_GNU_EH_FRAME && fileSize > 0
  );
  if (segment !== undefined) return readFrameHeader(header, segment);
  const section = frameSection(header.image);
  if (section === undefined) return undefined;
  return new Tables("section header", new Frames(header, section.address, section.size));
}
