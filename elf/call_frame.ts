/**
 * Call frame information: what entries share (CIEs), and the instructions that make rows.
 *
 * - LSB Core, "The Common Information Entry Format";
 * - DWARF 5, section 6.4, "Call Frame Information";
 * - GCC's libgcc/unwind-dw2.c, for what the processors add.
 *
 * @module
 */
import { type Cursor, DW_EH_PE_indirect, DW_EH_PE_omit, safe } from "./cursor.ts";
import { expectValue, hex, invalid } from "./parse.ts";
import type { UnwindCfa, UnwindCommon, UnwindRow, UnwindRule } from "./unwind.ts";

const EM_SPARC = [2, 18, 43]; // 32-bit, 32-bit with the instructions of V9, 64-bit
const EM_AARCH64 = 183;

/** No function has a use for more: the CPUs have about a hundred that are worth saving. */
const MAX_RULES = 256;

/** What the instructions remember and restore; no map changes once it is in one. */
interface State {
  readonly cfa: UnwindCfa | undefined;
  readonly rules: ReadonlyMap<number, UnwindRule>;
  readonly signed: boolean;
}

const EMPTY: State = { cfa: undefined, rules: new Map(), signed: false };

/** A CIE: LSB Core, "The Common Information Entry Format". */
export class Common implements UnwindCommon {
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

  /** @param cursor at what is behind the CIE ID */
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
    this.initial = new Program(this, cursor, EMPTY, 0n).run();
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

/** The interpreter of call frame instructions: DWARF 5, section 6.4.2. */
export class Program {
  readonly #common: Common;
  readonly #cursor: Cursor;
  readonly #initial: State;
  readonly #rows: UnwindRow[] = [];
  readonly #remembered: State[] = [];
  #address: bigint;
  #cfa: UnwindCfa | undefined;
  #rules: ReadonlyMap<number, UnwindRule>;
  /** The same map as #rules, while nobody else has it. */
  #changing: Map<number, UnwindRule> | undefined;
  #signed: boolean;
  #argumentsSize = 0;

  /** @param initial what the CIE built; for the CIE's own instructions, nothing */
  constructor(common: Common, cursor: Cursor, initial: State, address: bigint) {
    this.#common = common;
    this.#cursor = cursor;
    this.#initial = initial;
    this.#address = address;
    ({ cfa: this.#cfa, rules: this.#rules, signed: this.#signed } = initial);
  }

  /** Runs to the end, and gives what holds there. */
  run(): State {
    while (this.#cursor.at < this.#cursor.length) this.#step();
    return this.#state();
  }

  /** Runs to the end, and gives all that held. */
  rows(): UnwindRow[] {
    this.run();
    this.#endRow();
    return this.#rows;
  }

  #step(): void {
    const cursor = this.#cursor;
    const { place } = cursor;
    const code = cursor.u8();
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
        return this.#moveTo(cursor.address(this.#common.pointerEncoding));
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
        this.#remembered.push(this.#state());
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
        if (this.#common.machine === EM_AARCH64) this.#signed = !this.#signed;
        else if (EM_SPARC.includes(this.#common.machine)) this.#saveWindow();
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
    this.#moveTo(this.#address + BigInt(delta) * BigInt(this.#common.codeAlignment));
  }

  #moveTo(next: bigint): void {
    if (next < this.#address) {
      invalid("a call frame instruction", this.#cursor.place, "goes back to a lower address");
    }
    // What is overruled for the same address has held for nothing.
    if (next > this.#address) this.#endRow();
    this.#address = next;
  }

  #endRow(): void {
    const { cfa, rules, signed } = this.#state();
    this.#rows.push({
      address: this.#address,
      cfa,
      rules,
      argumentsSize: this.#argumentsSize,
      signedReturnAddress: signed,
    });
  }

  /** What holds now, as a value that does not change any more. */
  #state(): State {
    this.#changing = undefined;
    return { cfa: this.#cfa, rules: this.#rules, signed: this.#signed };
  }

  #set(register: number, rule: UnwindRule | undefined): void {
    const rules = this.#changing ??= new Map(this.#rules);
    this.#rules = rules;
    if (rule === undefined) rules.delete(register);
    else rules.set(register, rule);
    if (rules.size > MAX_RULES) {
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
    // The CFA too: DWARF 5 speaks of registers alone, compilers and unwinders of both.
    ({ cfa: this.#cfa, rules: this.#rules, signed: this.#signed } = state);
    this.#changing = undefined;
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
    return safe(count * this.#common.dataAlignment, this.#cursor);
  }

  #expression(kind: "expression" | "value_expression"): UnwindRule {
    return { kind, expression: this.#cursor.bytes(this.#cursor.count()) };
  }

  /** SPARC: the window's local and in registers are on the stack, the out registers in the next. */
  #saveWindow(): void {
    for (let out = 8; out < 16; out++) this.#set(out, { kind: "register", register: out + 16 });
    const size = this.#cursor.wide ? 8 : 4;
    for (let i = 0; i < 16; i++) this.#set(16 + i, { kind: "offset", offset: i * size });
  }
}
