/**
 * A writer of ELF shared objects for tests: small, valid, of any class, byte order and hash table,
 * with the places of all fields, so that a test can break the one it is about.
 *
 * It shares no code with the parser: hashes and layouts are written down here a second time.
 */

/** A symbol to write. The numbers are those of `<elf.h>`. */
export interface SymbolOptions {
  name: string;
  /** STT_*; 2 (STT_FUNC) by default. */
  type?: number;
  /** STB_*; 1 (STB_GLOBAL) by default. */
  binding?: number;
  /** `st_shndx`; 1 by default, 0 for an undefined, 0xfff1 for an absolute symbol. */
  section?: number;
  /** The symbol whose code it shares; by default it has 16 bytes of its own. */
  alias?: string;
  /** `st_value` itself, instead of the address of the code. */
  value?: bigint;
  /** Added to `st_value`: 1 marks Thumb code. */
  add?: bigint;
  /** `st_size`; 16 by default. */
  size?: number;
  /** One of the versions; by default the first if there are any. `null` gives VER_NDX_GLOBAL. */
  version?: string | null;
  /** Whether to set the hidden bit. */
  hidden?: boolean;
}

/** A note to write. */
export interface NoteOptions {
  name: string;
  type: number;
  desc: Uint8Array | readonly number[];
}

/** What to write; all of it has a default. */
export interface ImageOptions {
  /** 64 by default. */
  class?: 32 | 64;
  /** `"little"` by default. */
  endian?: "little" | "big";
  /** `e_machine`; 62 (x86-64) by default. It alone decides on the width of DT_HASH's words. */
  machine?: number;
  /** The address that the image is linked for; 0 by default. */
  vaddr?: bigint;
  /** Added to the address of the code, which then has a PT_LOAD of its own, as lld lays it out. */
  codeBias?: bigint;
  /** Both by default. */
  hash?: readonly ("sysv" | "gnu")[];
  /** Buckets of each hash table; 2 by default, so that chains are longer than one. */
  buckets?: number;
  /** Words of the Bloom filter; 1 by default. */
  bloom?: number;
  symbols?: readonly SymbolOptions[];
  /** The versions to define; none and no version tables at all by default. */
  versions?: readonly string[];
  soname?: string;
  notes?: readonly NoteOptions[];
  /** `p_align` of PT_NOTE; 4 by default. */
  noteAlign?: number;
  /** Whether to append section headers, beyond the last PT_LOAD, as in a vDSO. */
  sections?: boolean;
}

/** The named parts of an image. */
export type Part =
  | "DT_HASH"
  | "DT_GNU_HASH"
  | "DT_SYMTAB"
  | "DT_STRTAB"
  | "DT_VERSYM"
  | "DT_VERDEF"
  | "PT_DYNAMIC"
  | "PT_NOTE"
  | "code"
  | "sections";

const DT = {
  DT_HASH: 4,
  DT_STRTAB: 5,
  DT_SYMTAB: 6,
  DT_STRSZ: 10,
  DT_SYMENT: 11,
  DT_SONAME: 14,
  DT_GNU_HASH: 0x6ffffef5,
  DT_VERSYM: 0x6ffffff0,
  DT_VERDEF: 0x6ffffffc,
  DT_VERDEFNUM: 0x6ffffffd,
};

/** The tags of the dynamic entries that an image may have. */
export type DynamicTag = keyof typeof DT;

/** The hash of DT_HASH. */
export function sysvHash(name: string): number {
  let h = 0n;
  for (const character of name) {
    h = (h << 4n) + BigInt(character.charCodeAt(0));
    h = (h ^ ((h >> 24n) & 0xf0n)) & 0x0fffffffn;
  }
  return Number(h);
}

/** The hash of DT_GNU_HASH. */
export function gnuHash(name: string): number {
  let h = 5381n;
  for (const character of name) h = (h * 33n + BigInt(character.charCodeAt(0))) & 0xffffffffn;
  return Number(h);
}

