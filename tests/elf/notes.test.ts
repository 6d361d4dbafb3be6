import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ElfError, parseElf } from "../../elf/mod.ts";
import { buildImage } from "../fixtures/elf_images.ts";
import { CLASSES, ENDIANS, everyKind, VDSO } from "../fixtures/elf_samples.ts";

test("notes reads notes of both paddings, without a name and without a description", () => {
  const notes = [
    { name: "", type: 1, desc: [1] },
    { name: "abc", type: 2, desc: [1, 2, 3, 4, 5] },
    { name: "abcd", type: 0xffffffff, desc: [] },
    { name: "GNU", type: 3, desc: [0x0f, 0xf0, 0x00] }, // not padded: the segment ends
  ];
  for (const noteAlign of [4, 8]) {
    for (const endian of ENDIANS) {
      for (const bits of CLASSES) {
        const image = parseElf(buildImage({ class: bits, endian, notes, noteAlign }).bytes);
        const found = image.notes.map(({ name, type, desc }) => ({ name, type, desc: [...desc] }));
        assertEquals(found, notes);
        assertEquals(image.buildId, "0ff000");
        assertStrictEquals(image.notes, image.notes);
      }
    }
  }
});

test("linuxVersion decodes LINUX_VERSION_CODE in the image's byte order", () => {
  for (const { options } of everyKind()) {
    const code = 6 << 16 | 1 << 8 | 255;
    const bytes = [code & 255, code >> 8 & 255, code >> 16 & 255, 0];
    const desc = options.endian === "big" ? bytes.reverse() : bytes;
    const other = { name: "Linux", type: 0x100, desc: [9, 9, 9, 9] }; // LINUX_ELFNOTE_BUILD_SALT
    const image = parseElf(
      buildImage({ ...options, notes: [other, { name: "Linux", type: 0, desc }] }).bytes,
    );
    assertEquals(image.linuxVersion, "6.1.255");
    const short = { name: "Linux", type: 0, desc: [1, 2] };
    assertEquals(parseElf(buildImage({ notes: [short] }).bytes).linuxVersion, undefined);
  }
});

test("notes rejects notes that leave their segment, lookup() works all the same", () => {
  const fresh = () => buildImage(VDSO);
  const at = fresh().part("PT_NOTE");
  const broken = [
    fresh().put(at, 4, 0xffffffff),
    fresh().put(at + 4, 4, 0xffffffff),
    fresh().put(at, 4, 4), // "Linu" without a zero
    fresh().put(fresh().programHeader(2, "p_filesz"), 8, 6),
    fresh().put(fresh().programHeader(2, "p_filesz"), 8, 0x10000),
    fresh().put(fresh().programHeader(2, "p_offset"), 8, 0x10000),
  ];
  for (const built of broken) {
    const image = parseElf(built.bytes);
    assertEquals(image.lookup("time")?.name, "time");
    assertThrows(() => image.notes, ElfError, "PT_NOTE");
    assertThrows(() => image.buildId, ElfError, "PT_NOTE");
    assertThrows(() => image.linuxVersion, ElfError, "PT_NOTE");
  }
});

test("notes rejects note segments that add up to more than the image", () => {
  const notes = [{ name: "big", type: 1, desc: new Uint8Array(4096) }];
  const built = buildImage({ notes, codeBias: 0x1000n });
  assertEquals(parseElf(built.bytes).notes.length, 1);
  const size = built.get(built.programHeader(3, "p_filesz"), 8);
  built.put(built.programHeader(1, "p_type"), 4, 4); // the code becomes a second PT_NOTE
  built.put(built.programHeader(1, "p_offset"), 8, built.part("PT_NOTE"));
  built.put(built.programHeader(1, "p_filesz"), 8, size);
  assertThrows(() => parseElf(built.bytes).notes, ElfError, "overlaps another one");
});
