/**
 * The binary search table of `.eh_frame_hdr`: LSB Core, "The .eh_frame_hdr section".
 *
 * @module
 */
import type { Cursor } from "./cursor.ts";

/** Pairs of pointers, one to code and one to the FDE for it, sorted by the code. */
export class SearchTable {
  readonly count: number;
  readonly #cursor: Cursor;
  readonly #encoding: number;
  readonly #step: number;
  readonly #header: bigint;

  /**
   * @param cursor at the first pair
   * @param size the bytes of a pointer
   * @param header the address of .eh_frame_hdr, where DW_EH_PE_datarel counts from
   */
  constructor(cursor: Cursor, count: number, encoding: number, size: number, header: bigint) {
    this.count = count;
    this.#cursor = cursor.part("the search table", count * 2 * size);
    this.#encoding = encoding;
    this.#step = 2 * size;
    this.#header = header;
  }

  get place(): number {
    return this.#cursor.place;
  }

  /** Where the code starts that the entry at this index is for. */
  code(index: number): bigint {
    return this.#read(index * this.#step);
  }

  /** Where that entry itself is. */
  entry(index: number): bigint {
    return this.#read(index * this.#step + this.#step / 2);
  }

  /** The index of the last one that starts at this address or before; -1 if there is none. */
  indexOf(address: bigint): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.code(middle) <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #read(at: number): bigint {
    this.#cursor.at = at;
    return this.#cursor.address(this.#encoding, this.#header);
  }
}
