import { assertEquals, assertGreater, assertLess, fail } from "@std/assert";
import process from "node:process";
import { test } from "node:test";
import { formatCfa, formatRule } from "../../../cli/unwind.ts";
import { buildUnwindImage, leb128 } from "../../fixtures/unwind_images.ts";
import { KINDS, rejects, rowsOf, rulesOf, tablesOf } from "../../fixtures/unwind_samples.ts";

test("rows are made by all instructions", () => {
  const set = (program: number[]) => rulesOf(program)[3];
  assertEquals(set([0x83, 2]), { kind: "offset", offset: -16 });
  assertEquals(rulesOf([0x80 | 40, 2])[40], { kind: "offset", offset: -16 });
  assertEquals(set([0x05, 3, 2]), { kind: "offset", offset: -16 });
  assertEquals(set([0x11, 3, 0x7e]), { kind: "offset", offset: 16 });
  assertEquals(set([0x2f, 3, 2]), { kind: "offset", offset: 16 });
  assertEquals(set([0x14, 3, 2]), { kind: "value", offset: -16 });
  assertEquals(set([0x15, 3, 0x7e]), { kind: "value", offset: 16 });
  assertEquals(set([0x07, 3]), { kind: "undefined" });
  assertEquals(set([0x08, 3]), { kind: "same" });
  assertEquals(set([0x09, 3, 9]), { kind: "register", register: 9 });
  assertEquals(set([0x10, 3, 1, 0x30]), { kind: "expression", expression: Uint8Array.of(0x30) });
  assertEquals(set([0x16, 3, 1, 0x30]), {
    kind: "value_expression",
    expression: Uint8Array.of(0x30),
  });
  assertEquals(set([0x83, 2, 0xc3]), undefined);
  assertEquals(set([0x83, 2, 0x06, 3]), undefined);

  const cfa = (...program: number[]) => rowsOf(program)[0]?.cfa;
  assertEquals(cfa(0x0c, 6, 32), { kind: "register", register: 6, offset: 32 });
  assertEquals(cfa(0x0d, 6), { kind: "register", register: 6, offset: 8 });
  assertEquals(cfa(0x0e, 48), { kind: "register", register: 7, offset: 48 });
  assertEquals(cfa(0x12, 6, 0x7c), { kind: "register", register: 6, offset: 32 });
  assertEquals(cfa(0x13, 0x7c), { kind: "register", register: 7, offset: 32 });
  assertEquals(cfa(0x0f, 2, 0x77, 8), {
    kind: "expression",
    expression: Uint8Array.of(0x77, 8),
  });
  assertEquals(rowsOf([0x2e, 40])[0]?.argumentsSize, 40);
});

test("rows restore what the CIE said, even where the FDE says otherwise first", () => {
  const [row] = rowsOf([0x09, 16, 3, 0xd0]);
  assertEquals(row?.rules.get(16), { kind: "offset", offset: -8 });
  // readelf takes a register that an FDE speaks of for undefined from the start.
  const rows = rowsOf([0x44, 0x07, 16]);
  assertEquals(rows.map(({ rules }) => rules.get(16)?.kind), ["offset", "undefined"]);
});

test("rows begin where instructions advance to", () => {
  for (const kind of KINDS) {
    const number = (value: number, size: number) => {
      const bytes = Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) & 0xff);
      return kind.endian === "big" ? bytes.reverse() : bytes;
    };
    const change = [0x0e, 16];
    const program = [
      [0x40 | 5, ...change],
      [0x02, 200, ...change],
      [0x03, ...number(0x1234, 2), ...change],
      [0x04, ...number(0x123456, 4), ...change],
      [0x1d, ...number(0x10, 8), ...change],
    ].flat();
    const rows = rowsOf(program, {}, kind);
    const distances = rows.slice(1).map(({ address }, i) => address - (rows[i]?.address ?? 0n));
    assertEquals(distances, [5n, 200n, 0x1234n, 0x123456n, 0x10n]);
    const cie = { encoding: 0x03, data: [0x03] };
    const options = { ...kind, vaddr: 0n };
    const set = rowsOf([0x01, ...number(0x10008, 4), ...change], cie, options);
    assertEquals(set.map(({ address }) => address), [0x10000n, 0x10008n]);
    rejects(() => rowsOf([0x01, ...number(0xfff0, 4)], cie, options), "goes back");
  }
});

