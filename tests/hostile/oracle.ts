/**
 * What must hold of the parser whatever the bytes are: an ElfError or a right answer, in a number of
 * steps that the number of bytes bounds.
 */
import {
  ElfError,
  type ElfFunction,
  type ElfImage,
  type ElfSymbol,
  imageSize,
  parseElf,
  parseUnwind,
} from "../../elf/mod.ts";
import { DT, elfHash, Raw, type RawSymbol } from "./layout.ts";
import { confirmEntry, confirmRows } from "./unwind_oracle.ts";

/** How the cases went: a suite in which all are rejected, or none, would show nothing. */
export interface Tally {
  cases: number;
  /** Images that parseElf() took. */
  images: number;
  /** Of these, those whose symbols cannot all be listed. */
  partly: number;
  /** Functions that were found, and held against the bytes. */
  functions: number;
  /** Entries of unwind tables, and rows of them, that were held against the bytes. */
  entries: number;
  rows: number;
  /** The most steps for a byte that anything has taken. */
  stepsPerByte: number;
}

export function emptyTally(): Tally {
  return { cases: 0, images: 0, partly: 0, functions: 0, entries: 0, rows: 0, stepsPerByte: 0 };
}

/**
 * Every read of the parser goes through one of these. Counting calls bounds its work on every
 * machine alike, as no clock could; a search for the end of a string counts by its length.
 */
let steps = 0;
let mostSteps = Infinity;
const counted: readonly [prototype: object, names: readonly string[]][] = [
  [DataView.prototype, ["getUint8", "getUint16", "getUint32", "getBigUint64"]],
  [Uint8Array.prototype, ["subarray", "indexOf"]],
];
const BYTES_A_STEP = 16;
export function countSteps(): void {
  for (const [prototype, names] of counted) {
    for (const name of names) {
      const method: unknown = Reflect.get(prototype, name);
      if (typeof method !== "function") throw new Error(`There is no ${name}`);
      Object.defineProperty(prototype, name, {
        value(this: Uint8Array | DataView, ...args: unknown[]): unknown {
          const result: unknown = Reflect.apply(method, this, args);
          steps++;
          if (name === "indexOf") {
            const end = Number(result) < 0 ? this.byteLength : Number(result);
            steps += Math.max(0, end - Number(args[1] ?? 0)) / BYTES_A_STEP;
          }
          if (steps > mostSteps) throw new Error(`more than ${mostSteps} steps`);
          return result;
        },
      });
    }
  }
}

/** A chain of n / 4 symbols, each of which takes about 30 reads to be compared with a name. */
const STEPS_PER_BYTE = 8;
/** For names, versions and addresses that are looked up: not all of an image that claims thousands. */
const MOST = 40;
const NAMES = [
  "__vdso_clock_gettime",
  "__kernel_clock_gettime",
  "__vdso_getrandom",
  "no_such_name",
];
const VERSIONS = [undefined, "LINUX_2.6", "LINUX_2.6.39", "LINUX_0.0"];

/** Reads all that can be read of these bytes; throws if anything is not as it must be. */
export function examine(bytes: Uint8Array, tally: Tally): void {
  tally.cases++;
  const attempt = <T>(what: string, use: () => T): T | undefined => {
    steps = 0;
    mostSteps = STEPS_PER_BYTE * Math.max(bytes.length, 1024);
    try {
      return use();
    } catch (error) {
      if (!(error instanceof ElfError)) throw new Error(`${what} threw ${error}`, { cause: error });
      if (!Number.isSafeInteger(error.offset) || error.offset < 0) {
        throw new Error(`${what} threw an ElfError at ${error.offset}`, { cause: error });
      }
      return undefined;
    } finally {
      tally.stepsPerByte = Math.max(tally.stepsPerByte, STEPS_PER_BYTE * steps / mostSteps);
      mostSteps = Infinity;
    }
  };

  attempt("imageSize()", () => imageSize(bytes.subarray(0, 4096)));
  examineUnwind(bytes, tally, attempt);
  const image = attempt("parseElf()", () => parseElf(bytes));
  if (image === undefined) return;
  tally.images++;

  const properties = ["soname", "versions", "notes", "buildId", "linuxVersion"] as const;
  for (const name of properties) attempt(name, () => image[name]);
  confirmImage(new Raw(bytes), image, tally, attempt);
}

type Attempt = <T>(what: string, use: () => T) => T | undefined;

/** Holds the symbols against the bytes, and what is found of them by name. */
export function confirmImage(
  raw: Raw,
  image: ElfImage,
  tally: Tally,
  attempt: Attempt = (_, use) => use(),
): void {
  const symbols = attempt("symbols()", () => image.symbols());
  if (symbols === undefined) tally.partly++;
  const some = (symbols ?? []).slice(0, MOST);
  confirmSymbols(raw, some);
  const versions = attempt("versions", () => image.versions)?.slice(0, 4) ?? [];
  for (const name of new Set([...NAMES, ...some.map(({ name }) => name)])) {
    const candidates = functionsOf(raw, image.machine, name);
    for (const version of new Set([...VERSIONS, ...versions])) {
      const answer = attempt("lookup()", () => [image.lookup(name, version)] as const);
      if (answer === undefined) continue;
      const [found] = answer;
      if (found) {
        tally.functions++;
        confirmFunction(raw, image, found, name, version);
      }
      // The first of that version in its chain; and where there is none, nothing.
      const wanted = candidates.find(({ index }) => isVersion(raw, index, version));
      if (wanted?.value !== found?.value || wanted?.size !== found?.size) {
        const what = `lookup(${JSON.stringify(name)}, ${version})`;
        throw new Error(`${what} gave ${found?.value}, and the hash table has ${wanted?.value}`);
      }
    }
  }
}

