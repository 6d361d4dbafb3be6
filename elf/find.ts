/**
 * The one function that the first call of `now()` takes, without parsing the rest.
 *
 * It reads what the images of all 64-bit, little-endian kernels have in common, with a DataView, which
 * throws at a read beyond the end. What is otherwise is left to the parser (elf/image.ts), which says
 * where an image is broken. It calls few functions a few times each, since engines compile what is
 * called 30 times or more: in a program's first milliseconds, that costs more than it brings.
 *
 * @module
 */

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_STRTAB = 5;
const DT_SYMTAB = 6;
const DT_STRSZ = 10;
const DT_SONAME = 14;
const PF_R_X = 5;

/** What is looked for. */
export interface Wanted {
  /** e_machine in the ELF header. */
  readonly machine: number;
  /** What DT_SONAME begins with. */
  readonly soname: string;
  /** The function's name. */
  readonly symbol: string;
}

/** Where the function is in the image; undefined if that cannot be told at a glance. */
export function findFunction(image: Uint8Array, wanted: Wanted): number | undefined {
  try {
    return find(new DataView(image.buffer, image.byteOffset, image.length), image, wanted);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** System V gABI, chapters 4 and 5: Elf64_Ehdr, Elf64_Phdr, Elf64_Dyn, Elf64_Sym. */
function find(
  view: DataView,
  image: Uint8Array,
  { machine, soname, symbol }: Wanted,
): number | undefined {
  // The magic number, ELFCLASS64, ELFDATA2LSB, EV_CURRENT; and e_phentsize.
  const isPlain = view.getUint32(0) === 0x7f454c46 && view.getUint32(4) >>> 8 === 0x020101 &&
    view.getUint16(18, true) === machine && view.getUint16(54, true) === 56;
  if (!isPlain) return undefined;

  let load = -1;
  let dynamic = -1;
  const headers = offset(view, 32, 0n);
  for (let at = headers, left = view.getUint16(56, true); left > 0; at += 56, left--) {
    const type = view.getUint32(at, true);
    if (type === PT_DYNAMIC) dynamic = at;
    if (type === PT_LOAD && load < 0) load = at; // the kernel maps an image as one piece
  }
  // Mapped from its first byte on, for reading and executing.
  if (load < 0 || dynamic < 0 || offset(view, load + 8, 0n) !== 0) return undefined;
  if ((view.getUint32(load + 4, true) & PF_R_X) !== PF_R_X) return undefined;
  const base = view.getBigUint64(load + 16, true);
  const end = Math.min(offset(view, load + 32, 0n), image.length);

  let strings = 0;
  let stringsSize = 0;
  let symbols = 0;
  let name = 0;
  for (let at = offset(view, dynamic + 8, 0n);; at += 16) {
    const tag = offset(view, at, 0n);
    if (tag === 0) break;
    if (tag === DT_STRTAB) strings = offset(view, at + 8, base);
    if (tag === DT_SYMTAB) symbols = offset(view, at + 8, base);
    if (tag === DT_STRSZ) stringsSize = offset(view, at + 8, 0n);
    if (tag === DT_SONAME) name = offset(view, at + 8, 0n);
  }
  if (stringsSize > MOST_STRINGS || strings + stringsSize > end) return undefined;
  const text = latin1(image.subarray(strings, strings + stringsSize));
  const wanted = text.indexOf(`${symbol}\0`);
  if (wanted < 0 || !text.startsWith(soname, name)) return undefined;

  // Linkers write the strings behind the symbols, which have no count of their own. The first is null.
  for (let at = symbols + 24; at < strings; at += 24) {
    if (view.getUint32(at, true) !== wanted) continue;
    const info = view.getUint8(at + 4);
    const section = view.getUint16(at + 6, true);
    const place = offset(view, at + 8, base);
    const isFunction = info === GLOBAL_FUNCTION || info === WEAK_FUNCTION;
    const isInside = place > 0 && place + offset(view, at + 16, 0n) <= end;
    return isFunction && section > 0 && section < RESERVED && isInside ? place : undefined;
  }
  return undefined;
}

/** Those of a vDSO have about 500 bytes. */
const MOST_STRINGS = 4096;
/** st_info: STB_GLOBAL or STB_WEAK, STT_FUNC. */
const GLOBAL_FUNCTION = 0x12;
const WEAK_FUNCTION = 0x22;
/** SHN_LORESERVE: indices from there on name no section. */
const RESERVED = 0xff00;

/** One character for each byte. Spread arguments cost Bun a millisecond when it sees the first ones. */
function latin1(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

/** A 64-bit word, from `base` on. Below that it is huge, and so beyond any end. */
function offset(view: DataView, at: number, base: bigint): number {
  return Number(BigInt.asUintN(64, view.getBigUint64(at, true) - base));
}