test("rows leave out what is overruled before any instruction", () => {
  const rows = rowsOf([0x0e, 16, 0x40, 0x0e, 24, 0x44, 0x0e, 32, 0x40, 0x0e, 40]);
  assertEquals(rows.map(({ cfa }) => cfa?.kind === "register" && cfa.offset), [24, 40]);
});

test("rows keep states apart that share rules", () => {
  const rows = rowsOf([
    [0x83, 2, 0x0a, 0x41], // r3, remember
    [0x83, 4, 0x0e, 64, 0x0a, 0x41], // r3 again, remember
    [0xc3, 0x84, 5, 0x41], // no r3, r4
    [0x0b, 0x41], // as at the second
    [0x86, 6, 0x0b, 0x85, 1, 0x41], // r6 is gone again: as at the first, and r5
    [0xd0],
  ].flat());
  const seen = rows.map(({ rules, cfa }) =>
    [...rules].filter(([register]) => register !== 16)
      .map(([register, rule]) => `${register}${formatRule(rule, 62)}`)
      .concat(formatCfa(cfa, 62)).join(" ")
  );
  assertEquals(seen, [
    "3c-16 rsp+8",
    "3c-32 rsp+64",
    "4c-40 rsp+64",
    "3c-32 rsp+64",
    "3c-16 5c-8 rsp+8",
    "3c-16 5c-8 rsp+8",
  ]);
});

test("rows know what AArch64 and SPARC make of one instruction", () => {
  const program = [0x2d, 0x41, 0x0a, 0x2d, 0x41, 0x0b];
  const signed = rowsOf(program, {}, { machine: 183 });
  assertEquals(signed.map((row) => row.signedReturnAddress), [true, false, true]);
  for (const kind of KINDS.filter(({ endian }) => endian === "big")) {
    const machine = kind.class === 64 ? 43 : 2;
    const rules = rowsOf([0x2d], {}, { ...kind, machine })[0]?.rules;
    assertEquals(rules?.get(8), { kind: "register", register: 24 });
    assertEquals(rules?.get(15), { kind: "register", register: 31 });
    assertEquals(rules?.get(31), { kind: "offset", offset: 15 * kind.class / 8 });
  }
  rejects(() => rowsOf([0x2d]), "is 0x2d, which is not known");
});

test("rows reject broken instructions, and nothing else of the entry does", () => {
  const broken: [program: number[], message: string][] = [
    [[0x3f], "is 0x3f, which is not known"],
    [[0x0b], "has nothing to restore"],
    [[0x0a, 0x0b, 0x0b], "has nothing to restore"],
    [[0x0f, 1, 0x30, 0x0d, 6], "changes a CFA of another kind"],
    [[0x0f, 1, 0x30, 0x0e, 6], "changes a CFA of another kind"],
    [[0x0f, 0x7f], "ends early"],
    [[0x10, 3, 0xff, 0xff, 0xff, 0xff, 0x0f], "ends early"],
    [[0x0e, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], "a number at"],
    [[0x83, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f], "a number at"],
    [[0x0e, ...new Array(10).fill(0x80), 0], "has more than 10 bytes"],
    [[0, 0, 0, 0x02], "ends early"],
    [[0, 0, 0, 0x0c], "ends early"],
    [
      Array.from({ length: 256 }, (_, i) => [0x08, ...leb128(i + 17)]).flat(),
      "more than 256 rules",
    ],
  ];
  for (const [program, message] of broken) {
    // To the end of the record: no padding may come to help.
    while (program.length % 4 !== 3) program.unshift(0);
    const image = buildUnwindImage({ cies: [{ fdes: [{ program }, {}] }] });
    const tables = tablesOf(image);
    assertEquals(tables.entries.map(({ size }) => size), [16n, 16n]);
    rejects(() => tables.entries[0]?.rows, message);
    rejects(() => tables.lookup(image.addresses[0] ?? 0n), message);
    assertEquals(tables.lookup(image.addresses[1] ?? 0n)?.cfa?.kind, "register");
  }
  const cie = { program: [0x3f], fdes: [{}] };
  rejects(() => tablesOf(buildUnwindImage({ cies: [cie] })).entries, "is 0x3f");
  rejects(() => rowsOf([0x0e, 16], { program: [0] }), "changes a CFA of another kind");
  assertEquals(rowsOf([], { program: [0] })[0]?.cfa, undefined);
  // LLVM's CIEs for MIPS start so.
  const mips = rowsOf([], { program: [0x0d, 29] })[0]?.cfa;
  assertEquals(mips, { kind: "register", register: 29, offset: 0 });
});

