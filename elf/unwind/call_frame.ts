/**
 * Call frame instructions: they tell, from one instruction of the code to the next, how the rules
 * change.
 *
 * - DWARF 5, section 6.4, "Call Frame Information";
 * - GCC's libgcc/unwind-dw2.c, for what the processors add.
 *
 * @module
 */
import { hex, invalid } from "../table.ts";
import { type Cursor, safe } from "./cursor.ts";
import { Rules } from "./rules.ts";
import type { UnwindCfa, UnwindRow, UnwindRule } from "./types.ts";

const EM_SPARC = [2, 18, 43]; // 32-bit, 32-bit with the instructions of V9, 64-bit
const EM_AARCH64 = 183;

/** No function needs more: CPUs have about a hundred registers that are worth saving. */
const MAX_RULES = 256;

/** What the instructions of an entry are read by: its CIE, and the CPU. */
export interface Encoding {
  readonly codeAlignment: number;
  readonly dataAlignment: number;
  readonly pointerEncoding: number;
  readonly machine: number;
}

/** What the instructions remember and restore. */
export interface State {
  readonly cfa: UnwindCfa | undefined;
  readonly rules: Rules;
  readonly signed: boolean;
}

/** What holds before the first instruction of a CIE. */
export const NOTHING: State = { cfa: undefined, rules: Rules.NONE, signed: false };

/** The interpreter of call frame instructions: DWARF 5, section 6.4.2. */
export class Program {
  readonly #encoding: Encoding;
  readonly #cursor: Cursor;
  readonly #initial: State;
  readonly #remembered: State[] = [];
  #address: bigint;
  #cfa: UnwindCfa | undefined;
  #rules: Rules;
  #signed: boolean;
  #argumentsSize = 0;
  /** The row that the last instruction has ended. */
  #row: UnwindRow | undefined;
  #windowRules: readonly [register: number, rule: UnwindRule][] | undefined;

