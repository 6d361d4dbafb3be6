import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ElfError, parseElf } from "../../elf/mod.ts";
import { buildImage } from "../fixtures/elf_images.ts";
import { CLASSES, ENDIANS, everyKind, names, VDSO, withSymbols } from "../fixtures/elf_samples.ts";
import { gnuHash, sysvHash } from "../fixtures/elf_writer.ts";

test("elf_images.ts hashes as published", () => {
  // https://flapenguin.me/elf-dt-hash, https://flapenguin.me/elf-dt-gnu-hash
  assertEquals(["", "printf", "exit", "syscall"].map(sysvHash), [0, 0x77905a6, 0x6cf04, 0xb09985c]);
  assertEquals(gnuHash(""), 5381);
  const expected = [0x156b2bb8, 0x7c967e3f, 0xbac212a0];
  assertEquals(["printf", "exit", "syscall"].map(gnuHash), expected);
});

test("parseElf() reads DT_HASH words of 8 bytes in 64-bit s390x and Alpha images", () => {
  for (const machine of [22, 0x9026]) {
    for (const endian of ENDIANS) {
      const wide = buildImage({ ...VDSO, machine, endian, hash: ["sysv"] });
      assertEquals(parseElf(wide.bytes).lookup("time")?.name, "time");
      assertEquals(parseElf(wide.bytes).symbols().length, 4);
      const narrow = buildImage({ ...VDSO, machine, endian, hash: ["sysv"], class: 32 });
      assertEquals(parseElf(narrow.bytes).lookup("time")?.name, "time");
    }
  }
});

test("parseElf() skips a Bloom filter of any length", () => {
  for (const bits of CLASSES) {
    const built = buildImage({ ...VDSO, class: bits, hash: ["gnu"], bloom: 4 });
    assertEquals(parseElf(built.bytes).lookup("time")?.name, "time");
  }
});

test("lookup() follows chains past other names of one bucket", () => {
  const many = Array.from({ length: 40 }, (_, i) => ({ name: `function_number_${i * i}` }));
  for (const { options } of everyKind()) {
    const image = parseElf(buildImage({ ...options, symbols: many, buckets: 3 }).bytes);
    for (const { name } of many) assertEquals(image.lookup(name)?.name, name);
    assertEquals(image.lookup("function_number_2"), undefined);
    assertEquals(names(image.symbols()), many.map(({ name }) => name).sort());
  }
});

test("lookup() hashes names so long that the hash wraps around", () => {
  const symbols = [{ name: "\xff".repeat(50) }, { name: "z".repeat(300) }];
  for (const { options } of everyKind()) {
    const image = parseElf(buildImage({ ...options, symbols, buckets: 7 }).bytes);
    for (const { name } of symbols) assertEquals(image.lookup(name)?.name, name);
  }
});

test("lookup() rejects a cyclic chain in DT_HASH", () => {
  for (const machine of [62, 22]) {
    const built = withSymbols([{ name: "f" }, { name: "g" }], { buckets: 1, machine });
    const width = machine === 22 ? 8 : 4;
    const chains = built.part("DT_HASH") + 3 * width;
    built.put(chains + width, width, 2).put(chains + 2 * width, width, 1);
    const image = parseElf(built.bytes);
    assertEquals(image.lookup("f")?.name, "f");
    assertThrows(() => image.lookup("h"), ElfError, "does not end");
    built.put(chains + width, width, 3); // as many symbols as there are
    assertThrows(() => parseElf(built.bytes).lookup("h"), ElfError, "leads to 3");
  }
});

test("lookup() and symbols() reject a chain in DT_GNU_HASH that does not end", () => {
  const built = buildImage({ symbols: [{ name: "f" }], hash: ["gnu"] });
  const table = built.part("code"); // a table at the end of the segment, whose chains are zeros
  built.put(built.entry("DT_GNU_HASH"), 8, table);
  built.put(table, 4, 1).put(table + 4, 4, 1).put(table + 16, 4, 1);
  const image = parseElf(built.bytes);
  assertThrows(() => image.lookup("g"), ElfError, "DT_GNU_HASH at");
  assertThrows(() => image.symbols(), ElfError, "ends early");
});

test("lookup() rejects a bucket of DT_GNU_HASH that starts before the hashed symbols", () => {
  const built = buildImage({ symbols: [{ name: "f" }], hash: ["gnu"], buckets: 1 });
  built.put(built.part("DT_GNU_HASH") + 4, 4, 2);
  const image = parseElf(built.bytes);
  assertThrows(() => image.lookup("f"), ElfError, "has symbol 1 before 2");
  assertThrows(() => image.symbols(), ElfError, "has symbol 1 before 2");
});

test("symbols() rejects a table that claims more symbols than there are bytes", () => {
  const built = buildImage({ ...VDSO, hash: ["gnu"], symbols: [] });
  built.put(built.part("DT_GNU_HASH") + 4, 4, 0xffffffff); // symoffset
  assertThrows(() => parseElf(built.bytes).symbols(), ElfError, "DT_SYMTAB");
});
