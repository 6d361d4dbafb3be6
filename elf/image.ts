/**
 * ELF shared objects, from bytes to an image: what the dynamic linker would see of them.
 *
 * Nothing guarantees that the section headers of a vDSO can be read, so everything is found as the
 * dynamic linker finds it: from the program headers and the dynamic section.
 *
 * - System V gABI, chapter 4 (object files) and 5 (program loading, dynamic linking),
 *   <https://gabi.xinuos.com>;
 * - Linux Standard Base, "Symbol Versioning" and "DT_GNU_HASH",
 *   <https://refspecs.linuxfoundation.org/lsb.shtml>;
 * - the kernel's own reader, `tools/testing/selftests/vDSO/parse_vdso.c`.
 *
 * @module
 */
import { Dynamic } from "./dynamic.ts";
import { type HashTable, openHashTable } from "./hash.ts";
import { type Header, readHeader } from "./header.ts";
import { buildId, linuxVersion, readNotes } from "./notes.ts";
import { placeOf, SHN_ABS, SHN_UNDEF, SymbolTable, Versions } from "./symbols.ts";
import { checkBytes, decode, invalid, type Table, typeName } from "./table.ts";
import type { ElfFunction, ElfImage, ElfNote, ElfSegment, ElfSymbol } from "./types.ts";

const PF_X = 1;
const PF_R = 4;

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
  readonly #symbols: SymbolTable;
  readonly #hash: HashTable;
  readonly #versions: Versions;
  #notes: ElfNote[] | undefined;

  constructor({ image, machine, segments, size }: Header) {
    this.class = image.wide ? 64 : 32;
    this.endian = image.little ? "little" : "big";
    this.machine = machine;
    this.size = size;
    this.segments = segments;
    this.#image = image;

    const dynamic = this.#dynamic = new Dynamic(image, segments);
    const stringsSize = dynamic.required("DT_STRSZ");
    this.#strings = dynamic.table("DT_STRTAB", stringsSize) ?? dynamic.lacks("DT_STRTAB");
    this.#symbols = new SymbolTable(dynamic);
    const { hash, styles } = openHashTable(dynamic, machine);
    this.#hash = hash;
    this.hashStyles = styles;
    this.#versions = new Versions(dynamic, this.#strings);
  }

  get soname(): string | undefined {
    const at = this.#dynamic.value("DT_SONAME");
    return at === undefined ? undefined : this.#nameReader()(at);
  }

  get versions(): readonly string[] {
    return this.#versions.names().map(this.#nameReader());
  }

  get notes(): readonly ElfNote[] {
    return this.#notes ??= readNotes(this.#image, this.segments);
  }

  get buildId(): string | undefined {
    return buildId(this.notes);
  }

  get linuxVersion(): string | undefined {
    return linuxVersion(this.notes, this.#image.little);
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
      const entry = this.#symbols.entry(index);
      const { type, binding, section, value, size } = entry;
      if (section === SHN_UNDEF || section === SHN_ABS) continue;
      found.push({
        name: read(entry.name),
        version: this.#versionOf(index, read),
        hidden: this.#versions.isHidden(index),
        value,
        offset: placeOf(entry, this.segments, this.machine)?.offset,
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
    const entry = this.#symbols.entry(index);
    const { type, binding, section, value, size } = entry;
    if (section === SHN_UNDEF || section === SHN_ABS) return undefined;
    // The vDSO of 64-bit PowerPC has had functions without a type (Linux 0161bd38c243).
    if (type !== "func" && type !== "notype") return undefined;
    if (binding !== "global" && binding !== "weak") return undefined;
    if (!this.#strings.stringIs(entry.name, name)) return undefined;
    if (!this.#versions.accepts(index, version)) return undefined;

    const place = placeOf(entry, this.segments, this.machine);
    const executable = PF_R | PF_X;
    if (place === undefined || (place.flags & executable) !== executable || size > place.room) {
      const where = `0x${value.toString(16)} with ${size} bytes`;
      return invalid(
        `the symbol ${name}`,
        entry.at,
        `is ${where}, not all in an executable PT_LOAD`,
      );
    }
    const { offset } = place;
    const hidden = this.#versions.isHidden(index);
    if (!this.#versions.used) version = undefined;
    else version ??= this.#versionOf(index, this.#nameReader());
    return { name, version, hidden, value, offset, size, type, binding, section };
  }

  #versionOf(index: number, read: (at: number) => string): string | undefined {
    const at = this.#versions.nameOf(index);
    return at === undefined ? undefined : read(at);
  }

  /**
   * A reader of names, for one listing. Linkers merge equal ends of names, so names may share bytes,
   * and n bytes could spell n names of n bytes each. The reader stops at a sum that no honest image
   * comes near.
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

function checkString(argument: string, value: unknown): void {
  if (typeof value !== "string") {
    throw new TypeError(`Cannot look up: "${argument}" must be a string, got ${typeName(value)}`);
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
