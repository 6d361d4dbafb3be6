import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ElfError, imageSize, parseElf } from "../../elf/mod.ts";
import { buildImage } from "../fixtures/elf_images.ts";
import { CLASSES, ENDIANS, everyKind, rejects, VDSO } from "../fixtures/elf_samples.ts";

test("parseElf() rejects an ELF header with any field out of range", () => {
  for (const bits of CLASSES) {
    for (const endian of ENDIANS) {
      const fresh = () => buildImage({ ...VDSO, class: bits, endian });
      const { word, bytes } = fresh();
      const field = fresh().header.bind(fresh());
      rejects(new Uint8Array(0), "e_ident at 0x0 has 0 bytes", 0);
      rejects(new Uint8Array(4096), "magic number at 0x0 is 0x0, expected 0x7f454c46", 0);
      for (const [at, value, message] of [[4, 3, "EI_CLASS"], [5, 0, "EI_DATA"]] as const) {
        rejects(fresh().put(at, 1, value), `${message} at`, at);
      }
      rejects(fresh().put(3, 1, 0), "magic number", 0);
      rejects(fresh().put(6, 1, 2), "EI_VERSION at 0x6 is 0x2, expected 0x1", 6);
      rejects(fresh().put(7, 1, 9), "EI_OSABI at 0x7 is 0x9, expected 0x0 or 0x3", 7);
      parseElf(fresh().put(7, 1, 3).bytes);
      for (const type of [0, 1, 2, 4]) {
        rejects(fresh().put(field("e_type"), 2, type), "e_type at 0x10", 16);
      }
      rejects(fresh().put(field("e_version"), 4, 0), "e_version", 20);
      rejects(fresh().put(field("e_ehsize"), 2, 60), "e_ehsize", field("e_ehsize"));
      rejects(fresh().put(field("e_phentsize"), 2, 40), "e_phentsize", field("e_phentsize"));
      for (const count of [0, 3000, 0xffff]) {
        rejects(fresh().put(field("e_phnum"), 2, count), "e_phnum", field("e_phnum"));
      }
      rejects(fresh().put(field("e_phnum"), 2, 1000), "the program header table at");
      rejects(fresh().put(field("e_phoff"), word, 0), "e_phoff", field("e_phoff"));
      rejects(fresh().put(field("e_phoff"), word, bytes.length), "the program header table at");
      rejects(fresh().put(field("e_phoff"), word, -1), bits === 32 ? "header table" : "0x1000000");
    }
  }
});

test("parseElf() rejects PT_LOADs that overlap, wrap around or leave the image", () => {
  for (const bits of CLASSES) {
    for (const endian of ENDIANS) {
      const options = { ...VDSO, class: bits, endian, codeBias: 0x1000n };
      const broken = (index: number, field: "p_offset" | "p_vaddr" | "p_filesz" | "p_memsz") => {
        const built = buildImage(options);
        const { word } = built;
        const at = built.programHeader(index, field);
        return { built, at, set: (value: bigint | number) => built.put(at, word, value) };
      };
      const start = broken(0, "p_offset").built.programHeader(1, "p_type");
      rejects(broken(1, "p_offset").set(0x10000), "PT_LOAD at", start);
      rejects(broken(1, "p_vaddr").set(8), "starts below the end of the one before", start);
      rejects(broken(0, "p_vaddr").set(0x100000), "starts below the end of the one before", start);
      rejects(broken(1, "p_memsz").set(1), "above p_memsz 0x1", start);
      rejects(broken(1, "p_vaddr").set(-8), "wraps around", start);
      rejects(broken(0, "p_filesz").set(0x7fffffff), "PT_LOAD at");
      const all = (1n << BigInt(bits)) - 1n;
      for (const field of ["p_offset", "p_filesz"] as const) {
        rejects(broken(0, field).set(all), "at");
      }
      const exact = broken(1, "p_vaddr");
      const size = exact.built.get(exact.built.programHeader(1, "p_memsz"), exact.built.word);
      assertEquals(parseElf(exact.set(-size).bytes).segments.length, 4);
    }
  }
});

test("parseElf() skips PT_NULL entries, whatever they hold", () => {
  const built = buildImage(VDSO);
  built.put(built.programHeader(2, "p_type"), 4, 0).put(built.programHeader(2, "p_offset"), 8, -1);
  const image = parseElf(built.bytes);
  assertEquals(image.segments.map(({ type }) => type), [1, 2]);
  assertEquals([...image.notes], []);
});

test("imageSize() counts the section headers, from the first page alone", () => {
  for (const { options } of everyKind()) {
    const many = Array.from({ length: 300 }, (_, i) => ({ name: `a_rather_long_name_${i}` }));
    const built = buildImage({ ...options, symbols: many, sections: true });
    assert(built.size > 4096);
    assertEquals(imageSize(built.bytes.subarray(0, 4096)), built.size);
    assertEquals(parseElf(built.bytes).size, built.size);
    const bare = buildImage({ ...options, symbols: many });
    assertEquals(imageSize(bare.bytes.subarray(0, 256)), bare.size);
  }
});

test("imageSize() passes over section header fields that make no sense", () => {
  const end = buildImage({ ...VDSO, sections: false }).size;
  const built = buildImage(VDSO);
  assertLess(end, built.size);
  assertEquals(imageSize(built.put(built.header("e_shoff"), 8, -1).bytes), end);
  assertEquals(imageSize(built.put(built.header("e_shoff"), 8, 0).bytes), end);
  built.put(built.header("e_shoff"), 8, 0x5000).put(built.header("e_shentsize"), 2, 63);
  assertEquals(imageSize(built.bytes), end);
});

test("imageSize() rejects what parseElf() rejects in the headers", () => {
  const built = buildImage(VDSO);
  assertThrows(() => imageSize(built.bytes.subarray(0, 64)), ElfError, "program header table");
  built.put(built.programHeader(0, "p_offset"), 8, 2n ** 53n - 1n);
  assertThrows(() => imageSize(built.bytes), ElfError, "PT_LOAD");
});
