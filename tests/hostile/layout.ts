/**
 * Where the fields of an ELF image are: what is worth breaking. A reader of its own, so that the
 * oracle below it shares no mistake with elf/.
 */

/** A reader that answers 0 outside the bytes: an image may be broken anywhere. */
export class Raw {
  readonly bytes: Uint8Array;
  readonly wide: boolean;
  readonly little: boolean;
  readonly segments: readonly RawSegment[];
  /** The values of the dynamic section; the last of each tag. */
  readonly dynamic: ReadonlyMap<bigint, bigint>;
  /** Where the dynamic section is, up to its end. */
  readonly dynamicAt: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.wide = bytes[4] === 2;
    this.little = bytes[5] === 1;
    this.segments = this.#readSegments();
    const { offset = 0n } = this.segments.find(({ type }) => type === PT.DYNAMIC) ?? {};
    this.dynamicAt = Number(offset);
    const dynamic = new Map<bigint, bigint>();
    for (let at = this.dynamicAt; at > 0 && this.word(at) !== 0n; at += 2 * this.width) {
      dynamic.set(this.word(at), this.word(at + this.width));
    }
    this.dynamic = dynamic;
  }

  /** Bytes of an address. */
  get width(): 4 | 8 {
    return this.wide ? 8 : 4;
  }

  get(at: number, size: number): bigint {
    let value = 0n;
    for (let i = 0; i < size; i++) {
      value = value << 8n | BigInt(this.bytes[at + (this.little ? size - 1 - i : i)] ?? 0);
    }
    return value;
  }

  number(at: number, size: number): number {
    if (size > 4) return Number(this.get(at, size));
    let value = 0;
    for (let i = 0; i < size; i++) {
      value = value * 256 + (this.bytes[at + (this.little ? size - 1 - i : i)] ?? 0);
    }
    return value;
  }

  word(at: number): bigint {
    return this.get(at, this.width);
  }

  /** The place of an address in the bytes. */
  place(address: bigint | undefined): number | undefined {
    if (address === undefined) return undefined;
    const segment = this.loadAt(address);
    return segment && Number(segment.offset + address - segment.vaddr);
  }

  /** The PT_LOAD that has the byte at this address. */
  loadAt(address: bigint): RawSegment | undefined {
    return this.segments.find(({ type, vaddr, fileSize }) =>
      type === PT.LOAD && address >= vaddr && address < vaddr + fileSize
    );
  }

  /** What a dynamic entry points to. */
  table(tag: keyof typeof DT): number | undefined {
    return this.place(this.dynamic.get(BigInt(DT[tag])));
  }

  string(at: number): string {
    const end = this.bytes.indexOf(0, at);
    return String.fromCharCode(...this.bytes.slice(at, end < 0 ? at : end));
  }

  /** The symbol at this index; undefined behind the end of the bytes. */
  symbol(index: number): RawSymbol | undefined {
    const { wide, width } = this;
    const at = (this.table("SYMTAB") ?? this.bytes.length) + index * (wide ? 24 : 16);
    if (at + 16 > this.bytes.length) return undefined;
    return {
      name: this.string((this.table("STRTAB") ?? 0) + this.number(at, 4)),
      info: this.number(at + (wide ? 4 : 12), 1),
      section: this.number(at + (wide ? 6 : 14), 2),
      value: this.get(at + (wide ? 8 : 4), width),
      size: this.number(at + (wide ? 16 : 8), width),
    };
  }

  /** The indices of the symbols that a hash table has for a name: of DT_GNU_HASH, if there is one. */
  *chain(name: string, machine: number): Generator<number> {
    const letters = Array.from(name, (letter) => BigInt(letter.charCodeAt(0)));
    const gnu = this.table("GNU_HASH");
    if (gnu !== undefined) {
      const hash = Number(
        letters.reduce((hash, letter) => (hash * 33n + letter) % 2n ** 32n, 5381n),
      );
      const [count = 0, first = 0, bloom = 0] = [0, 4, 8].map((at) => this.number(gnu + at, 4));
      const buckets = gnu + 16 + bloom * this.width;
      const chains = buckets + 4 * count;
      let index = this.number(buckets + 4 * (hash % count), 4);
      for (let word = 0; index >= first && (word & 1) === 0; index++) {
        const at = chains + 4 * (index - first);
        if (index === 0 || at >= this.bytes.length) return;
        word = this.number(at, 4);
        if ((word | 1) === (hash | 1)) yield index;
      }
      return;
    }
    const sysv = this.table("HASH");
    if (sysv === undefined) return;
    const size = this.wide && [22, 0x9026].includes(machine) ? 8 : 4; // s390x and Alpha
    const word = (index: number) => this.number(sysv + index * size, size);
    const [buckets, symbols] = [word(0), word(1)];
    let index = word(2 + elfHash(name) % buckets);
    for (let steps = 0; index > 0 && index < symbols && steps < symbols; steps++) {
      yield index;
      index = word(2 + buckets + index);
    }
  }

  #readSegments(): RawSegment[] {
    const { wide } = this;
    const start = this.number(wide ? 32 : 28, this.width);
    const count = Math.min(this.number(wide ? 56 : 44, 2), 2000);
    return Array.from({ length: count }, (_, index) => {
      const at = start + index * (wide ? 56 : 32);
      return {
        at,
        type: this.number(at, 4),
        flags: this.number(at + (wide ? 4 : 24), 4),
        offset: this.word(at + (wide ? 8 : 4)),
        vaddr: this.word(at + (wide ? 16 : 8)),
        fileSize: this.word(at + (wide ? 32 : 16)),
      };
    });
  }
}

