import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ElfError, imageSize, parseElf } from "../../elf/mod.ts";
import { Table } from "../../elf/table.ts";
import { buildImage } from "../fixtures/elf_images.ts";
import { VDSO, withSymbols } from "../fixtures/elf_samples.ts";
import { inOtherRealm } from "../fixtures/other_realm.ts";

test("parseElf() reads a view that starts within its buffer", () => {
  const { bytes } = buildImage(VDSO);
  const buffer = new Uint8Array(bytes.length + 7);
  buffer.set(bytes, 3);
  const image = parseElf(buffer.subarray(3, 3 + bytes.length));
  assertEquals(image.lookup("time"), parseElf(bytes).lookup("time"));
});

test("parseElf() gives names one character a byte", () => {
  const image = parseElf(withSymbols([{ name: "caf\u00c3\u00a9" }]).bytes);
  assertEquals(image.lookup("caf\u00c3\u00a9")?.name, "caf\u00c3\u00a9");
  assertEquals(image.lookup("caf\u01c3\u00a9"), undefined);
});

test("parseElf() and imageSize() reject an argument that is not a Uint8Array", () => {
  for (
    const [value, type] of [
      [undefined, "Undefined"],
      [null, "Null"],
      ["\x7fELF", "String"],
      [[0x7f], "Array"],
      [new ArrayBuffer(64), "ArrayBuffer"],
      [new DataView(new ArrayBuffer(64)), "DataView"],
      [new Uint16Array(64), "Uint16Array"],
    ] as const
  ) {
    const message = `must be a Uint8Array, got ${type}`;
    assertThrows(() => parseElf(value as never), TypeError, `"bytes" ${message}`);
    assertThrows(() => imageSize(value as never), TypeError, `"head" ${message}`);
  }
});

/** Bytes 0x01 to 0x0f, which start at 0x100 of the image. */
function table(wide: boolean, little: boolean): Table {
  return new Table(
    "the table",
    0x100,
    Uint8Array.from({ length: 15 }, (_, i) => i + 1),
    wide,
    little,
  );
}

test("Table reads numbers of its class and byte order", () => {
  const [little, big] = [table(true, true), table(true, false)];
  assertEquals([little.u8(1), little.u16(1), little.u32(1)], [2, 0x0302, 0x05040302]);
  assertEquals([big.u8(1), big.u16(1), big.u32(1)], [2, 0x0203, 0x02030405]);
  assertEquals(little.address(1), 0x0908070605040302n);
  assertEquals(big.address(1), 0x0203040506070809n);
  assertEquals(table(false, true).address(1), 0x05040302n);
  assertEquals(table(false, false).word(1), 0x02030405);
  const bytes = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0);
  assertEquals(new Table("n", 0, bytes, true, true).word(0), Number.MAX_SAFE_INTEGER);
  assertEquals(new Table("n", 0, bytes.toReversed(), true, false).word(0), Number.MAX_SAFE_INTEGER);
  bytes.fill(0).set([0x20], 6);
  const error = assertThrows(() => new Table("n", 8, bytes, true, true).word(0), ElfError);
  assertEquals(error.message, "Cannot read the ELF image: n at 0x8 has 0x20000000000000");
});

test("Table reads up to its last byte, and nothing behind it", () => {
  const reads: [size: number, read: (table: Table, at: number) => unknown][] = [
    [1, (table, at) => table.u8(at)],
    [2, (table, at) => table.u16(at)],
    [4, (table, at) => table.u32(at)],
    [8, (table, at) => table.address(at)],
    [5, (table, at) => table.bytes(at, 5)],
    [5, (table, at) => table.part("a part", at, 5).bytes(0, 5)],
  ];
  for (const little of [true, false]) {
    for (const [size, read] of reads) {
      const whole = table(true, little);
      read(whole, 15 - size);
      for (const at of [16 - size, 15, 1000, Number.MAX_SAFE_INTEGER]) {
        const error = assertThrows(() => read(whole, at), ElfError, "Cannot read the ELF image: ");
        assertEquals(error.offset, Math.min(0x100 + at, Number.MAX_SAFE_INTEGER));
      }
    }
    assertThrows(() => table(true, little).word(8), ElfError, "ends early");
  }
});

test("part() is bounded by itself, and says its own name and place", () => {
  const part = table(true, true).part("a part", 3, 4);
  assertEquals([part.name, part.start, part.size, part.u8(0)], ["a part", 0x103, 4, 4]);
  const message = "a part at 0x107 ends early: 1 bytes wanted, the end is at 0x107";
  assertThrows(() => part.u8(4), ElfError, message);
  const wider = "another at 0x103 has 0x5 bytes, but a part has 0x4";
  assertThrows(() => part.part("another", 0, 5), ElfError, wider);
});

test("strings end with a zero byte", () => {
  const text = new Table("text", 0, Uint8Array.of(0x61, 0x62, 0, 0x63), true, true);
  assertEquals([text.endOfString(0), text.endOfString(2)], [2, 2]);
  for (const at of [3, 4, 100]) assertThrows(() => text.endOfString(at), ElfError, "no string");
  assertEquals(["ab", "a", "abc", "ab\0", ""].map((s) => text.stringIs(0, s)), [
    true,
    false,
    false,
    false,
    false,
  ]);
  assertEquals([text.stringIs(1, "b"), text.stringIs(2, "")], [true, true]);
  assertThrows(() => text.stringIs(3, "c"), ElfError, "ends early");
  const two = new Table("two strings", 0, Uint8Array.of(0x61, 0, 0x62, 0), true, true);
  assertEquals(["a", "a\0b"].map((s) => two.stringIs(0, s)), [true, false]);
});

test("parseElf() takes bytes of another realm", () => {
  const bytes = inOtherRealm<Uint8Array>("new Uint8Array(64)");
  assert(!(bytes instanceof Uint8Array));
  assertThrows(() => parseElf(bytes), ElfError);
});