/** An image under construction, and the same image when a test wants to break it. */
export class TestImage {
  readonly wide: boolean;
  readonly little: boolean;
  /** The parts that the image has, and where, in bytes from its start. */
  readonly parts: Map<Part, number> = new Map();
  /** Where the value of each dynamic entry is. */
  readonly dynamic: Map<DynamicTag, number> = new Map();
  /** The index of each symbol; of several with one name, that of the last. */
  readonly symbols: Map<string, number> = new Map();
  #bytes = new Uint8Array(1024);
  #size = 0;

  constructor(wide: boolean, little: boolean) {
    this.wide = wide;
    this.little = little;
  }

  /** The bytes, not a copy. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of an address. */
  get word(): 4 | 8 {
    return this.wide ? 8 : 4;
  }

  part(name: Part): number {
    return known(this.parts, name);
  }

  /** Where a field of the ELF header is. */
  header(field: keyof typeof HEADER): number {
    return HEADER[field][this.wide ? 1 : 0];
  }

  /** Where a field of a program header is. */
  programHeader(index: number, field: keyof typeof PROGRAM_HEADER): number {
    const start = this.wide ? 64 + 56 * index : 52 + 32 * index;
    return start + PROGRAM_HEADER[field][this.wide ? 1 : 0];
  }

  /** Where a field of a symbol, given by name or index, is. */
  symbol(symbol: string | number, field: keyof typeof SYMBOL): number {
    const index = typeof symbol === "string" ? known(this.symbols, symbol) : symbol;
    return this.part("DT_SYMTAB") + index * (this.wide ? 24 : 16) +
      SYMBOL[field][this.wide ? 1 : 0];
  }

  /** Where the value of a dynamic entry is. */
  entry(tag: DynamicTag): number {
    return known(this.dynamic, tag);
  }

  get(at: number, size: 1 | 2 | 4 | 8): bigint {
    let value = 0n;
    for (let i = 0; i < size; i++) {
      value = value << 8n | BigInt(this.bytes[at + (this.little ? size - 1 - i : i)] ?? 0);
    }
    return value;
  }

  /** Writes a number of this many bytes; returns the image, to be chained. */
  put(at: number, size: 1 | 2 | 4 | 8, value: number | bigint): this {
    const n = BigInt(value);
    for (let i = 0; i < size; i++) {
      this.#bytes[at + (this.little ? i : size - 1 - i)] = Number(n >> BigInt(8 * i) & 0xffn);
    }
    return this;
  }

  /** Appends numbers of this many bytes; returns where. */
  append(size: 1 | 2 | 4 | 8, ...values: (number | bigint)[]): number {
    const at = this.reserve(size * values.length);
    values.forEach((value, i) => this.put(at + i * size, size, value));
    return at;
  }

