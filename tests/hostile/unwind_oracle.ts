/**
 * What must hold of an unwind entry that has been read: the record is in the bytes, and says that.
 *
 * A second reader, of what compilers write. It says nothing of rarer forms; the tests of elf/unwind/
 * do.
 */
import type { UnwindEntry, UnwindRow } from "../../elf/mod.ts";
import { PT, type Raw } from "./layout.ts";

/** Numbers one after another: reads 0 where there is nothing, as {@link Raw} does. */
class Reader {
  readonly #raw: Raw;
  at: number;

  constructor(raw: Raw, at: number) {
    this.#raw = raw;
    this.at = at;
  }

  number(size: number): number {
    this.at += size;
    return this.#raw.number(this.at - size, size);
  }

  /** LEB128, up to what a number can hold. */
  leb(signed: boolean): number {
    let [value, shift, byte] = [0, 0, 0];
    do {
      byte = this.number(1);
      value += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    } while (byte >= 0x80 && shift < 70);
    return signed && (byte & 0x40) !== 0 ? value - 2 ** shift : value;
  }
}

/** A CIE of the common kind. */
interface Common {
  readonly codeAlignment: number;
  readonly dataAlignment: number;
  readonly returnAddress: number;
  readonly encoding: number;
  /** Where its instructions are. */
  readonly program: readonly [start: number, end: number];
}

const AUGMENTATION = /^zRS?$/;

function readCommon(raw: Raw, at: number): Common | undefined {
  const end = at + 4 + raw.number(at, 4);
  const version = raw.number(at + 8, 1);
  const augmentation = raw.string(at + 9);
  if (!AUGMENTATION.test(augmentation) || ![1, 3].includes(version)) return undefined;
  const reader = new Reader(raw, at + 9 + augmentation.length + 1);
  const codeAlignment = reader.leb(false);
  const dataAlignment = reader.leb(true);
  const returnAddress = version === 1 ? reader.number(1) : reader.leb(false);
  const size = reader.leb(false);
  const encoding = raw.number(reader.at, 1);
  const program = [reader.at + size, end] as const;
  return { codeAlignment, dataAlignment, returnAddress, encoding, program };
}

/** Throws if the bytes say something else; returns whether they are of the common kind. */
export function confirmEntry(raw: Raw, entry: UnwindEntry): boolean {
  const fail = (what: string): never => {
    throw new Error(`The unwind entry at ${entry.offset} for ${entry.address}: ${what}`);
  };
  const { offset: at, common } = entry;
  const end = at + 4 + raw.number(at, 4);
  if (end > raw.bytes.length) fail("it leaves the image");
  const back = raw.number(at + 4, 4);
  if (back === 0 || at + 4 - back !== common.offset) fail("its CIE is another");
  if (raw.number(common.offset + 4, 4) !== 0) fail("its CIE is none");
  if (raw.number(common.offset + 8, 1) !== common.version) fail("its CIE has another version");
  if (raw.string(common.offset + 9) !== common.augmentation) fail("its CIE is augmented otherwise");

  const read = readCommon(raw, common.offset);
  if (read === undefined) return false;
  for (const name of ["codeAlignment", "dataAlignment", "returnAddress"] as const) {
    if (read[name] !== common[name]) fail(`its CIE has ${name} ${read[name]}`);
  }
  // Four bytes, signed, counted from where they are: so do all linkers.
  if (read.encoding !== 0x1b) return false;
  const address = BigInt(raw.number(at + 8, 4) | 0);
  const places = raw.segments.filter(({ type, offset, fileSize }) =>
    type === PT.LOAD && BigInt(at + 8) >= offset && BigInt(at + 8) < offset + fileSize
  );
  const addresses = places.map(({ vaddr, offset }) =>
    BigInt.asUintN(raw.wide ? 64 : 32, address + vaddr + BigInt(at + 8) - offset)
  );
  if (!addresses.includes(entry.address)) fail(`it is for ${addresses}`);
  if (entry.size !== raw.get(at + 12, 4)) fail(`it has ${raw.get(at + 12, 4)} bytes`);
  return true;
}