test("lookup() stops at its row: what is broken behind it does no harm", () => {
  const program = [0x0e, 16, 0x44, 0x0e, 24, 0x44, 0x3f]; // the last is no instruction
  const image = buildUnwindImage({ cies: [{ fdes: [{ program }] }] });
  const tables = tablesOf(image);
  const [start = 0n] = image.addresses;
  rejects(() => tables.entries[0]?.rows, "is 0x3f");
  const cfa = (distance: bigint) => tables.lookup(start + distance)?.cfa;
  for (const distance of [0n, 3n]) {
    assertEquals(cfa(distance), { kind: "register", register: 7, offset: 16 });
  }
  for (const distance of [4n, 7n]) {
    assertEquals(cfa(distance), { kind: "register", register: 7, offset: 24 });
  }
  rejects(() => cfa(8n), "is 0x3f");
});

/** Programs of many rows, each of which differs from the one before in one of 250 rules. */
const MANY_ROWS: Record<string, (row: number) => number[]> = {
  // DW_CFA_advance_loc, DW_CFA_offset
  "changes a rule": (row) => [0x41, 0x80 | row % 64, row % 128],
  // DW_CFA_advance_loc, DW_CFA_remember_state, DW_CFA_offset, DW_CFA_restore_state
  "changes a rule of one state": (row) => [0x0a, 0x80 | row % 64, row % 128, 0x41, 0x0b],
  // DW_CFA_advance_loc, DW_CFA_same_value of a register that takes two bytes
  "changes a rule of a higher register": (row) => [0x41, 0x08, ...leb128(128 + row % 120)],
  // DW_CFA_GNU_window_save, DW_CFA_advance_loc, DW_CFA_restore
  "saves the window of SPARC": (row) => [0x2d, 0x41, 0xc0 | 8 + row % 24],
};

for (const [what, instructions] of Object.entries(MANY_ROWS)) {
  test(`rows take memory in proportion to the image when each ${what}`, () => {
    const registers = Array.from({ length: 250 }, (_, register) => [0x08, ...leb128(register)]);
    const program: number[] = [];
    for (let row = 0; program.length < 300_000; row++) program.push(...instructions(row));
    const { bytes } = buildUnwindImage({
      machine: 43,
      endian: "big",
      cies: [{ program: registers.flat(), fdes: [{ program, size: 1n << 20n }] }],
    });
    const before = process.memoryUsage().rss;
    const rows = tablesOf(bytes).entries[0]?.rows ?? fail("no entry");
    // A map of 250 rules takes more than 1500 bytes for each byte of such an image.
    assertLess((process.memoryUsage().rss - before) / bytes.length, 700);
    assertGreater(rows.length, 50_000);
    for (const row of [0, 1, 1000, rows.length - 1]) assertEquals(rows.at(row)?.rules.size, 250);
  });
}
