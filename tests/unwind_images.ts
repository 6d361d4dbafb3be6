/**
 * A writer of ELF images with unwind tables for tests: of any class, byte order and pointer
 * encoding, with whatever instructions a test has written down in bytes.
 *
 * It shares no code with the reader: encodings are written down here a second time.
 */

/** An FDE to write. */
export interface FdeOptions {
  /** Where its code starts; after that of the one before by default. */
  address?: bigint;
  /** Bytes of code; 16 by default. */
  size?: bigint;
  /** Its call frame instructions; none by default. */
  program?: readonly number[];
  /** Its augmentation data, for a CIE with `z`. */
  data?: readonly number[];
}

/** A CIE to write, and the FDEs that follow it. */
export interface CieOptions {
  /** 1 by default. */
  version?: number;
  /** `zR` by default. */
  augmentation?: string;
  /** Its augmentation data; by default, the pointer encoding for `zR`. */
  data?: readonly number[];
  /** Bytes between the augmentation string and the code alignment. */
  extra?: readonly number[];
  /** Bytes of the return address register; 16 by default. */
  returnAddress?: readonly number[];
  /** How FDEs point to their code; 0x1b (pcrel, sdata4) by default. */
  encoding?: number;
  /** Its call frame instructions; by default those of x86-64: CFA = r7 + 8, r16 at CFA - 8. */
  program?: readonly number[];
  fdes?: readonly FdeOptions[];
}

/** What to write; all of it has a default. */
export interface UnwindImageOptions {
  /** 64 by default. */
  class?: 32 | 64;
  /** `"little"` by default. */
  endian?: "little" | "big";
  /** `e_machine`; 62 (x86-64) by default. */
  machine?: number;
  /** The address that the image is linked for; 0x100000 by default. */
  vaddr?: bigint;
  cies?: readonly CieOptions[];
  /** The encodings of .eh_frame_hdr: by default those of the linkers; null for no header at all. */
  header?: { frames?: number; count?: number; table?: number } | null;
  /** Whether to write the terminator; true by default. */
  terminator?: boolean;
  /** Whether to write section headers; true by default. */
  sections?: boolean;
}

/** An image, and where its parts are in the bytes. */
export interface UnwindImage {
  readonly bytes: Uint8Array;
  /** Writes over `size` bytes. */
  put(at: number, size: 1 | 2 | 4 | 8, value: number | bigint): UnwindImage;
  /** Where .eh_frame_hdr is. */
  readonly header: number;
  /** Where the search table is. */
  readonly table: number;
  /** Where .eh_frame is. */
  readonly frames: number;
  /** Where each CIE is. */
  readonly cies: readonly number[];
  /** Where each FDE is. */
  readonly fdes: readonly number[];
  /** Where the section headers are. */
  readonly sections: number;
  /** The addresses of the FDEs' code. */
  readonly addresses: readonly bigint[];
}

/** DW_CFA_def_cfa 7, 8; DW_CFA_offset 16, 1: what every x86-64 function starts with. */
const X86_64_PROGRAM = [0x0c, 7, 8, 0x90, 1];

