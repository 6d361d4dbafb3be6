/**
 * What is read from an ELF shared object.
 *
 * @module
 */

/** What `type` of an {@linkcode ElfSymbol} can be; `"other"` is a number without a common name. */
export type ElfSymbolType =
  | "notype"
  | "object"
  | "func"
  | "section"
  | "file"
  | "common"
  | "tls"
  | "ifunc"
  | "other";

/** What `binding` of an {@linkcode ElfSymbol} can be; `"other"` is a number without a common name. */
export type ElfSymbolBinding = "local" | "global" | "weak" | "unique" | "other";

/** An entry of the program header table. */
export interface ElfSegment {
  /** `p_type`: 1 PT_LOAD, 2 PT_DYNAMIC, 4 PT_NOTE, 0x6474e550 PT_GNU_EH_FRAME, ... */
  readonly type: number;
  /** `p_flags`: 1 executable, 2 writable, 4 readable. */
  readonly flags: number;
  /** `p_offset`: where the segment starts in the image, in bytes. */
  readonly offset: number;
  /** `p_vaddr`: the address the image was linked for, before any load bias. */
  readonly vaddr: bigint;
  /** `p_filesz`: bytes in the image. */
  readonly fileSize: number;
  /** `p_memsz`: bytes in memory; what exceeds `fileSize` is zero and not in the image. */
  readonly memSize: number;
  /** `p_align`, in bytes. */
  readonly align: number;
}

/** A symbol that the image defines. */
export interface ElfSymbol {
  /**
   * The name. ELF names are bytes of no stated encoding: each byte is one character here, so that
   * no two names become one.
   */
  readonly name: string;
  /** The version that defines it, such as `LINUX_2.6`; undefined if it has none. */
  readonly version: string | undefined;
  /** Whether only those who ask for this very version get it (`name@version` in readelf). */
  readonly hidden: boolean;
  /** `st_value`: an address as linked; on 32-bit Arm, bit 0 of a Thumb function is set. */
  readonly value: bigint;
  /**
   * Where it starts in the image, in bytes (Thumb bit cleared); undefined if it has no bytes there,
   * as zeroed data and thread-local variables.
   */
  readonly offset: number | undefined;
  /** `st_size`, in bytes; 0 if unknown. */
  readonly size: number;
  /** The type of `st_info`. */
  readonly type: ElfSymbolType;
  /** The binding of `st_info`. */
  readonly binding: ElfSymbolBinding;
  /** `st_shndx`: the section that it belongs to. */
  readonly section: number;
}

/** A symbol that can be called: its bytes lie in the image, in an executable segment. */
export interface ElfFunction extends ElfSymbol {
  /** Where it starts in the image, in bytes (Thumb bit cleared). */
  readonly offset: number;
  /** Functions written in assembly may have no type. */
  readonly type: "func" | "notype";
  /** Others may call it. */
  readonly binding: "global" | "weak";
}

/** An entry of a PT_NOTE segment. */
export interface ElfNote {
  /** Who defines the meaning of `type`, such as `GNU` or `Linux`. */
  readonly name: string;
  /** The type, among those of the same name. */
  readonly type: number;
  /** The content: a view of the image's bytes, not a copy. */
  readonly desc: Uint8Array;
}

/**
 * An ELF shared object.
 *
 * It reads from the bytes it was made of: they must not change. The properties below `hashStyles`
 * are read when asked for, and throw {@linkcode ElfError} if that part of the image is broken; so a
 * bad note does not stand in the way of a good function.
 */
export interface ElfImage {
  /** The size of an address, in bits. */
  readonly class: 32 | 64;
  /** The byte order. */
  readonly endian: "little" | "big";
  /** `e_machine`: 62 x86-64, 183 AArch64, 243 RISC-V, ... It is not judged: compare it yourself. */
  readonly machine: number;
  /**
   * Bytes of the whole image, as {@linkcode imageSize} says: more than were given to
   * {@linkcode parseElf} if the section headers were cut off.
   */
  readonly size: number;
  /** The program header table in its order, without its unused (PT_NULL) entries. */
  readonly segments: readonly ElfSegment[];
  /** The hash tables it has; at least one. */
  readonly hashStyles: readonly ("sysv" | "gnu")[];
  /** DT_SONAME, such as `linux-vdso.so.1`; undefined if there is none. */
  readonly soname: string | undefined;
  /** The symbol versions it defines, without the base version (which repeats the soname). */
  readonly versions: readonly string[];
  /** The entries of all PT_NOTE segments. */
  readonly notes: readonly ElfNote[];
  /** The GNU build id in hexadecimal; undefined if there is none. */
  readonly buildId: string | undefined;
  /**
   * The version of the Linux that a vDSO was built for, such as `6.18.44`; undefined if there is no
   * such note. The note holds LINUX_VERSION_CODE, whose last part stops at 255.
   */
  readonly linuxVersion: string | undefined;

  /**
   * Finds a function through a hash table.
   *
   * A function is a defined global or weak symbol of type func or notype; data is never found. If
   * the image defines no versions, `version` is not looked at, as in the kernel's own reader.
   *
   * @param name The name, such as `__vdso_clock_gettime`.
   * @param version The version that must define it, such as `LINUX_2.6`. Without it the default
   * version is found.
   * @returns The function, or undefined if there is none of that name and version.
   * @throws {ElfError} If a table that has to be read is broken, or the function's bytes are not
   * all in one readable, executable segment.
   * @throws {TypeError} If an argument is not a string.
   */
  lookup(name: string, version?: string): ElfFunction | undefined;

  /**
   * Lists the symbols that the image defines, of every type and binding, in the order of the symbol
   * table. Absolute symbols are left out: they are no places in the image (linkers make one for each
   * version, named `LINUX_2.6` for instance).
   *
   * @returns The symbols.
   * @throws {ElfError} If a table that has to be read is broken.
   */
  symbols(): ElfSymbol[];
}
