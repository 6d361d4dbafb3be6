import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { parseUnwind } from "../../../elf/mod.ts";
import { buildUnwindImage } from "../../fixtures/unwind_images.ts";
import { FORMATS, KINDS, rejects, tablesOf } from "../../fixtures/unwind_samples.ts";

test("parseUnwind() reads the pointers of FDEs in every encoding", () => {
  for (const kind of KINDS) {
    for (const [format, code] of Object.entries(FORMATS)) {
      for (const relative of [0x00, 0x10]) {
        const label = `${format} ${relative} ELF${kind.class} ${kind.endian}`;
        const image = buildUnwindImage({
          ...kind,
          vaddr: 0n,
          cies: [{
            encoding: code | relative,
            fdes: [{ address: 0x7000n, size: 0x40n }, { address: 0x7080n, size: 0xfff0n }],
          }],
        });
        const { entries } = tablesOf(image);
        const found = entries.map(({ address, size }) => [address, size]);
        assertEquals(found, [[0x7000n, 0x40n], [0x7080n, 0xfff0n]], label);
        assertEquals(entries.map(({ offset }) => offset), [...image.fdes], label);
      }
    }
  }
});

test("parseUnwind() reads pointers that go back, and addresses near the end", () => {
  for (const kind of KINDS) {
    const top = kind.class === 32 ? 0xffffe000n : 0xffffffffff700000n;
    const { absptr, sleb128, sdata2, sdata4, sdata8 } = FORMATS;
    for (const code of [absptr, sleb128, sdata2, sdata4, sdata8]) { // absptr wraps around
      const image = buildUnwindImage({
        ...kind,
        vaddr: top,
        cies: [{ encoding: 0x10 | code, fdes: [{ address: top - 0x100n }] }],
      });
      const tables = tablesOf(image);
      assertEquals(tables.entries.map(({ address }) => address), [top - 0x100n]);
      assertEquals(tables.find(top - 0xf1n)?.address, top - 0x100n);
      assertEquals(tables.find(top - 0xf0n), undefined);
    }
  }
});

test("parseUnwind() refuses pointers that cannot be followed", () => {
  const cie = (encoding: number) => buildUnwindImage({ cies: [{ encoding, fdes: [{}] }] });
  // textrel, datarel in .eh_frame, funcrel, aligned, indirect, omitted.
  for (const encoding of [0x2b, 0x3b, 0x4b, 0x50, 0x9b, 0xff]) {
    const image = cie(encoding);
    rejects(() => tablesOf(image).entries, `has the encoding 0x${encoding.toString(16)}`);
    rejects(() => tablesOf(image).find(image.addresses[0] ?? 0n), "cannot be followed");
  }
  for (const encoding of [0x05, 0x16, 0x1f]) {
    rejects(() => tablesOf(cie(encoding)).entries, "has the format");
  }
  for (const frames of [0x2b, 0x9b, 0xff]) {
    rejects(() => parseUnwind(buildUnwindImage({ header: { frames } }).bytes), "has the encoding");
  }
  const image = buildUnwindImage();
  rejects(() => parseUnwind(image.put(image.header + 3, 1, 0xbb).bytes)?.entries, "0xbb");
  const none = buildUnwindImage({ cies: [{ encoding: 0x03, fdes: [{ address: 0n }] }], vaddr: 0n });
  rejects(() => tablesOf(none).entries, "is null");
});
