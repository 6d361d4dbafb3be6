/**
 * What is read from unwind tables.
 *
 * @module
 */
import type { ElfSymbol } from "../types.ts";

/** How the value that a register had in the caller is found. */
export type UnwindRule =
  /** It is lost; in the return address's place, that there is no caller. */
  | { readonly kind: "undefined" }
  /** It is still in the register. */
  | { readonly kind: "same" }
  /** It is in memory, at CFA + `offset`. */
  | { readonly kind: "offset"; readonly offset: number }
  /** It is CFA + `offset` itself. */
  | { readonly kind: "value"; readonly offset: number }
  /** It is in another register. */
  | { readonly kind: "register"; readonly register: number }
  /** It is in memory, where a DWARF expression says. */
  | { readonly kind: "expression"; readonly expression: Uint8Array }
  /** It is what a DWARF expression says. */
  | { readonly kind: "value_expression"; readonly expression: Uint8Array };

/**
 * How the canonical frame address (CFA) is found, from which the rules count: by most ABIs the value
 * of the stack pointer before the call.
 */
export type UnwindCfa =
  /** A register's value + `offset`. */
  | { readonly kind: "register"; readonly register: number; readonly offset: number }
  /** What a DWARF expression says. */
  | { readonly kind: "expression"; readonly expression: Uint8Array };

/** What holds from one instruction on, up to the next row. */
export interface UnwindRow {
  /** The first instruction that it holds for: an address as linked. */
  readonly address: bigint;
  /** Undefined if the table does not say. */
  readonly cfa: UnwindCfa | undefined;
  /**
   * The rules by register number ({@linkcode registerName} names them). For one without a rule the
   * ABI decides: those that a function must preserve are where they were.
   */
  readonly rules: ReadonlyMap<number, UnwindRule>;
  /** Bytes of arguments that a callee would have popped: DW_CFA_GNU_args_size, 0 if not given. */
  readonly argumentsSize: number;
  /** On AArch64, whether the return address is signed (DW_CFA_AARCH64_negate_ra_state). */
  readonly signedReturnAddress: boolean;
}

/** What several entries have in common: a Common Information Entry (CIE). */
export interface UnwindCommon {
  /** Where it is in the image, in bytes. */
  readonly offset: number;
  /** 1, 3 or 4. */
  readonly version: number;
  /** What it has besides the essentials, one letter each, such as `zR`. */
  readonly augmentation: string;
  /** Advances count in this many bytes. */
  readonly codeAlignment: number;
  /** Offsets count in this many bytes; negative where stacks grow down. */
  readonly dataAlignment: number;
  /** The register, or the column without a register, that stands for the return address. */
  readonly returnAddress: number;
  /** Whether these are signal frames: the caller was interrupted, and made no call (`S`). */
  readonly signalFrame: boolean;
  /** On AArch64, whether return addresses are signed by the key B (`B`). */
  readonly keyB: boolean;
  /** The language's personality routine (`P`), or where its address is if `indirect`. */
  readonly personality: { readonly address: bigint; readonly indirect: boolean } | undefined;
}

/** The code of a function, or a part of one: a Frame Description Entry (FDE). */
export interface UnwindEntry {
  /** Where it is in the image, in bytes. */
  readonly offset: number;
  /** The first address of the code, as linked. */
  readonly address: bigint;
  /** Bytes of the code. */
  readonly size: bigint;
  /** What it shares with others. */
  readonly common: UnwindCommon;
  /** The language-specific data (`L`), an address as linked; undefined if there is none. */
  readonly languageData: bigint | undefined;
  /**
   * The rows, one at least, by rising address. Made anew each time.
   *
   * @throws {ElfError} If the instructions are broken or not known.
   */
  readonly rows: readonly UnwindRow[];
}

/** The unwind tables of an image, read from the bytes that it was made of: they must not change. */
export interface UnwindTables {
  /**
   * How `.eh_frame` was found: through PT_GNU_EH_FRAME, as unwinders do, or by its section header.
   * An image of the second kind can be unwound only by those who have the section headers, or by
   * their own means (s390x vDSOs are of that kind).
   */
  readonly source: "program header" | "section header";
  /** Whether it has the binary search table that unwinders look for. */
  readonly searchTable: boolean;
  /**
   * All entries: by address if there is a search table, else as they lie in the image.
   *
   * @throws {ElfError} If an entry is broken. Others can still be looked up.
   */
  readonly entries: readonly UnwindEntry[];
  /**
   * Finds the entry for an address, through the search table if there is one.
   *
   * @param address An address as linked: of an instruction in a process, less where the image lies.
   * For a frame that is not the innermost, take 1 from its return address, which may lie behind the
   * last instruction of the function.
   * @returns The entry, or undefined if that code has none.
   * @throws {ElfError} If what has to be read for it is broken.
   */
  find(address: bigint): UnwindEntry | undefined;
  /**
   * Finds the row that holds at an address.
   *
   * @param address An address as linked, as for `find`.
   * @returns The row, or undefined if that code has no entry.
   * @throws {ElfError} If what has to be read for it is broken.
   */
  lookup(address: bigint): UnwindRow | undefined;
  /**
   * Lists the entries for the code of a symbol.
   *
   * @param symbol A function, from {@linkcode ElfImage.symbols} or {@linkcode ElfImage.lookup}.
   * @returns The entries that share bytes with it, or hold its first byte if its size is not known.
   * @throws {ElfError} If an entry is broken.
   */
  forSymbol(symbol: ElfSymbol): UnwindEntry[];
}
