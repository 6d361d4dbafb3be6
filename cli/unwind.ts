/**
 * `vdso symbols --unwind`: how a debugger gets from each instruction of the vDSO to its caller.
 *
 * @module
 */
import {
  parseUnwind,
  registerName,
  type UnwindCfa,
  type UnwindEntry,
  type UnwindRule,
} from "../elf/mod.ts";
import { inspect, UnsupportedError, type VdsoInfo } from "../mod.ts";
import { bold, columns, toJson } from "./output.ts";

/** The keys of `vdso symbols --unwind --json`. */
export interface UnwindReport {
  /** How the tables were found. */
  readonly source: "program header" | "section header";
  /** Whether there is a binary search table. */
  readonly searchTable: boolean;
  /** The code that the tables speak of. */
  readonly entries: readonly {
    /** The symbols of this code. */
    readonly symbols: readonly string[];
    /** Its first address, as linked, and its bytes. */
    readonly address: bigint;
    readonly size: number;
    readonly signalFrame: boolean;
    /** What holds from each address on, in the notation of readelf's `frames-interp`. */
    readonly rows: readonly {
      readonly address: bigint;
      readonly cfa: string;
      readonly rules: Readonly<Record<string, string>>;
    }[];
  }[];
}

/** `rsp+8`, as readelf writes it; `exp` for an expression. */
export function formatCfa(cfa: UnwindCfa | undefined, machine: number): string {
  if (cfa === undefined) return "u";
  if (cfa.kind === "expression") return "exp";
  return registerName(machine, cfa.register) + signed(cfa.offset);
}

/** `c-16` is "at CFA - 16", `v-16` "the value CFA - 16", `u` undefined, `s` the same value. */
export function formatRule(rule: UnwindRule | undefined, machine: number): string {
  switch (rule?.kind) {
    case undefined:
    case "undefined":
      return "u";
    case "same":
      return "s";
    case "offset":
      return `c${signed(rule.offset)}`;
    case "value":
      return `v${signed(rule.offset)}`;
    case "register":
      return registerName(machine, rule.register);
    case "expression":
      return "exp";
    case "value_expression":
      return "vexp";
  }
}

function signed(offset: number): string {
  return offset < 0 ? String(offset) : `+${offset}`;
}

/** The registers that any row of the entry has a rule for, in the order of their numbers. */
export function ruledRegisters({ rows }: Pick<UnwindEntry, "rows">): number[] {
  return [...new Set(rows.flatMap(({ rules }) => [...rules.keys()]))].sort((a, b) => a - b);
}

/** What has to be known of a vDSO. */
type Vdso = Pick<VdsoInfo, "image" | "machine" | "symbols">;

/** Describes the image's unwind tables; undefined if it has none. */
export function reportUnwind({ image, machine, symbols }: Vdso): UnwindReport | undefined {
  const tables = parseUnwind(image);
  if (tables === undefined) return undefined;
  const owners = new Map<UnwindEntry, string[]>();
  for (const symbol of symbols) {
    for (const entry of tables.forSymbol(symbol)) {
      owners.set(entry, [...(owners.get(entry) ?? []), symbol.name]);
    }
  }
  const { source, searchTable } = tables;
  const entries = tables.entries.map((entry) => {
    const { address, size, common: { signalFrame, returnAddress }, rows } = entry;
    const registers = ruledRegisters({ rows });
    const own = registers.map((register) => registerName(machine, register));
    // RISC-V has a register of that name, and functions that return to another.
    const names = own.includes("ra")
      ? own
      : own.map((name, i) => registers[i] === returnAddress ? "ra" : name);
    return {
      symbols: owners.get(entry) ?? [],
      address,
      size: Number(size),
      signalFrame,
      rows: rows.map(({ address, cfa, rules }) => ({
        address,
        cfa: formatCfa(cfa, machine),
        rules: Object.fromEntries(
          registers.map((register, i) => [names[i], formatRule(rules.get(register), machine)]),
        ),
      })),
    };
  });
  return { source, searchTable, entries };
}

/** The report as text: a table for each entry. */
export function printUnwind({ source, searchTable, entries }: UnwindReport): string {
  const how = `found by the ${source}, ${searchTable ? "with" : "without"} a search table`;
  const parts = entries.map(({ symbols, address, size, signalFrame, rows }) => {
    const range = `${hex(address)}..${hex(address + BigInt(size))}`;
    const title = [range, ...(signalFrame ? ["signal frame"] : []), symbols.join(", ")].join("  ");
    const head = ["LOC", "CFA", ...Object.keys(rows[0]?.rules ?? {})];
    const cells = rows.map((row) => [hex(row.address), row.cfa, ...Object.values(row.rules)]);
    return `${bold(title.trimEnd())}\n${columns(head, cells)}`;
  });
  return [`${entries.length} entries, ${how}`, ...parts].join("\n\n");
}

function hex(address: bigint): string {
  return `0x${address.toString(16)}`;
}

/** The whole command. */
export function unwindCommand({ json }: { json: boolean }, vdso: Vdso = inspect()): string {
  const report = reportUnwind(vdso);
  if (report === undefined) {
    throw new UnsupportedError("This vDSO has no unwind tables: no PT_GNU_EH_FRAME, no .eh_frame");
  }
  return json ? toJson(report) : printUnwind(report);
}
