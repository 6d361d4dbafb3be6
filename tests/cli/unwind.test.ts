// npm test: node26 (data in, data out)
import { assertEquals, assertStringIncludes, assertThrows, fail } from "@std/assert";
import { test } from "node:test";
import { printUnwind, reportUnwind, unwindCommand } from "../../cli/unwind.ts";
import { parseUnwind } from "../../elf/mod.ts";
import { inspect, UnsupportedError } from "../../mod.ts";
import { buildUnwindImage } from "../fixtures/unwind_images.ts";
import { tablesOf } from "../fixtures/unwind_samples.ts";

test("unwindCommand() prints the tables of the vDSO", () => {
  const info = inspect();
  const report = reportUnwind(info);
  // aarch64's, for instance.
  if (report === undefined) return assertEquals(parseUnwind(info.image), undefined);
  const text = unwindCommand({ json: false });
  assertEquals(text, printUnwind(report));
  const { entries, source } = JSON.parse(unwindCommand({ json: true })) as {
    source: string;
    entries: { symbols: string[]; address: string; rows: { address: string; cfa: string }[] }[];
  };
  assertEquals(source, report.source);
  assertEquals(entries.length, tablesOf(info.image).entries.length);
  const clock =
    entries.find(({ symbols }) =>
      symbols.some((name) => /^__(vdso|kernel)_clock_gettime$/.test(name))
    ) ?? fail("no clock_gettime");
  const { value } = info.symbols.find(({ name }) => clock.symbols.includes(name)) ?? fail();
  assertEquals(BigInt(clock.address), value);
  for (const { address, cfa } of clock.rows) assertStringIncludes(text, `${address}`, cfa);
});

test("reportUnwind() names return addresses and signal frames, and says where there is nothing", () => {
  const { bytes } = buildUnwindImage({
    vaddr: 0n,
    cies: [{ augmentation: "zRS", data: [0x1b], fdes: [{ program: [0x44, 0x0e, 16, 0x86, 2] }] }],
  });
  const info = { image: bytes, machine: 62, symbols: [] };
  const report = reportUnwind(info) ?? fail();
  assertEquals(report.entries[0]?.rows, [
    { address: 0x10000n, cfa: "rsp+8", rules: { rbp: "u", ra: "c-8" } },
    { address: 0x10004n, cfa: "rsp+16", rules: { rbp: "c-16", ra: "c-8" } },
  ]);
  assertEquals(
    printUnwind(report).split("\n").map((line) => line.trimEnd()),
    [
      "1 entries, found by the program header, with a search table",
      "",
      "0x10000..0x10010  signal frame",
      "LOC      CFA     rbp   ra",
      "0x10000  rsp+8   u     c-8",
      "0x10004  rsp+16  c-16  c-8",
    ],
  );
  // On RISC-V a register of that name may not be the return address's.
  const riscv = buildUnwindImage({
    machine: 243,
    cies: [{ returnAddress: [5], program: [0x0c, 2, 0, 0x85, 1], fdes: [{ program: [0x81, 2] }] }],
  });
  const rules = reportUnwind({ ...info, image: riscv.bytes, machine: 243 })?.entries[0]?.rows[0]
    ?.rules;
  assertEquals(rules, { ra: "c-16", t0: "c-8" });
  const none = buildUnwindImage({ header: null, sections: false });
  const vdso = { ...info, image: none.bytes };
  assertEquals(reportUnwind(vdso), undefined);
  for (const json of [false, true]) {
    const command = () => unwindCommand({ json }, vdso);
    assertThrows(command, UnsupportedError, "This vDSO has no unwind tables");
  }
  // A CIE may leave everything to its entries.
  const bare = buildUnwindImage({ cies: [{ program: [0], fdes: [{}] }] });
  const [entry] = reportUnwind({ ...info, image: bare.bytes })?.entries ?? [];
  assertEquals(entry?.rows.map(({ cfa, rules }) => ({ cfa, rules })), [{ cfa: "u", rules: {} }]);
});
