import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { parseUnwind } from "../../../elf/mod.ts";
import { buildUnwindImage } from "../../fixtures/unwind_images.ts";
import { FORMATS, KINDS, rejects, tablesOf } from "../../fixtures/unwind_samples.ts";

test("parseUnwind() reads .eh_frame_hdr in every encoding", () => {
  const cies = [{ fdes: [{ address: 0x7900n }, { address: 0x7000n, size: 4n }, {}] }];
  for (const kind of KINDS) {
    for (const [format, code] of Object.entries(FORMATS)) {
      for (const relative of [0x00, 0x10, 0x30]) {
        const label = `${format} ${relative} ELF${kind.class} ${kind.endian}`;
        const varies = format.endsWith("leb128");
        for (
          const header of [
            { frames: code | relative },
            { count: code },
            { table: code | relative },
          ]
        ) {
          const image = buildUnwindImage({ ...kind, vaddr: 0n, cies, header });
          const tables = tablesOf(image);
          assertEquals(tables.source, "program header");
          // Who searches needs pointers of one size: all others go through .eh_frame.
          assertEquals(tables.searchTable, header.table === undefined || !varies, label);
          const found = tables.entries.map(({ address }) => address);
          const sorted = [0x7000n, 0x7004n, 0x7900n];
          assertEquals(found, tables.searchTable ? sorted : [0x7900n, 0x7000n, 0x7004n], label);
          for (const address of sorted) assertEquals(tables.find(address)?.address, address);
        }
      }
    }
  }
});

test("parseUnwind() does without a search table when the header has none", () => {
  for (const header of [{ count: 0xff }, { table: 0xff }, { count: 0xff, table: 0xff }]) {
    for (const terminator of [true, false]) {
      const image = buildUnwindImage({ header, terminator, cies: [{ fdes: [{}, {}] }] });
      const tables = tablesOf(image);
      assertEquals([tables.source, tables.searchTable], ["program header", false]);
      assertEquals(tables.entries.map(({ address }) => address), [...image.addresses]);
      assertEquals(tables.find((image.addresses[1] ?? 0n) + 5n)?.offset, image.fdes[1]);
    }
  }
});

test("entries, find() and lookup() reject a broken search table", () => {
  const fresh = () => buildUnwindImage({ cies: [{ fdes: [{}, {}] }] });
  const { table, header, addresses: [first = 0n, second = 0n] } = fresh();
  const pair = (index: number) => table + 8 * index;
  const swapped = fresh();
  const [one, other] = [0, 1].map((i) => swapped.bytes.slice(pair(i), pair(i) + 8));
  swapped.bytes.set(other ?? [], pair(0));
  swapped.bytes.set(one ?? [], pair(1));
  rejects(() => tablesOf(swapped).entries, "is not sorted");

  const wrong = fresh().put(pair(0), 4, Number(first) - 0x100000 - header + 1);
  rejects(() => tablesOf(wrong).entries, "disagrees with the entry");
  rejects(() => tablesOf(wrong).find(first + 1n), "disagrees with the entry");
  assertEquals(tablesOf(wrong).find(second)?.address, second);

  for (const place of [-header, 0x7fff0000, -0x80000000]) {
    const outside = fresh().put(pair(1) + 4, 4, place);
    rejects(() => tablesOf(outside).entries, "points out of .eh_frame");
    rejects(() => tablesOf(outside).find(second), "points out of .eh_frame");
    assertEquals(tablesOf(outside).find(first)?.address, first);
  }
  const cie = fresh();
  cie.put(pair(0) + 4, 4, cie.frames - header);
  rejects(() => tablesOf(cie).entries, "disagrees with the entry");

  rejects(
    () => parseUnwind(fresh().put(header, 1, 2).bytes),
    "the version of .eh_frame_hdr",
    header,
  );
  for (const count of [3, 0x10000, 0xffffffff]) {
    rejects(
      () => parseUnwind(fresh().put(header + 8, 4, count).bytes),
      "the search table at",
      table,
    );
  }
  rejects(() => parseUnwind(fresh().put(header + 4, 4, 0x7fffffff).bytes), "no PT_LOAD has");
  rejects(() => parseUnwind(fresh().put(64 + 56 + 32, 8, 5).bytes), "PT_GNU_EH_FRAME at");
  rejects(() => parseUnwind(fresh().put(64 + 56 + 8, 8, 1 << 20).bytes), "PT_GNU_EH_FRAME at");
  const empty = tablesOf(fresh().put(header + 8, 4, 0));
  assertEquals([empty.entries.length, empty.find(first)], [0, undefined]);
});
