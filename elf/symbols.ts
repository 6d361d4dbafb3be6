/**
 * The symbol table, and the versions that define its symbols.
 *
 * - System V gABI, chapter 4, "Symbol Table";
 * - Linux Standard Base, "Symbol Versioning".
 *
 * @module
 */
import type { Dynamic } from "./dynamic.ts";
import { elfHash } from "./hash.ts";
import { type Place, placeAt } from "./header.ts";
import { expectValue, invalid, type Table } from "./table.ts";
import type { ElfSegment, ElfSymbolBinding, ElfSymbolType } from "./types.ts";

const EM_ARM = 40; // e_machine

export const SHN_UNDEF = 0;
export const SHN_ABS = 0xfff1;

const VER_FLG_BASE = 1;
const VER_NDX_LOCAL = 0;
const VERSYM_HIDDEN = 0x8000;

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

/** An Elf32_Sym or Elf64_Sym. */
export interface SymbolEntry {
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

/** DT_SYMTAB. Its size is not known: the hash table says how many symbols there are. */
export class SymbolTable {
  readonly #table: Table;

  constructor(dynamic: Dynamic) {
    this.#table = dynamic.table("DT_SYMTAB") ?? dynamic.lacks("DT_SYMTAB");
    const size = dynamic.required("DT_SYMENT");
    if (size !== this.#entrySize) {
      invalid("DT_SYMTAB", this.#table.start, `has entries of ${size} bytes (DT_SYMENT)`);
    }
  }

  entry(index: number): SymbolEntry {
    const table = this.#table;
    const { wide } = table;
    const at = index * this.#entrySize;
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

  get #entrySize(): number {
    return this.#table.wide ? 24 : 16;
  }
}

/** The place of a symbol; undefined if it has no bytes in the image. */
export function placeOf(
  { type, value }: SymbolEntry,
  segments: readonly ElfSegment[],
  machine: number,
): Place | undefined {
  if (type === "tls") return undefined; // its value counts from the start of PT_TLS
  // "ELF for the Arm Architecture", st_value: bit 0 marks Thumb code, and is no part of the address.
  return placeAt(segments, machine === EM_ARM && type === "func" ? value & ~1n : value);
}

/** A version definition: vd_hash, and where in DT_STRTAB its name is. */
interface Definition {
  readonly hash: number;
  readonly name: number;
}

/** LSB Core, "Symbol Version Table" and "Version Definitions". */
export class Versions {
  readonly #dynamic: Dynamic;
  readonly #strings: Table;
  readonly #definitionTable: Table | undefined;
  /** For each symbol, the index of its version's definition and the hidden bit. */
  readonly #indices: Table | undefined;
  #definitions: ReadonlyMap<number, Definition> | undefined;

  constructor(dynamic: Dynamic, strings: Table) {
    this.#dynamic = dynamic;
    this.#strings = strings;
    this.#definitionTable = dynamic.table("DT_VERDEF");
    // DT_VERSYM holds indices of definitions, and has no meaning without them.
    this.#indices = this.#definitionTable && dynamic.table("DT_VERSYM");
  }

  /** Whether symbols have versions. */
  get used(): boolean {
    return this.#indices !== undefined;
  }

  /** Where in DT_STRTAB the name of each version is. */
  names(): number[] {
    return Array.from(this.#all().values(), ({ name }) => name);
  }

  /** Where in DT_STRTAB the name of the symbol's version is; undefined if it has none. */
  nameOf(symbol: number): number | undefined {
    if (this.#indices === undefined) return undefined;
    return this.#all().get(this.#indices.u16(2 * symbol) & ~VERSYM_HIDDEN)?.name;
  }

  /** Whether a symbol is found only by those who ask for its version. */
  isHidden(symbol: number): boolean {
    return this.#indices !== undefined && (this.#indices.u16(2 * symbol) & VERSYM_HIDDEN) !== 0;
  }

  /** Whether a symbol answers a request for this version, or without one for the default version. */
  accepts(symbol: number, version: string | undefined): boolean {
    if (this.#indices === undefined) return true;
    const entry = this.#indices.u16(2 * symbol);
    const index = entry & ~VERSYM_HIDDEN;
    if (index === VER_NDX_LOCAL) return false;
    if (version === undefined) return index === entry;
    const found = this.#all().get(index);
    return found !== undefined && found.hash === elfHash(version) &&
      this.#strings.stringIs(found.name, version);
  }

  /** The definitions by index, without the base version, which names the file itself. */
  #all(): ReadonlyMap<number, Definition> {
    if (this.#definitions !== undefined) return this.#definitions;
    const definitions = new Map<number, Definition>();
    if (this.#definitionTable !== undefined) {
      const table = this.#definitionTable;
      let at = 0;
      for (let left = this.#dynamic.required("DT_VERDEFNUM"); left > 0; left--) {
        expectValue("vd_version", table.start + at, table.u16(at), 1);
        const index = table.u16(at + 4) & ~VERSYM_HIDDEN;
        if ((table.u16(at + 2) & VER_FLG_BASE) === 0 && !definitions.has(index)) {
          // The first of its Verdaux entries is its name; the others are those it inherits from.
          const name = table.u32(at + table.u32(at + 12));
          definitions.set(index, { hash: table.u32(at + 8), name });
        }
        const next = table.u32(at + 16); // in bytes from this one, so the chain cannot go back
        if (next === 0) break;
        at += next;
      }
    }
    return this.#definitions = definitions;
  }
}