/** Throws if the instructions make other rows; returns whether they are of the common kind. */
export function confirmRows(raw: Raw, entry: UnwindEntry, rows: readonly UnwindRow[]): boolean {
  const common = readCommon(raw, entry.common.offset);
  if (common?.encoding !== 0x1b) return false;
  const augmentation = new Reader(raw, entry.offset + 16);
  const size = augmentation.leb(false);
  const program = [augmentation.at + size, entry.offset + 4 + raw.number(entry.offset, 4)] as const;
  const initial = interpret(raw, common, common.program, { cfa: "none", rules: new Map() });
  const state = initial?.at(-1);
  const made = state && interpret(raw, common, program, state);
  if (made === undefined) return false;
  const expected = made.map(({ at, cfa, rules }) =>
    print(entry.address + BigInt(at), cfa, [...rules])
  );
  const found = rows.map(({ address, cfa, rules }) =>
    print(
      address,
      cfa?.kind === "register" ? `${cfa.register}+${cfa.offset}` : cfa?.kind ?? "none",
      Array.from(rules, ([register, rule]) => [
        register,
        rule.kind === "offset"
          ? `c${rule.offset}`
          : rule.kind === "register"
          ? `r${rule.register}`
          : rule.kind,
      ]),
    )
  );
  if (found.join("\n") !== expected.join("\n")) {
    throw new Error(`The rows of the entry at ${entry.offset} are ${found}, not ${expected}`);
  }
  return true;
}

interface State {
  readonly cfa: string;
  readonly rules: ReadonlyMap<number, string>;
}

/** The rows, the last of which is open; undefined for instructions that compilers seldom write. */
function interpret(
  raw: Raw,
  { codeAlignment, dataAlignment }: Common,
  [start, end]: readonly [number, number],
  initial: State,
): (State & { readonly at: number })[] | undefined {
  const rows: (State & { at: number })[] = [];
  const saved: State[] = [];
  const reader = new Reader(raw, start);
  let { cfa, rules } = initial;
  let at = 0;
  const advance = (delta: number) => {
    if (delta * codeAlignment > 0) rows.push({ at, cfa, rules });
    at += delta * codeAlignment;
  };
  const set = (register: number, rule: string | undefined) => {
    const changed = new Map(rules);
    changed.delete(register);
    if (rule !== undefined) changed.set(register, rule);
    rules = changed;
  };
  while (reader.at < end) {
    const code = reader.number(1);
    const [kind, operand] = [code >>> 6, code & 0x3f];
    if (kind === 1) advance(operand);
    else if (kind === 2) set(operand, `c${reader.leb(false) * dataAlignment}`);
    else if (kind === 3) set(operand, initial.rules.get(operand));
    else if (code >= 2 && code <= 4) advance(reader.number([1, 2, 4][code - 2] ?? 0));
    else if (code === 5) set(reader.leb(false), `c${reader.leb(false) * dataAlignment}`);
    else if (code === 7) set(reader.leb(false), "undefined");
    else if (code === 8) set(reader.leb(false), "same");
    else if (code === 9) set(reader.leb(false), `r${reader.leb(false)}`);
    else if (code === 10) saved.push({ cfa, rules });
    else if (code === 11) ({ cfa, rules } = saved.pop() ?? { cfa, rules });
    else if (code === 12) cfa = `${reader.leb(false)}+${reader.leb(false)}`;
    else if (code === 13) cfa = `${reader.leb(false)}+${cfa.split("+")[1] ?? 0}`;
    else if (code === 14) cfa = `${cfa.split("+")[0]}+${reader.leb(false)}`;
    else if (code !== 0) return undefined;
  }
  return [...rows, { at, cfa, rules }];
}

function print(address: bigint, cfa: string, rules: (readonly [number, string])[]): string {
  const sorted = rules.sort(([a], [b]) => a - b).map(([register, rule]) => `${register}=${rule}`);
  return `${address} ${cfa} ${sorted.join(" ")}`;
}
