/**
 * What must hold of the parser whatever the bytes are: an ElfError or a right answer, in a number of
 * steps that the number of bytes bounds.
 */
import {
  ElfError,
  type ElfFunction,
  type ElfImage,
  imageSize,
  parseElf,
  parseUnwind,
} from "../../elf/mod.ts";
import { Raw } from "./layout.ts";

/** How the cases went: a suite in which all are rejected, or none, would show nothing. */
export interface Tally {
  cases: number;
  /** Images that parseElf() took. */
  images: number;
  /** Of these, those whose symbols cannot all be listed. */
  partly: number;
  /** Functions that were found, and held against the bytes. */
  functions: number;
  /** Rows of unwind tables. */
  rows: number;
  /** The most steps for a byte that anything has taken. */
  stepsPerByte: number;
}

export function emptyTally(): Tally {
  return { cases: 0, images: 0, partly: 0, functions: 0, rows: 0, stepsPerByte: 0 };
}

/**
 * Every read of the parser goes through one of these. Counting calls bounds its work on every
 * machine alike, as no clock could.
 */
let steps = 0;
let mostSteps = Infinity;
const counted: readonly [prototype: object, names: readonly string[]][] = [
  [DataView.prototype, ["getUint8", "getUint16", "getUint32", "getBigUint64"]],
  [Uint8Array.prototype, ["subarray", "indexOf"]],
];
export function countSteps(): void {
  for (const [prototype, names] of counted) {
    for (const name of names) {
      const method: unknown = Reflect.get(prototype, name);
      if (typeof method !== "function") throw new Error(`There is no ${name}`);
      Object.defineProperty(prototype, name, {
        value(this: unknown, ...args: unknown[]): unknown {
          if (++steps > mostSteps) throw new Error(`more than ${mostSteps} steps`);
          return Reflect.apply(method, this, args);
        },
      });
    }
  }
}

/** A chain of n / 4 symbols, each of which is compared with a name; version definitions in each byte. */
const STEPS_PER_BYTE = 16;
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
  const symbols = attempt("symbols()", () => image.symbols());
  if (symbols === undefined) tally.partly++;
  const known = (symbols ?? []).slice(0, MOST).map(({ name }) => name);
  const versions = attempt("versions", () => image.versions)?.slice(0, 4) ?? [];
  const raw = new Raw(bytes);
  for (const name of [...NAMES, ...known]) {
    for (const version of new Set([...VERSIONS, ...versions])) {
      const found = attempt("lookup()", () => image.lookup(name, version));
      if (found === undefined) continue;
      tally.functions++;
      confirm(raw, image, found, name, version);
    }
  }
}

type Attempt = <T>(what: string, use: () => T) => T | undefined;

function examineUnwind(bytes: Uint8Array, tally: Tally, attempt: Attempt): void {
  const tables = attempt("parseUnwind()", () => parseUnwind(bytes));
  if (tables === undefined) return;
  const entries = attempt("entries", () => tables.entries) ?? [];
  for (const entry of entries.slice(0, MOST)) {
    const rows = attempt("rows", () => entry.rows) ?? [];
    tally.rows += rows.length;
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
function confirm(
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
  if (!hasSymbol(raw, found, version)) fail("no such symbol is in the image");
}

/** Looks through the whole symbol table, without a hash table. */
function hasSymbol(raw: Raw, found: ElfFunction, version: string | undefined): boolean {
  const { wide, width } = raw;
  const [table, strings] = [raw.table("SYMTAB"), raw.table("STRTAB")];
  if (table === undefined || strings === undefined) return false;
  const step = wide ? 24 : 16;
  for (let index = 1, at = table + step; at + step <= raw.bytes.length; index++, at += step) {
    const info = raw.number(at + (wide ? 4 : 12), 1);
    if (
      raw.get(at + (wide ? 8 : 4), width) === found.value &&
      raw.number(at + (wide ? 16 : 8), width) === found.size &&
      [1, 2].includes(info >> 4) && [0, 2].includes(info & 15) &&
      ![0, 0xfff1].includes(raw.number(at + (wide ? 6 : 14), 2)) &&
      raw.string(strings + raw.number(at, 4)) === found.name &&
      isVersion(raw, strings, index, version)
    ) {
      return true;
    }
  }
  return false;
}

/** Whether the symbol at this index is what those get who ask for this version, or for none. */
function isVersion(raw: Raw, strings: number, index: number, version: string | undefined): boolean {
  const [versym, verdef] = [raw.table("VERSYM"), raw.table("VERDEF")];
  if (versym === undefined || verdef === undefined) return true;
  const wanted = raw.number(versym + 2 * index, 2);
  if (version === undefined) return wanted > 0 && wanted < 0x8000;
  for (let at = verdef;;) {
    if ((raw.number(at + 4, 2) & 0x7fff) === (wanted & 0x7fff)) {
      const name = strings + raw.number(at + raw.number(at + 12, 4), 4);
      if ((raw.number(at + 2, 2) & 1) === 0 && raw.string(name) === version) return true;
    }
    const next = raw.number(at + 16, 4);
    if (next === 0 || at + next >= raw.bytes.length) return false;
    at += next;
  }
}
