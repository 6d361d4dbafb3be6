/**
 * A reader of what DWARF and the LSB write one after another: numbers of varying length, and
 * pointers in many encodings.
 *
 * - DWARF 5, section 7.6, "Variable Length Data";
 * - LSB Core, "DWARF Exception Header Encoding".
 *
 * @module
 */
import { decode, hex, invalid, type Table } from "../table.ts";

// LSB Core, "DWARF Exception Header Encoding": a format, what it is relative to, and one bit.
export const DW_EH_PE_omit = 0xff;
const DW_EH_PE_uleb128 = 0x01;
const DW_EH_PE_sleb128 = 0x09;
const DW_EH_PE_signed = 0x08;
const DW_EH_PE_pcrel = 0x10;
const DW_EH_PE_datarel = 0x30;
export const DW_EH_PE_indirect = 0x80;

/** The bytes of a pointer; undefined if their number varies, or if there is no such format. */
export function pointerSize(encoding: number, wide: boolean): number | undefined {
  return [wide ? 8 : 4, undefined, 2, 4, 8][encoding & 0x07];
}

/** Reads a part of the image from its start on. It knows the addresses that the part will have. */
export class Cursor {
  at = 0;
  readonly #table: Table;
  readonly #start: bigint;

  /** @param start the address of the table's first byte */
  constructor(table: Table, start: bigint) {
    this.#table = table;
    this.#start = start;
  }

  /** Where this is in the image. */
  get place(): number {
    return this.#table.start + this.at;
  }

  get length(): number {
    return this.#table.size;
  }

  get wide(): boolean {
    return this.#table.wide;
  }

  u8(): number {
    return this.#table.u8(this.at++);
  }

  u16(): number {
    return this.#table.u16((this.at += 2) - 2);
  }

  u32(): number {
    return this.#table.u32((this.at += 4) - 4);
  }

  u64(): bigint {
    const [first, second] = [this.u32(), this.u32()].map(BigInt) as [bigint, bigint];
    return this.#table.little ? second << 32n | first : first << 32n | second;
  }

  bytes(size: number): Uint8Array {
    return this.#table.bytes((this.at += size) - size, size);
  }

  /** The next bytes, to be read by themselves. */
  part(name: string, size: number): Cursor {
    const { at } = this;
    this.at += size;
    return new Cursor(this.#table.part(name, at, size), this.#start + BigInt(at));
  }

  string(): string {
    const text = decode(this.bytes(this.#table.endOfString(this.at) - this.at));
    this.at++;
    return text;
  }

  /** DWARF 5, section 7.6, "Variable Length Data". */
  leb128(signed: boolean): bigint {
    const { place } = this;
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      return signed && (byte & 0x40) !== 0 ? value - (0x80n << shift) : value;
    }
    return invalid("a LEB128 number", place, "has more than 10 bytes");
  }

  /** An unsigned number that counts: more than 2^53 - 1 is a defect. */
  count(): number {
    return safe(Number(this.leb128(false)), this);
  }

  /** A signed number that counts. */
  signedCount(): number {
    return safe(Number(this.leb128(true)), this);
  }

  /**
   * A pointer of this encoding, or undefined if it is zero before anything is added to it.
   *
   * @param data what DW_EH_PE_datarel is relative to, where that is known
   */
  pointer(encoding: number, data?: bigint): bigint | undefined {
    const { place } = this;
    const address = this.#start + BigInt(this.at);
    const base = ({ 0: 0n, [DW_EH_PE_pcrel]: address, [DW_EH_PE_datarel]: data })[encoding & 0xf0];
    // Nothing on Linux uses textrel, funcrel and aligned. An indirect pointer is in memory, where the
    // dynamic linker will write it.
    if (base === undefined) {
      invalid("a pointer", place, `has the encoding ${hex(encoding)}, which cannot be followed`);
    }
    const raw = this.#raw(encoding & 0x0f);
    return raw === 0n ? undefined : BigInt.asUintN(this.wide ? 64 : 32, base + raw);
  }

  /** A pointer that must be there. */
  address(encoding: number, data?: bigint): bigint {
    const { place } = this;
    return this.pointer(encoding, data) ?? invalid("a pointer", place, "is null");
  }

  /** How much code there is: the same format, but neither signed nor relative to anything. */
  size(encoding: number): bigint {
    return this.#raw(encoding & 0x0f & ~DW_EH_PE_signed);
  }

  #raw(format: number): bigint {
    if (format === DW_EH_PE_uleb128 || format === DW_EH_PE_sleb128) {
      return this.leb128(format === DW_EH_PE_sleb128);
    }
    const bytes = pointerSize(format, this.wide);
    if (bytes === undefined) invalid("a pointer", this.place, `has the format ${hex(format)}`);
    const value = bytes === 8 ? this.u64() : BigInt(bytes === 4 ? this.u32() : this.u16());
    return format & DW_EH_PE_signed ? BigInt.asIntN(8 * bytes, value) : value;
  }
}

/** The number, which must be an integer below 2^53 in size. */
export function safe(value: number, { place }: Cursor): number {
  if (!Number.isSafeInteger(value)) invalid("a number", place, `is ${value}`);
  return value;
}