export interface RawSegment {
  /** Where its program header is. */
  readonly at: number;
  readonly type: number;
  readonly flags: number;
  readonly offset: bigint;
  readonly vaddr: bigint;
  readonly fileSize: bigint;
}

function lettersOf(name: string): bigint[] {
  return Array.from(name, (letter) => BigInt(letter.charCodeAt(0)));
}

/** gABI chapter 5, "Hash Table". */
export function elfHash(name: string): number {
  return Number(
    lettersOf(name).reduce((hash, letter) => {
      const next = (hash << 4n) + letter;
      return (next ^ next >> 24n & 0xf0n) & 0xfffffffn;
    }, 0n),
  );
}

/** An Elf32_Sym or Elf64_Sym. */
export interface RawSymbol {
  readonly name: string;
  readonly info: number;
  readonly section: number;
  readonly value: bigint;
  readonly size: number;
}

export const PT = { LOAD: 1, DYNAMIC: 2, NOTE: 4, GNU_EH_FRAME: 0x6474e550 } as const;
export const DT = {
  HASH: 4,
  STRTAB: 5,
  SYMTAB: 6,
  STRSZ: 10,
  GNU_HASH: 0x6ffffef5,
  VERSYM: 0x6ffffff0,
  VERDEF: 0x6ffffffc,
  VERDEFNUM: 0x6ffffffd,
} as const;

/** A number in an image that decides how it is read. */
export interface Field {
  readonly at: number;
  readonly size: 1 | 2 | 4 | 8;
}

/** The fields of an image that is not broken yet. */
export function fieldsOf(bytes: Uint8Array): Field[] {
  const raw = new Raw(bytes);
  const { wide, width } = raw;
  const fields: Field[] = [];
  /** Numbers of these sizes one after another, so many times. */
  const add = (at: number | undefined, times: number, ...sizes: Field["size"][]): void => {
    if (at === undefined) return;
    for (let time = 0; time < times; time++) {
      for (const size of sizes) {
        if (at + size <= bytes.length) fields.push({ at, size });
        at += size;
      }
    }
  };
  add(4, 4, 1); // e_ident
  add(16, 1, 2, 2, 4, width, width, width, 4, 2, 2, 2, 2, 2, 2);
  for (const { at, type, offset, fileSize } of raw.segments) {
    if (wide) add(at, 1, 4, 4, 8, 8, 8, 8, 8, 8);
    else add(at, 8, 4);
    if (type === PT.NOTE) add(Number(offset), 12, 4);
    if (type === PT.GNU_EH_FRAME) {
      add(Number(offset), 4, 1);
      add(Number(offset) + 4, 8, 4);
      // .eh_frame itself, as the linkers lay it out
      const frames = Math.ceil(Number(offset + fileSize) / 8) * 8;
      add(frames, 6, 4);
      add(frames + 8, 64, 1);
    }
  }
  add(raw.dynamicAt, raw.dynamic.size + 1, width, width);
  add(raw.table("HASH"), 24, 4);
  add(raw.table("GNU_HASH"), 24, 4);
  if (wide) add(raw.table("SYMTAB"), 12, 4, 1, 1, 2, 8, 8);
  else add(raw.table("SYMTAB"), 12, 4, 4, 4, 1, 1, 2);
  add(raw.table("VERSYM"), 12, 2);
  add(raw.table("VERDEF"), 3, 2, 2, 2, 2, 4, 4, 4, 4, 4);
  return fields;
}
