import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { parseUnwind } from "../../../elf/mod.ts";
import {
  buildUnwindImage,
  leb128,
  type UnwindImage,
  type UnwindImageOptions,
} from "../../fixtures/unwind_images.ts";
import { KINDS, rejects, tablesOf } from "../../fixtures/unwind_samples.ts";

/** An image whose .eh_frame ends with no terminator: machine code comes next, as in x86 vDSOs. */
function withCodeBehind(options: UnwindImageOptions): UnwindImage {
  // A last CIE whose length is broken stands for code.
  const image = buildUnwindImage({
    ...options,
    terminator: false,
    cies: [{ fdes: [{}, {}] }, {}],
  });
  return image.put(image.cies[1] ?? 0, 4, 0x90909090);
}

test("parseUnwind() is not led astray by code behind .eh_frame", () => {
  const tables = tablesOf(withCodeBehind({}));
  assertEquals(tables.entries.length, 2);

  // Without a search table, it is the section header that says where .eh_frame ends.
  const image = withCodeBehind({ header: { count: 0xff } });
  rejects(() => tablesOf(image).entries, "a record of .eh_frame");
  const size = image.sections + 64 + 32;
  image.put(size, 8, (image.cies[1] ?? 0) - image.frames);
  assertEquals(tablesOf(image).entries.length, 2);
});

test("parseUnwind() finds .eh_frame by its section header when there is no other way", () => {
  for (const kind of KINDS) {
    for (const terminator of [true, false]) {
      const options = { ...kind, terminator, header: null, cies: [{ fdes: [{}, {}] }] };
      const tables = tablesOf(buildUnwindImage(options));
      assertEquals([tables.source, tables.searchTable], ["section header", false]);
      assertEquals(tables.entries.length, 2);
      assertEquals(parseUnwind(buildUnwindImage({ ...options, sections: false }).bytes), undefined);
    }
  }
  // A PT_GNU_EH_FRAME of nothing, as s390x vDSOs have it, is as none.
  for (const sections of [true, false]) {
    const image = buildUnwindImage({ sections });
    for (const field of [8, 16, 32, 40]) image.put(64 + 56 + field, 8, 0);
    assertEquals(parseUnwind(image.bytes)?.source, sections ? "section header" : undefined);
  }
});

test("parseUnwind() gives undefined when section headers are missing or make no sense", () => {
  const fresh = () => buildUnwindImage({ header: null });
  const { sections, bytes } = fresh();
  assert(parseUnwind(bytes) !== undefined);
  const broken: [what: string, UnwindImage][] = [
    ["e_shoff", fresh().put(40, 8, 0)],
    ["e_shoff", fresh().put(40, 8, 1 << 20)],
    ["e_shoff", fresh().put(40, 8, -1)],
    ["e_shentsize", fresh().put(58, 2, 40)],
    ["e_shnum", fresh().put(60, 2, 0)],
    ["e_shnum", fresh().put(60, 2, 0xffff)],
    ["e_shstrndx", fresh().put(62, 2, 4)],
    ["sh_offset of .shstrtab", fresh().put(sections + 3 * 64 + 24, 8, 1 << 20)],
    ["sh_offset of .shstrtab", fresh().put(sections + 3 * 64 + 24, 8, -1)],
    ["sh_name of .eh_frame", fresh().put(sections + 64, 4, 0xffffffff)],
    ["sh_name of .eh_frame", fresh().put(sections + 64, 4, 11)], // .eh_frame_hdr
  ];
  for (const [what, image] of broken) assertEquals(parseUnwind(image.bytes), undefined, what);
  // As dumped without what lies behind the PT_LOAD.
  assertEquals(parseUnwind(bytes.subarray(0, sections)), undefined);
  rejects(() => parseUnwind(fresh().put(sections + 64 + 16, 8, 8).bytes), "no PT_LOAD has");
  rejects(() => parseUnwind(fresh().put(sections + 64 + 32, 8, 1 << 20).bytes), "no PT_LOAD has");
});

test("entries, find() and lookup() reject broken records", () => {
  const fresh = () => buildUnwindImage({ cies: [{ fdes: [{}, {}] }] });
  const { fdes: [fde = 0], cies: [cie = 0], addresses: [address = 0n], frames } = fresh();
  const broken: [message: string, UnwindImage][] = [
    ["a record of .eh_frame", fresh().put(fde, 4, 0x10000)],
    ["has an extended length", fresh().put(fde, 4, 0xffffffff)],
    ["ends early", fresh().put(fde, 4, 6)],
    ["ends early", fresh().put(fde, 4, 2)],
    ["the augmentation data", fresh().put(fde + 16, 1, 0x7f)],
    ["is before .eh_frame", fresh().put(fde + 4, 4, 0x10000)],
    ["has the CIE ID", fresh().put(fde + 4, 4, 4)],
    ["has the CIE ID", fresh().put(cie + 4, 4, 4)],
    ["the CIE's version", fresh().put(cie + 8, 1, 9)],
    ["the augmentation data", fresh().put(cie + 15, 1, 0x7f)],
  ];
  assertEquals(cie, frames);
  const short = fresh().put(cie, 4, 6);
  rejects(() => tablesOf(short).entries, "has no string that ends");
  for (const [message, image] of broken) {
    for (const header of [true, false]) {
      // Without the program header, by the section's.
      if (!header) image.put(64 + 56, 4, 0);
      rejects(() => tablesOf(image).entries, message);
      rejects(() => tablesOf(image).lookup(address), message);
    }
  }
});

test("entries rejects CIEs that overlap", () => {
  // CIEs in the augmentation data of one another.
  const data: number[] = new Array(600).fill(0);
  const cie = [...[400, 0].flatMap((n) => [n & 0xff, n >> 8, 0, 0]), 1, 0x7a, 0, 1, 0x78, 16];
  for (const at of [100, 150]) data.splice(at, 16, ...cie, ...leb128(388));
  const cies = buildUnwindImage({
    cies: [{ augmentation: "z", encoding: 0, data, fdes: [{}, {}] }],
  });
  const [first = 0] = cies.cies;
  const inner = cies.bytes.findIndex((_, i) =>
    i > first && cie.every((n, j) => cies.bytes[i + j] === n)
  );
  const point = (index: number, at: number) => {
    const field = (cies.fdes[index] ?? 0) + 4;
    cies.put(field, 4, field - at);
  };
  point(0, inner);
  point(1, inner);
  assertEquals(tablesOf(cies).entries.length, 2);
  point(1, inner + 50);
  rejects(() => tablesOf(cies).entries, "overlaps others");
});
