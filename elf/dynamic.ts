/**
 * The dynamic section: where the tables of an image are.
 *
 * @module
 */
import { placeAt } from "./header.ts";
import { invalid, type Table } from "./table.ts";
import type { ElfSegment } from "./types.ts";

const PT_DYNAMIC = 2;

/** The tags that are looked for: gABI chapter 5, and LSB Core, "Additional Dynamic Entries". */
const TAGS = {
  DT_NULL: 0,
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
} as const;

type Tag = keyof typeof TAGS;

/** gABI chapter 5, "Dynamic Section". */
export class Dynamic {
  readonly #image: Table;
  readonly #segments: readonly ElfSegment[];
  readonly #table: Table;
  /** Where in the table the value of each tag is. Of several entries of one tag, the last counts. */
  readonly #values: Map<number, number> = new Map();

  constructor(image: Table, segments: readonly ElfSegment[]) {
    let segment: ElfSegment | undefined;
    for (const candidate of segments) {
      if (candidate.type !== PT_DYNAMIC) continue;
      if (segment !== undefined) invalid("PT_DYNAMIC", candidate.offset, "is the second");
      segment = candidate;
    }
    if (segment === undefined) invalid("the image", 0, "has no PT_DYNAMIC");
    // Zeroed or foreign memory can look like an image up to here.
    if (segment.offset < (image.wide ? 64 : 52)) {
      invalid("PT_DYNAMIC", segment.offset, "is too low");
    }
    this.#image = image;
    this.#segments = segments;
    this.#table = image.part("PT_DYNAMIC", segment.offset, segment.fileSize);
    const width = image.wide ? 8 : 4;
    for (let at = 0;; at += 2 * width) {
      // Read as an address, since tags that are not known here may be above 2^53.
      const tag = Number(this.#table.address(at));
      if (tag === TAGS.DT_NULL) break;
      this.#values.set(tag, at + width);
    }
  }

  value(tag: Tag): number | undefined {
    const entry = this.#values.get(TAGS[tag]);
    return entry === undefined ? undefined : this.#table.word(entry);
  }

  required(tag: Tag): number {
    return this.value(tag) ?? this.lacks(tag);
  }

  lacks(what: string): never {
    return invalid("PT_DYNAMIC", this.#table.start, `has no ${what}`);
  }

  /**
   * The table that this entry points to: `size` bytes, or all up to the end of its segment.
   *
   * The address is as linked. For ordinary libraries, ld.so adds the load address to these entries
   * on some machines. The kernel maps the vDSO, and does not change them.
   *
   * Each segment has a bias of its own, p_offset - p_vaddr. The kernel's reader uses that of the
   * first one for all: a vDSO has one PT_LOAD, mapped as it is in the file.
   */
  table(tag: Tag, size?: number): Table | undefined {
    const entry = this.#values.get(TAGS[tag]);
    if (entry === undefined) return undefined;
    const address = this.#table.address(entry);
    const place = placeAt(this.#segments, address);
    if (place === undefined || (size !== undefined && size > place.room)) {
      return invalid(
        tag,
        this.#table.start + entry,
        `is 0x${address.toString(16)}, where the PT_LOADs have no ${size ?? "such"} bytes`,
      );
    }
    return this.#image.part(tag, place.offset, size ?? place.room);
  }
}
