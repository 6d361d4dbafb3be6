import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { buildUnwindImage, type CieOptions, leb128 } from "../../fixtures/unwind_images.ts";
import { KINDS, rejects, tablesOf } from "../../fixtures/unwind_samples.ts";

test("parseUnwind() reads every augmentation", () => {
  const personality = [0x9b, 0x10, 0, 0, 0]; // indirect, pcrel, sdata4
  for (const kind of KINDS) {
    const big = kind.endian === "big";
    const image = buildUnwindImage({
      ...kind,
      cies: [
        {
          augmentation: "zPLRSB",
          data: [...big ? [0x9b, 0, 0, 0, 0x10] : personality, 0x1b, 0x1b],
          fdes: [{ data: big ? [0, 0, 0, 8] : [8, 0, 0, 0] }, { data: [0, 0, 0, 0] }],
        },
        {
          augmentation: "zPR",
          data: [0x00, ...new Array(kind.class / 8).fill(0), 0x1b],
          fdes: [{}],
        },
        { augmentation: "zPR", data: [0xff, 0x1b], fdes: [{}] },
        { augmentation: "zL", data: [0xff], encoding: 0, fdes: [{ data: [1, 2, 3] }] },
        { augmentation: "z", encoding: 0, fdes: [{ data: [1, 2, 3] }] },
        { augmentation: "", encoding: 0, fdes: [{ program: [0x40 | 4, 0x0e, 16] }] },
        { augmentation: "S", encoding: 0, fdes: [{}] },
        { augmentation: "eh", extra: new Array(kind.class / 8).fill(7), encoding: 0, fdes: [{}] },
      ],
    });
    const { entries } = tablesOf(image);
    assertEquals(entries.map(({ address }) => address), [...image.addresses]);
    const [first, second] = entries;
    const field = BigInt((image.cies[0] ?? 0) + 4 + 4 + 1 + 7 + 3 + 1 + 1);
    assertEquals(first?.common, second?.common);
    assertEquals(first?.common.personality, {
      address: 0x100000n + field + 0x10n,
      indirect: true,
    });
    // Behind the length, the CIE pointer, the address, the size, and the length of the data.
    assertEquals(first?.languageData, 0x100000n + BigInt((image.fdes[0] ?? 0) + 17) + 8n);
    assertEquals(second?.languageData, undefined);
    assertEquals([first?.common.signalFrame, first?.common.keyB], [true, true]);
    for (const { common } of entries.slice(2)) assertEquals(common.personality, undefined);
    assertEquals(entries.map(({ common }) => common.signalFrame).lastIndexOf(true), 7);
    assertEquals(entries.map(({ common }) => common.offset).slice(1), [...image.cies]);
    for (const { rows, address } of entries) {
      assertEquals(rows[0]?.cfa, { kind: "register", register: 7, offset: 8 });
      assertEquals(rows[0]?.address, address);
    }
    assertEquals(entries[6]?.rows.length, 2);
  }
});

test("parseUnwind() refuses what it does not know of a CIE", () => {
  const cie = (options: CieOptions) => {
    const image = buildUnwindImage({ cies: [{ ...options, fdes: [{}] }] });
    return { ask: () => tablesOf(image).entries, at: image.cies[0] ?? 0 };
  };
  const letter = cie({ augmentation: "zRX", data: [0x1b] });
  rejects(letter.ask, 'has the unknown augmentation "zRX"', letter.at);
  for (const version of [0, 2, 5]) rejects(cie({ version }).ask, "the CIE's version at");
  const [good, wrong] = [[8, 0], [4, 0]];
  const column = { version: 4, returnAddress: leb128(300) };
  assertEquals(cie({ ...column, extra: good }).ask()[0]?.common.returnAddress, 300);
  assertEquals(cie({ ...column, version: 3 }).ask()[0]?.common.returnAddress, 300);
  rejects(cie({ version: 4, extra: wrong }).ask, "address size");
  rejects(cie({ version: 4, extra: [8, 1] }).ask, "segment selector size");
});
