/**
 * `.eh_frame`: where it is in an image, and its records by their places.
 *
 * - LSB Core, "Exception Frames";
 * - System V gABI, chapter 4, "Sections".
 *
 * @module
 */
import { type Header, placeAt } from "../header.ts";
import { hex, invalid, type Table } from "../table.ts";
import { Cursor } from "./cursor.ts";
import { Common, Entry } from "./records.ts";

/** The bytes of .eh_frame. */
export class Frames {
  /** The address that it will have. */
  readonly address: bigint;
  /** Bytes of it; more than it has if nothing says where it ends. */
  readonly size: number;
  readonly #table: Table;
  readonly #machine: number;
  readonly #commons: Map<number, Common> = new Map();
  /** For CIEs. Those that overlap could hold more than the image has bytes. */
  #room: number;

  /** .eh_frame from this address on: `size` bytes, or up to the end of the segment. */
  constructor({ image, machine, segments }: Header, address: bigint, size?: number) {
    const place = placeAt(segments, address);
    if (place === undefined || (size ?? 0) > place.room) {
      const where = `0x${address.toString(16)}`;
      invalid(".eh_frame", 0, `is for ${where}, where no PT_LOAD has ${size ?? "any"} bytes`);
    }
    this.#table = image.part(".eh_frame", place.offset, size ?? place.room);
    this.address = address;
    this.size = this.#table.size;
    this.#machine = machine;
    this.#room = this.size;
  }

  /** All FDEs from the first record to the terminator, or to the end of the section. */
  walk(): Entry[] {
    const entries: Entry[] = [];
    for (let at = 0; at < this.size;) {
      const size = this.#table.u32(at);
      if (size === 0) break;
      const entry = this.entry(at);
      if (entry !== undefined) entries.push(entry);
      at += 4 + size;
    }
    return entries;
  }

  /** The FDE at this place; undefined if it is a CIE. */
  entry(at: number): Entry | undefined {
    const { cursor, id } = this.#record(at);
    if (id === 0) return undefined;
    // From the id itself back to the CIE.
    return new Entry(cursor, this.#table.start + at, this.#common(at + 4 - id));
  }

  #common(at: number): Common {
    const known = this.#commons.get(at);
    if (known !== undefined) return known;
    const offset = this.#table.start + at;
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
    const length = this.#table.u32(at);
    // A length of 8 bytes would follow. No unwinder reads such records.
    if (length === 0xffffffff) {
      invalid("a record", this.#table.start + at, "has an extended length");
    }
    const body = this.#table.part("a record of .eh_frame", at + 4, length);
    const cursor = new Cursor(body, this.address + BigInt(at + 4));
    return { cursor, id: cursor.u32() };
  }
}

/**
 * Where the section headers say that .eh_frame is. They are optional, and those of a vDSO are not
 * always mapped: missing headers, and headers that make no sense, give undefined.
 */
export function frameSection(image: Table): { address: bigint; size: number } | undefined {
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
