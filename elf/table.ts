/**
 * The bounded reader of an image, and the error that it throws.
 *
 * Two rules hold in all of elf/. Every read goes through a {@linkcode Table}, which knows its
 * bounds. And every loop either advances through such a table or counts its steps.
 *
 * @module
 */

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

export function hex(n: number): string {
  return `0x${n.toString(16)}`;
}

/** Throws the error that says what is broken: `what` at `offset` `state`. */
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

export function checkBytes(argument: string, value: unknown): void {
  // By what it is, not by its class: another realm (a vm context, jest) has a Uint8Array of its own.
  if (!ArrayBuffer.isView(value) || typeName(value) !== "Uint8Array") {
    throw new TypeError(
      `Cannot read the ELF image: "${argument}" must be a Uint8Array, got ${typeName(value)}`,
    );
  }
}

/** One character for each byte: TextDecoder gives the same character for all that is not UTF-8. */
export function decode(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** A part of the image, read in the image's class and byte order. A read beyond its end throws. */
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

  /** A view of the bytes, not a copy. */
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
      // A zero byte ends the string, even if the text has a zero at the same place.
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
