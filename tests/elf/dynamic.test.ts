import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { parseElf } from "../../elf/mod.ts";
import { buildImage } from "../fixtures/elf_images.ts";
import { CLASSES, rejects, VDSO } from "../fixtures/elf_samples.ts";

test("parseElf() rejects an image without a PT_DYNAMIC, with two, or with a broken one", () => {
  const at = (field: "p_type" | "p_offset" | "p_filesz", value: number, segment = 1) => {
    const built = buildImage(VDSO);
    return built.put(built.programHeader(segment, field), field === "p_type" ? 4 : 8, value);
  };
  rejects(at("p_type", 6), "has no PT_DYNAMIC");
  rejects(at("p_type", 2, 2), "is the second");
  rejects(at("p_offset", 0), "PT_DYNAMIC at 0x0 is too low", 0);
  rejects(at("p_offset", 0x10000), "PT_DYNAMIC at 0x10000 has");
  rejects(at("p_filesz", 0), "PT_DYNAMIC");
  rejects(at("p_filesz", 32), "PT_DYNAMIC"); // without its DT_NULL
  rejects(at("p_filesz", 40), "PT_DYNAMIC"); // in the middle of an entry
});

test("parseElf() rejects a dynamic section without a mandatory entry", () => {
  for (const tag of ["DT_STRTAB", "DT_SYMTAB", "DT_STRSZ", "DT_SYMENT", "DT_HASH"] as const) {
    const built = buildImage({ ...VDSO, hash: ["sysv"] });
    built.put(built.entry(tag) - 8, 8, 0x6fff0000);
    rejects(built, `has no ${tag}`, built.part("PT_DYNAMIC"));
  }
});

test("parseElf() passes over tags above 2^53", () => {
  const built = buildImage(VDSO);
  built.put(built.entry("DT_SONAME") - 8, 8, -2);
  assertEquals(parseElf(built.bytes).soname, undefined);
});

test("parseElf() takes the last of several entries of one tag", () => {
  const built = buildImage({ ...VDSO, hash: ["sysv"] });
  built.put(built.entry("DT_SONAME") - 8, 8, 4).put(built.entry("DT_SONAME"), 8, 1 << 20);
  assertEquals(parseElf(built.bytes).lookup("time")?.name, "time");
});

test("parseElf() rejects a dynamic entry that points out of the image", () => {
  for (const bits of CLASSES) {
    for (
      const tag of [
        "DT_STRTAB",
        "DT_SYMTAB",
        "DT_HASH",
        "DT_GNU_HASH",
        "DT_VERSYM",
        "DT_VERDEF",
      ] as const
    ) {
      const built = buildImage({ ...VDSO, class: bits, vaddr: 0x1000n });
      const { word } = built;
      for (const value of [0n, 0xfffn, 0x9000n, (1n << BigInt(bits)) - 1n]) {
        rejects(built.put(built.entry(tag), word, value), `${tag} at`, built.entry(tag));
      }
    }
  }
});

test("parseElf() rejects tables that do not fit their segment", () => {
  const sysv = () => buildImage({ ...VDSO, hash: ["sysv"] });
  const gnu = () => buildImage({ ...VDSO, hash: ["gnu"] });
  const hash = sysv().part("DT_HASH");
  const gnuHashAt = gnu().part("DT_GNU_HASH");
  for (const count of [0x10000, 0xffffffff]) {
    rejects(sysv().put(hash, 4, count), "DT_HASH at", hash);
    rejects(sysv().put(hash + 4, 4, count), "DT_HASH at", hash);
    rejects(gnu().put(gnuHashAt, 4, count), "DT_GNU_HASH at", gnuHashAt);
    rejects(gnu().put(gnuHashAt + 8, 4, count), "DT_GNU_HASH at", gnuHashAt);
  }
  rejects(
    sysv().put(hash, 4, 0),
    "DT_HASH at 0x120 has no buckets".replace("0x120", `0x${hash.toString(16)}`),
  );
  rejects(gnu().put(gnuHashAt, 4, 0), "has no buckets", gnuHashAt);
  const wide = buildImage({ ...VDSO, hash: ["sysv"], machine: 22 });
  rejects(wide.put(wide.part("DT_HASH"), 8, 1n << 60n), "DT_HASH at");

  const strings = sysv();
  for (const size of [0x10000n, 1n << 40n, 1n << 60n]) {
    rejects(strings.put(strings.entry("DT_STRSZ"), 8, size), "at 0x");
  }
  const split = buildImage({ ...VDSO, codeBias: 0x1000n }); // into the next segment, within the image
  split.put(split.entry("DT_STRSZ"), 8, split.part("code") - split.part("DT_STRTAB") + 1);
  rejects(split, "where the PT_LOADs have no", split.entry("DT_STRTAB"));
  const symbols = sysv();
  rejects(symbols.put(symbols.entry("DT_SYMENT"), 8, 16), "entries of 16 bytes");
});