function examineUnwind(bytes: Uint8Array, tally: Tally, attempt: Attempt): void {
  const tables = attempt("parseUnwind()", () => parseUnwind(bytes));
  if (tables === undefined) return;
  const entries = attempt("entries", () => tables.entries) ?? [];
  const raw = new Raw(bytes);
  for (const entry of entries.slice(0, MOST)) {
    if (confirmEntry(raw, entry)) tally.entries++;
    const rows = attempt("rows", () => entry.rows) ?? [];
    if (rows.length > 0 && confirmRows(raw, entry, rows)) tally.rows += rows.length;
    for (let i = 1; i < rows.length; i++) {
      if ((rows[i]?.address ?? 0n) <= (rows[i - 1]?.address ?? 0n)) {
        throw new Error("rows do not rise by address");
      }
    }
    for (const address of [entry.address, entry.address + entry.size - 1n]) {
      const found = attempt("find()", () => tables.find(address));
      if (found && (address < found.address || address >= found.address + found.size)) {
        throw new Error(`find(${address}) gave an entry for other code`);
      }
      attempt("lookup()", () => tables.lookup(address));
    }
  }
}

/** The function is in the bytes: as a symbol of that name and version, with code behind it. */
function confirmFunction(
  raw: Raw,
  image: ElfImage,
  found: ElfFunction,
  name: string,
  version: string | undefined,
): void {
  const fail = (what: string): never => {
    const text = JSON.stringify(
      found,
      (_, value) => typeof value === "bigint" ? `${value}` : value,
    );
    throw new Error(`lookup(${JSON.stringify(name)}, ${version}) gave ${text}: ${what}`);
  };
  const { value, offset, size } = found;
  const thumb = image.machine === 40 && found.type === "func" && (value & 1n) === 1n;
  const address = thumb ? value - 1n : value;
  const segment = raw.loadAt(address) ?? fail("no PT_LOAD has it");
  if ((segment.flags & 5) !== 5) fail("its segment is not executable");
  if (BigInt(offset) !== segment.offset + address - segment.vaddr) fail("it is elsewhere");
  if (BigInt(offset + size) > segment.offset + segment.fileSize) fail("it leaves its segment");
  if (offset + size > raw.bytes.length) fail("it leaves the image");
  if (found.name !== name) fail("it has another name");
}

/** The symbols are those of the table, one after another. */
function confirmSymbols(raw: Raw, symbols: readonly ElfSymbol[]): void {
  let index = 0;
  for (const { name, value, size, section } of symbols) {
    let symbol: RawSymbol | undefined;
    do {
      symbol = raw.symbol(++index);
    } while (symbol && NOWHERE.includes(symbol.section));
    const same = symbol?.name === name && symbol.value === value && symbol.size === size &&
      symbol.section === section;
    if (!same) throw new Error(`symbols() has ${name} at ${value}, not symbol ${index}`);
  }
}

/** SHN_UNDEF and SHN_ABS. */
const NOWHERE = [0, 0xfff1];

/** The functions that a hash table has for a name, of any version, in its order. */
function functionsOf(raw: Raw, machine: number, name: string): (RawSymbol & { index: number })[] {
  const found: (RawSymbol & { index: number })[] = [];
  for (const index of raw.chain(name, machine)) {
    const symbol = raw.symbol(index);
    if (
      symbol?.name === name && [1, 2].includes(symbol.info >> 4) &&
      [0, 2].includes(symbol.info & 15) && !NOWHERE.includes(symbol.section)
    ) {
      found.push({ ...symbol, index });
    }
  }
  return found;
}

/** Whether the symbol at this index is what those get who ask for this version, or for none. */
function isVersion(raw: Raw, index: number, version: string | undefined): boolean {
  const [versym, verdef] = [raw.table("VERSYM"), raw.table("VERDEF")];
  const strings = raw.table("STRTAB") ?? 0;
  if (versym === undefined || verdef === undefined) return true;
  const wanted = raw.number(versym + 2 * index, 2);
  if ((wanted & 0x7fff) === 0) return false; // VER_NDX_LOCAL
  if (version === undefined) return wanted < 0x8000;
  let at = verdef;
  for (let left = raw.dynamic.get(BigInt(DT.VERDEFNUM)) ?? 0n; left > 0n; left--) {
    const [isBase, hash] = [raw.number(at + 2, 2) & 1, raw.number(at + 8, 4)];
    if (!isBase && (raw.number(at + 4, 2) & 0x7fff) === (wanted & 0x7fff)) {
      const name = strings + raw.number(at + raw.number(at + 12, 4), 4);
      return raw.string(name) === version && hash === elfHash(version);
    }
    const next = raw.number(at + 16, 4);
    if (next === 0 || at + next >= raw.bytes.length) return false;
    at += next;
  }
  return false;
}