  /**
   * @param cursor at the first instruction
   * @param initial what the CIE built; for the CIE's own instructions, {@linkcode NOTHING}
   * @param address the first address of the code
   */
  constructor(encoding: Encoding, cursor: Cursor, initial: State, address: bigint) {
    this.#encoding = encoding;
    this.#cursor = cursor;
    this.#initial = initial;
    this.#address = address;
    ({ cfa: this.#cfa, rules: this.#rules, signed: this.#signed } = initial);
  }

  /** Runs to the end and returns what holds there. */
  run(): State {
    while (!this.#ended) this.#step();
    return this.#state;
  }

  /** Runs to the end and returns all rows. */
  rows(): UnwindRow[] {
    const rows: UnwindRow[] = [];
    while (!this.#ended) {
      this.#step();
      if (this.#row !== undefined) rows.push(this.#row);
    }
    rows.push(this.#current());
    return rows;
  }

  /** Runs until the row is known that holds at this address, and returns it. */
  rowAt(address: bigint): UnwindRow {
    while (!this.#ended) {
      this.#step();
      if (this.#row !== undefined && address < this.#address) return this.#row;
    }
    return this.#current();
  }

  get #ended(): boolean {
    return this.#cursor.at >= this.#cursor.length;
  }

  get #state(): State {
    return { cfa: this.#cfa, rules: this.#rules, signed: this.#signed };
  }

  #current(): UnwindRow {
    return {
      address: this.#address,
      cfa: this.#cfa,
      rules: this.#rules,
      argumentsSize: this.#argumentsSize,
      signedReturnAddress: this.#signed,
    };
  }

  #step(): void {
    const cursor = this.#cursor;
    const { place } = cursor;
    const code = cursor.u8();
    this.#row = undefined;
    switch (code >>> 6) {
      case 1: // DW_CFA_advance_loc
        return this.#advance(code & 0x3f);
      case 2: // DW_CFA_offset
        return this.#set(code & 0x3f, { kind: "offset", offset: this.#factored(cursor.count()) });
      case 3: // DW_CFA_restore
        return this.#restore(code & 0x3f);
    }
    switch (code) {
      case 0x00: // DW_CFA_nop
        return;
      case 0x01: // DW_CFA_set_loc
        return this.#moveTo(cursor.address(this.#encoding.pointerEncoding));
      case 0x02: // DW_CFA_advance_loc1
        return this.#advance(cursor.u8());
      case 0x03: // DW_CFA_advance_loc2
        return this.#advance(cursor.u16());
      case 0x04: // DW_CFA_advance_loc4
        return this.#advance(cursor.u32());
      case 0x05: // DW_CFA_offset_extended
        return this.#set(cursor.count(), this.#offset("offset", cursor.count()));
      case 0x06: // DW_CFA_restore_extended
        return this.#restore(cursor.count());
      case 0x07: // DW_CFA_undefined
        return this.#set(cursor.count(), { kind: "undefined" });
      case 0x08: // DW_CFA_same_value
        return this.#set(cursor.count(), { kind: "same" });
      case 0x09: // DW_CFA_register
        return this.#set(cursor.count(), { kind: "register", register: cursor.count() });
      case 0x0a: // DW_CFA_remember_state
        this.#remembered.push(this.#state);
        return;
      case 0x0b: // DW_CFA_restore_state
        return this.#restoreState();
      case 0x0c: // DW_CFA_def_cfa
        return this.#defineCfa(cursor.count(), cursor.count());
      case 0x0d: // DW_CFA_def_cfa_register
        // In LLVM's CIEs for MIPS it is the first: from nothing, the offset is 0.
        return this.#defineCfa(cursor.count(), this.#cfa ? this.#registerCfa().offset : 0);
      case 0x0e: // DW_CFA_def_cfa_offset
        return this.#defineCfa(this.#registerCfa().register, cursor.count());
      case 0x0f: // DW_CFA_def_cfa_expression
        this.#cfa = { kind: "expression", expression: cursor.bytes(cursor.count()) };
        return;
      case 0x10: // DW_CFA_expression
        return this.#set(cursor.count(), this.#expression("expression"));
      case 0x11: // DW_CFA_offset_extended_sf
        return this.#set(cursor.count(), this.#offset("offset", cursor.signedCount()));
      case 0x12: // DW_CFA_def_cfa_sf
        return this.#defineCfa(cursor.count(), this.#factored(cursor.signedCount()));
      case 0x13: // DW_CFA_def_cfa_offset_sf
        return this.#defineCfa(this.#registerCfa().register, this.#factored(cursor.signedCount()));
      case 0x14: // DW_CFA_val_offset
        return this.#set(cursor.count(), this.#offset("value", cursor.count()));
      case 0x15: // DW_CFA_val_offset_sf
        return this.#set(cursor.count(), this.#offset("value", cursor.signedCount()));
      case 0x16: // DW_CFA_val_expression
        return this.#set(cursor.count(), this.#expression("value_expression"));
      case 0x1d: // DW_CFA_MIPS_advance_loc8
        return this.#advance(cursor.u64());
      case 0x2d: // DW_CFA_AARCH64_negate_ra_state, DW_CFA_GNU_window_save
        if (this.#encoding.machine === EM_AARCH64) this.#signed = !this.#signed;
        else if (EM_SPARC.includes(this.#encoding.machine)) this.#saveWindow();
        else break;
        return;
      case 0x2e: // DW_CFA_GNU_args_size
        this.#argumentsSize = cursor.count();
        return;
      case 0x2f: // DW_CFA_GNU_negative_offset_extended
        return this.#set(cursor.count(), this.#offset("offset", -cursor.count()));
    }
    invalid("a call frame instruction", place, `is ${hex(code)}, which is not known`);
  }

  #advance(delta: number | bigint): void {
    this.#moveTo(this.#address + BigInt(delta) * BigInt(this.#encoding.codeAlignment));
  }

  #moveTo(next: bigint): void {
    if (next < this.#address) {
      invalid("a call frame instruction", this.#cursor.place, "goes back to a lower address");
    }
    // If the address stays, what held so far has held for no instruction.
    if (next > this.#address) this.#row = this.#current();
    this.#address = next;
  }

  #set(register: number, rule: UnwindRule | undefined): void {
    this.#rules = this.#rules.with(register, rule);
    if (this.#rules.size > MAX_RULES) {
      invalid("a call frame instruction", this.#cursor.place, `makes more than ${MAX_RULES} rules`);
    }
  }

  #restore(register: number): void {
    this.#set(register, this.#initial.rules.get(register));
  }

  #restoreState(): void {
    const state = this.#remembered.pop();
    if (state === undefined) {
      invalid("DW_CFA_restore_state", this.#cursor.place, "has nothing to restore");
    }
    // The CFA too: DWARF 5 speaks of registers only, but compilers and unwinders mean both.
    ({ cfa: this.#cfa, rules: this.#rules, signed: this.#signed } = state);
  }

  #defineCfa(register: number, offset: number): void {
    this.#cfa = { kind: "register", register, offset };
  }

  #registerCfa(): { readonly register: number; readonly offset: number } {
    if (this.#cfa?.kind === "register") return this.#cfa;
    return invalid("a call frame instruction", this.#cursor.place, "changes a CFA of another kind");
  }

  #offset(kind: "offset" | "value", count: number): UnwindRule {
    return { kind, offset: this.#factored(count) };
  }

  #factored(count: number): number {
    return safe(count * this.#encoding.dataAlignment, this.#cursor);
  }

  #expression(kind: "expression" | "value_expression"): UnwindRule {
    return { kind, expression: this.#cursor.bytes(this.#cursor.count()) };
  }

  /** SPARC: local and in registers are in the window on the stack, out registers in the next one. */
  #saveWindow(): void {
    this.#windowRules ??= windowRules(this.#cursor.wide ? 8 : 4);
    for (const [register, rule] of this.#windowRules) this.#set(register, rule);
  }
}

function windowRules(size: number): [register: number, rule: UnwindRule][] {
  const rules: [number, UnwindRule][] = [];
  for (let out = 8; out < 16; out++) rules.push([out, { kind: "register", register: out + 16 }]);
  for (let i = 0; i < 16; i++) rules.push([16 + i, { kind: "offset", offset: i * size }]);
  return rules;
}