/** In LEB128, signed if the number is to be read as such. */
export function leb128(value: number | bigint, signed = false): number[] {
  let rest = signed ? BigInt(value) : BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const sign = signed && (low & 0x40) !== 0 ? -1n : 0n;
    if (rest === sign) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

class Writer {
  readonly bytes: number[] = [];
  readonly wide: boolean;
  readonly #little: boolean;

  constructor(wide: boolean, little: boolean) {
    this.wide = wide;
    this.#little = little;
  }

  get at(): number {
    return this.bytes.length;
  }

  number(value: number | bigint, size: number): this {
    const bytes = Array.from(
      { length: size },
      (_, i) => Number(BigInt(value) >> BigInt(8 * i) & 0xffn),
    );
    this.bytes.push(...this.#little ? bytes : bytes.reverse());
    return this;
  }

  word(value: number | bigint): this {
    return this.number(value, this.wide ? 8 : 4);
  }

  raw(bytes: readonly number[]): this {
    for (const byte of bytes) this.bytes.push(byte);
    return this;
  }

  align(unit: number): this {
    while (this.at % unit !== 0) this.bytes.push(0);
    return this;
  }

  /** A value in one of the formats of DW_EH_PE_*. */
  format(value: bigint, encoding: number): this {
    const size = [this.wide ? 8 : 4, 0, 2, 4, 8][encoding & 7] ?? 0;
    return size > 0 ? this.number(value, size) : this.raw(leb128(value, (encoding & 8) !== 0));
  }

  /** A pointer in one of the encodings: absolute, or relative to its own address or to `data`. */
  pointer(target: bigint, encoding: number, start: bigint, data: bigint): this {
    const base = { 0x10: start + BigInt(this.at), 0x30: data }[encoding & 0x70] ?? 0n;
    return this.format(target - base, encoding);
  }
}

/** Writes an image. Its one PT_LOAD ends with .eh_frame; nothing in it is code. */
export function buildUnwindImage(options: UnwindImageOptions = {}): UnwindImage {
  const { machine = 62, vaddr = 0x100000n, cies = [{ fdes: [{}] }], header = {} } = options;
  const wide = options.class !== 32;
  const little = options.endian !== "big";
  const hasSections = options.sections ?? true;
  const encodings = { frames: 0x1b, count: 0x03, table: 0x3b, ...header };

  const addresses: bigint[] = [];
  let next = vaddr + 0x10000n;
  const withAddresses = cies.map((cie) => ({
    ...cie,
    fdes: (cie.fdes ?? []).map((fde) => {
      const { address = next, size = 16n } = fde;
      next = address + size;
      addresses.push(address);
      return { ...fde, address, size };
    }),
  }));

  const headerSize = wide ? 64 : 52;
  const segmentSize = wide ? 56 : 32;
  const segments = header === null ? 1 : 2;
  const hdrAt = headerSize + segments * segmentSize;

  // Twice: the first time shows where things come to lie.
  let framesAt = 0;
  let ciesAt: number[] = [];
  let fdesAt: number[] = [];
  const write = () => {
    const out = new Writer(wide, little);
    out.raw(new Array(hdrAt).fill(0));
    let tableAt = 0;
    if (header !== null) {
      const data = vaddr + BigInt(hdrAt);
      out.raw([1, encodings.frames, encodings.count, encodings.table]);
      out.pointer(vaddr + BigInt(framesAt), encodings.frames, vaddr, data);
      if (encodings.count !== 0xff) {
        out.pointer(BigInt(addresses.length), encodings.count, vaddr, data);
      }
      tableAt = out.at;
      const order = addresses.map((address, i) => ({ address, at: fdesAt[i] ?? 0 }))
        .sort((a, b) => Number(a.address - b.address));
      if (encodings.count !== 0xff && encodings.table !== 0xff) {
        for (const { address, at } of order) {
          out.pointer(address, encodings.table, vaddr, data);
          out.pointer(vaddr + BigInt(at), encodings.table, vaddr, data);
        }
      }
    }
    const hdrEnd = out.at;
    out.align(8);
    framesAt = out.at;
    [ciesAt, fdesAt] = [[], []];
    const record = (body: (record: Writer) => void) => {
      const at = out.at;
      out.number(0, 4);
      body(out);
      out.align(4);
      const length = new Writer(wide, little).number(out.at - at - 4, 4);
      out.bytes.splice(at, 4, ...length.bytes);
      return at;
    };
    for (const cie of withAddresses) {
      const { version = 1, augmentation = "zR", encoding = 0x1b } = cie;
      const cieAt = record(() => {
        out.number(0, 4).raw([version]);
        out.raw([...augmentation].map((letter) => letter.charCodeAt(0))).raw([0]);
        out.raw(cie.extra ?? []).raw([1]).raw(leb128(-8, true));
        out.raw(cie.returnAddress ?? [16]);
        const data = cie.data ?? (augmentation === "zR" ? [encoding] : []);
        if (augmentation.startsWith("z")) out.raw(leb128(data.length));
        out.raw(data).raw(cie.program ?? X86_64_PROGRAM);
      });
      ciesAt.push(cieAt);
      for (const { address, size, data = [], program = [] } of cie.fdes) {
        fdesAt.push(record(() => {
          out.number(out.at - cieAt, 4);
          out.pointer(address, encoding, vaddr, 0n).format(size, encoding);
          if (augmentation.startsWith("z")) out.raw(leb128(data.length));
          out.raw(data).raw(program);
        }));
      }
    }
    if (options.terminator ?? true) out.number(0, 4);
    return { out, tableAt, hdrEnd };
  };
  write();
  write();
  const { out, tableAt, hdrEnd } = write();
  const end = out.at;

  const names = "\0.eh_frame\0.eh_frame_hdr\0.shstrtab\0";
  const namesAt = out.at;
  if (hasSections) out.raw([...names].map((letter) => letter.charCodeAt(0))).align(8);
  const sectionsAt = out.at;
  const section = (name: string, type: number, at: number, size: number) => {
    const [flags, address] = type === 1 ? [2, vaddr + BigInt(at)] : [0, 0n];
    out.number(names.indexOf(name), 4).number(type, 4).word(flags).word(address).word(at);
    out.word(size).number(0, 4).number(0, 4).word(1).word(0);
  };
  if (hasSections) {
    section("\0", 0, 0, 0);
    section(".eh_frame\0", 1, framesAt, end - framesAt);
    section(".eh_frame_hdr", 1, hdrAt, hdrEnd - hdrAt);
    section(".shstrtab", 3, namesAt, names.length);
  }

  const head = new Writer(wide, little);
  head.raw([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.number(3, 2).number(machine, 2).number(1, 4).word(0).word(headerSize);
  head.word(hasSections ? sectionsAt : 0).number(0, 4).number(headerSize, 2);
  head.number(segmentSize, 2).number(segments, 2).number(wide ? 64 : 40, 2);
  head.number(hasSections ? 4 : 0, 2).number(hasSections ? 3 : 0, 2);
  const segment = (type: number, flags: number, at: number, size: number) => {
    head.number(type, 4);
    if (wide) head.number(flags, 4);
    head.word(at).word(vaddr + BigInt(at)).word(vaddr + BigInt(at)).word(size).word(size);
    if (!wide) head.number(flags, 4);
    head.word(4);
  };
  segment(1, 5, 0, end);
  if (header !== null) segment(0x6474e550, 4, hdrAt, hdrEnd - hdrAt);
  out.bytes.splice(0, head.at, ...head.bytes);

  const bytes = Uint8Array.from(out.bytes);
  const image: UnwindImage = {
    bytes,
    put(at, size, value) {
      bytes.set(new Writer(wide, little).number(BigInt(value), size).bytes, at);
      return image;
    },
    header: hdrAt,
    table: tableAt,
    frames: framesAt,
    cies: ciesAt,
    fdes: fdesAt,
    sections: sectionsAt,
    addresses,
  };
  return image;
}