  /** Appends zeros; returns where. */
  reserve(size: number): number {
    const at = this.#size;
    this.#size += size;
    if (this.#size > this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#size);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return at;
  }

  align(unit: number): void {
    this.reserve((unit - this.#size % unit) % unit);
  }
}

/** Places of fields, in 32-bit and in 64-bit images. */
const HEADER = {
  e_type: [16, 16],
  e_machine: [18, 18],
  e_version: [20, 20],
  e_phoff: [28, 32],
  e_shoff: [32, 40],
  e_ehsize: [40, 52],
  e_phentsize: [42, 54],
  e_phnum: [44, 56],
  e_shentsize: [46, 58],
  e_shnum: [48, 60],
} as const;
const PROGRAM_HEADER = {
  p_type: [0, 0],
  p_offset: [4, 8],
  p_vaddr: [8, 16],
  p_filesz: [16, 32],
  p_memsz: [20, 40],
  p_flags: [24, 4],
  p_align: [28, 48],
} as const;
const SYMBOL = {
  st_name: [0, 0],
  st_value: [4, 8],
  st_size: [8, 16],
  st_info: [12, 4],
  st_shndx: [14, 6],
} as const;

function known<K, V>(map: Map<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new Error(`The test image has no ${key}`);
  return value;
}

/** Writes an image. */
export function buildImage(options: ImageOptions = {}): TestImage {
  const wide = options.class !== 32;
  const image = new TestImage(wide, options.endian !== "big");
  const { machine = 62, vaddr = 0n, codeBias = 0n, hash = ["sysv", "gnu"], buckets = 2 } = options;
  const { bloom = 1, versions = [], soname, notes = [], noteAlign = 4 } = options;
  const wideHash = wide && (machine === 22 || machine === 0x9026); // s390x and Alpha
  const { word } = image;

  const strings: number[] = [0];
  const intern = (text: string): number => {
    const at = strings.length;
    for (let i = 0; i < text.length; i++) strings.push(text.charCodeAt(i));
    strings.push(0);
    return at;
  };

  // DT_GNU_HASH wants the undefined symbols first, and the others bucket by bucket.
  const bucketOf = (name: string) => gnuHash(name) % buckets;
  const given = options.symbols ?? [];
  const undefinedOnes = given.filter(({ section }) => section === 0);
  const defined = given.filter(({ section }) => section !== 0);
  if (hash.includes("gnu")) defined.sort((a, b) => bucketOf(a.name) - bucketOf(b.name));
  const symbols = [...undefinedOnes, ...defined];
  const firstHashed = 1 + undefinedOnes.length;
  symbols.forEach(({ name }, i) => image.symbols.set(name, i + 1));

  const loads = codeBias === 0n ? 1 : 2;
  const segmentCount = loads + 1 + (notes.length > 0 ? 1 : 0);
  image.reserve(wide ? 64 + 56 * segmentCount : 52 + 32 * segmentCount);

  if (hash.includes("sysv")) {
    image.align(8);
    const heads = new Array<number>(buckets).fill(0);
    const chains = new Array<number>(symbols.length + 1).fill(0);
    symbols.forEach(({ name }, i) => {
      const bucket = sysvHash(name) % buckets;
      chains[i + 1] = heads[bucket] ?? 0;
      heads[bucket] = i + 1;
    });
    const words = [buckets, chains.length, ...heads, ...chains];
    image.parts.set("DT_HASH", image.append(wideHash ? 8 : 4, ...words));
  }
  if (hash.includes("gnu")) {
    image.align(8);
    image.parts.set("DT_GNU_HASH", image.append(4, buckets, firstHashed, bloom, 6));
    image.append(word, ...new Array<bigint>(bloom).fill(-1n)); // lets every name through
    const heads = new Array<number>(buckets).fill(0);
    const chains = defined.map(({ name }, i) => {
      const bucket = bucketOf(name);
      if (heads[bucket] === 0) heads[bucket] = firstHashed + i;
      const next = defined[i + 1];
      const isLast = next === undefined || bucketOf(next.name) !== bucket;
      return (gnuHash(name) & ~1 | (isLast ? 1 : 0)) >>> 0;
    });
    image.append(4, ...heads, ...chains);
  }

  image.align(8);
  const symbolSize = wide ? 24 : 16;
  image.parts.set("DT_SYMTAB", image.reserve(symbolSize * (symbols.length + 1)));
  symbols.forEach(({ name, type = 2, binding = 1, section = 1, size = 16 }, i) => {
    image.put(image.symbol(i + 1, "st_name"), 4, intern(name));
    image.put(image.symbol(i + 1, "st_info"), 1, binding << 4 | type);
    image.put(image.symbol(i + 1, "st_shndx"), 2, section);
    image.put(image.symbol(i + 1, "st_size"), word, size);
  });

  if (versions.length > 0) {
    image.parts.set("DT_VERSYM", image.append(2, 0));
    for (const { section, version = versions[0], hidden = false } of symbols) {
      const index = section === 0 ? 0 : version === null ? 1 : versions.indexOf(version ?? "") + 2;
      image.append(2, index | (hidden ? 0x8000 : 0));
    }
    image.align(8);
    image.parts.set("DT_VERDEF", image.size);
    [soname ?? "base", ...versions].forEach((name, i) => {
      image.append(2, 1, i === 0 ? 1 : 0, i + 1, 1);
      image.append(4, sysvHash(name), 20, i === versions.length ? 0 : 28);
      image.append(4, intern(name), 0);
    });
  }

  const sonameAt = soname === undefined ? undefined : intern(soname);
  image.parts.set("DT_STRTAB", image.append(1, ...strings));

  image.align(8);
  image.parts.set("PT_DYNAMIC", image.size);
  const entry = (tag: DynamicTag, value: number | bigint | undefined): void => {
    if (value === undefined) return;
    image.append(word, DT[tag]);
    image.dynamic.set(tag, image.append(word, value));
  };
  const pointer = (tag: DynamicTag & Part): void => {
    const at = image.parts.get(tag);
    entry(tag, at === undefined ? undefined : vaddr + BigInt(at));
  };
  entry("DT_SONAME", sonameAt);
  pointer("DT_HASH");
  pointer("DT_GNU_HASH");
  pointer("DT_STRTAB");
  pointer("DT_SYMTAB");
  entry("DT_STRSZ", strings.length);
  entry("DT_SYMENT", symbolSize);
  pointer("DT_VERSYM");
  pointer("DT_VERDEF");
  entry("DT_VERDEFNUM", versions.length > 0 ? versions.length + 1 : undefined);
  image.append(word, 0, 0);
  const dynamicEnd = image.size;

  if (notes.length > 0) {
    image.align(noteAlign);
    image.parts.set("PT_NOTE", image.size);
    for (const { name, type, desc } of notes) {
      image.align(noteAlign);
      image.append(4, name === "" ? 0 : name.length + 1, desc.length, type);
      if (name !== "") image.append(1, ...Array.from(name, (c) => c.charCodeAt(0)), 0);
      image.align(noteAlign);
      image.append(1, ...desc);
    }
  }
  const notesEnd = image.size;

  image.align(16);
  const code = image.size;
  image.parts.set("code", code);
  const places = symbols.map(() => vaddr + codeBias + BigInt(image.reserve(16)));
  symbols.forEach(({ name, alias = name, section, value, add = 0n }, i) => {
    const shared = alias === name ? places[i] : places[known(image.symbols, alias) - 1];
    if (section === 0) return;
    image.put(image.symbol(i + 1, "st_value"), word, value ?? (shared ?? 0n) + add);
  });
  image.reserve(16);
  const end = image.size;

  const segment = (i: number, type: number, flags: number, start: number, stop: number): void => {
    const bias = type === 1 && start === code ? codeBias : 0n;
    image.put(image.programHeader(i, "p_type"), 4, type);
    image.put(image.programHeader(i, "p_flags"), 4, flags);
    image.put(image.programHeader(i, "p_offset"), word, start);
    image.put(image.programHeader(i, "p_vaddr"), word, vaddr + bias + BigInt(start));
    image.put(image.programHeader(i, "p_filesz"), word, stop - start);
    image.put(image.programHeader(i, "p_memsz"), word, stop - start);
    image.put(image.programHeader(i, "p_align"), word, type === 4 ? noteAlign : 8);
  };
  if (loads === 1) segment(0, 1, 5, 0, end);
  else {
    segment(0, 1, 4, 0, code);
    segment(1, 1, 5, code, end);
  }
  segment(loads, 2, 4, image.part("PT_DYNAMIC"), dynamicEnd);
  if (notes.length > 0) segment(loads + 1, 4, 4, image.part("PT_NOTE"), notesEnd);

  image.put(0, 1, 0x7f).put(1, 1, 0x45).put(2, 1, 0x4c).put(3, 1, 0x46);
  image.put(4, 1, wide ? 2 : 1).put(5, 1, image.little ? 1 : 2).put(6, 1, 1);
  image.put(image.header("e_type"), 2, 3).put(image.header("e_machine"), 2, machine);
  image.put(image.header("e_version"), 4, 1);
  image.put(image.header("e_phoff"), word, wide ? 64 : 52);
  image.put(image.header("e_ehsize"), 2, wide ? 64 : 52);
  image.put(image.header("e_phentsize"), 2, wide ? 56 : 32);
  image.put(image.header("e_phnum"), 2, segmentCount);
  if (options.sections) {
    image.reserve(20);
    image.align(8);
    image.parts.set("sections", image.reserve(3 * (wide ? 64 : 40))); // all SHT_NULL
    image.put(image.header("e_shoff"), word, image.part("sections"));
    image.put(image.header("e_shentsize"), 2, wide ? 64 : 40);
    image.put(image.header("e_shnum"), 2, 3);
  }
  return image;
}
