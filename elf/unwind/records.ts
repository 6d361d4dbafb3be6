/**
 * The records of `.eh_frame`: CIEs, which hold what entries share, and FDEs, the entries.
 *
 * - LSB Core, "The Common Information Entry Format" and "The Frame Description Entry Format";
 * - DWARF 5, section 6.4.1, "Structure of Call Frame Information".
 *
 * @module
 */
import { expectValue, invalid } from "../table.ts";
import { type Encoding, NOTHING, Program, type State } from "./call_frame.ts";
import { type Cursor, DW_EH_PE_indirect, DW_EH_PE_omit } from "./cursor.ts";
import type { UnwindCommon, UnwindEntry, UnwindRow } from "./types.ts";

/** A CIE: LSB Core, "The Common Information Entry Format". */
export class Common implements UnwindCommon, Encoding {
  readonly offset: number;
  readonly version: number;
  readonly augmentation: string;
  readonly codeAlignment: number;
  readonly dataAlignment: number;
  readonly returnAddress: number;
  readonly machine: number;
  /** Whether entries say how long their augmentation data is. */
  readonly sized: boolean;
  signalFrame = false;
  keyB = false;
  personality: UnwindCommon["personality"];
  /** How entries give the addresses of their code, and of their language-specific data. */
  pointerEncoding = 0;
  languageEncoding = DW_EH_PE_omit;
  /** Where the instructions of entries start from. */
  readonly initial: State;

  /** @param cursor after the CIE ID */
  constructor(cursor: Cursor, offset: number, machine: number) {
    this.offset = offset;
    this.machine = machine;
    expectValue("the CIE's version", cursor.place, this.version = cursor.u8(), 1, 3, 4);
    this.augmentation = cursor.string();
    this.sized = this.augmentation.startsWith("z");
    const addressSize = cursor.wide ? 8 : 4;
    if (this.augmentation.startsWith("eh")) cursor.bytes(addressSize); // GCC 2: a pointer
    if (this.version === 4) {
      expectValue("the CIE's address size", cursor.place, cursor.u8(), addressSize);
      expectValue("the CIE's segment selector size", cursor.place, cursor.u8(), 0);
    }
    this.codeAlignment = cursor.count();
    this.dataAlignment = cursor.signedCount();
    this.returnAddress = this.version === 1 ? cursor.u8() : cursor.count();
    this.#augment(this.sized ? cursor.part("the augmentation data", cursor.count()) : cursor);
    this.initial = new Program(this, cursor, NOTHING, 0n).run();
  }

  #augment(data: Cursor): void {
    for (const letter of this.augmentation.replace(/^(z|eh)/, "")) {
      if (letter === "S") this.signalFrame = true;
      else if (letter === "B") this.keyB = true;
      else if (letter === "R") this.pointerEncoding = data.u8();
      else if (letter === "L") this.languageEncoding = data.u8();
      else if (letter === "P") this.#readPersonality(data);
      else invalid("the CIE", this.offset, `has the unknown augmentation "${this.augmentation}"`);
    }
  }

  #readPersonality(data: Cursor): void {
    const encoding = data.u8();
    if (encoding === DW_EH_PE_omit) return;
    const indirect = (encoding & DW_EH_PE_indirect) !== 0;
    const address = data.pointer(encoding & ~DW_EH_PE_indirect);
    if (address !== undefined) this.personality = { address, indirect };
  }
}

/** An FDE: LSB Core, "The Frame Description Entry Format". */
export class Entry implements UnwindEntry {
  readonly offset: number;
  readonly address: bigint;
  readonly size: bigint;
  readonly common: Common;
  readonly languageData: bigint | undefined;
  /** Bytes of the record. */
  readonly length: number;
  readonly #cursor: Cursor;
  readonly #instructions: number;

  /** @param cursor after the CIE pointer */
  constructor(cursor: Cursor, offset: number, common: Common) {
    this.offset = offset;
    this.common = common;
    this.address = cursor.address(common.pointerEncoding);
    this.size = cursor.size(common.pointerEncoding);
    if (common.sized) {
      const data = cursor.part("the augmentation data", cursor.count());
      if (common.languageEncoding !== DW_EH_PE_omit) {
        this.languageData = data.pointer(common.languageEncoding);
      }
    }
    this.length = cursor.length;
    this.#cursor = cursor;
    this.#instructions = cursor.at;
  }

  get rows(): readonly UnwindRow[] {
    return this.#program().rows();
  }

  /** The row that holds at an address of its code. */
  rowAt(address: bigint): UnwindRow {
    return this.#program().rowAt(address);
  }

  /** Whether it has code in this range of addresses. */
  overlaps(start: bigint, end: bigint): boolean {
    return this.address < end && start < this.address + this.size;
  }

  #program(): Program {
    this.#cursor.at = this.#instructions;
    return new Program(this.common, this.#cursor, this.common.initial, this.address);
  }
}
