/**
 * The hash tables, through which a symbol is found by its name.
 *
 * @module
 */
import type { Dynamic } from "./dynamic.ts";
import { hex, invalid, type Table } from "./table.ts";

// e_machine of those that need care (gABI, "e_machine"; Alpha's number is unofficial).
const EM_S390 = 22;
const EM_ALPHA = 0x9026;

/** The hash of DT_HASH and of version names (gABI chapter 5, "Hash Table"). */
export function elfHash(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) {
    hash = ((hash << 4) + name.charCodeAt(i)) >>> 0;
    const top = hash & 0xf0000000;
    hash = (hash ^ (top >>> 24)) & ~top;
  }
  return hash;
}

/** The hash of DT_GNU_HASH. */
export function gnuHash(name: string): number {
  let hash = 5381;
  for (let i = 0; i < name.length; i++) hash = (hash * 33 + name.charCodeAt(i)) >>> 0;
  return hash;
}

/** A hash table of either kind. */
export interface HashTable {
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
    // elf64-alpha.c). Words of a 32-bit s390 image are those of the gABI.
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
 * DT_GNU_HASH (LSB Core, "DT_GNU_HASH"): nbuckets, symoffset, bloom_size, bloom_shift, the Bloom
 * filter in words of class size, the buckets, and one word for each symbol from symoffset on. That
 * word is the symbol's hash; bit 0 is set at the end of a chain.
 *
 * The filter is skipped. It spares the dynamic linker cache misses, and changes no answer.
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

  /** Where the last chain ends: the table itself has no count. */
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

/** The hash table to look names up in, and the kinds of tables that the image has. */
export function openHashTable(
  dynamic: Dynamic,
  machine: number,
): { hash: HashTable; styles: readonly ("sysv" | "gnu")[] } {
  // gABI chapter 5, "Dynamic Array Tags", makes DT_HASH mandatory. On many systems the GNU table has
  // replaced it.
  const gnu = dynamic.table("DT_GNU_HASH");
  const sysv = dynamic.table("DT_HASH");
  if (gnu !== undefined) {
    return { hash: new GnuHash(gnu), styles: sysv === undefined ? ["gnu"] : ["sysv", "gnu"] };
  }
  const table = sysv ?? dynamic.lacks("DT_HASH and no DT_GNU_HASH");
  return { hash: new SysvHash(table, machine), styles: ["sysv"] };
}
