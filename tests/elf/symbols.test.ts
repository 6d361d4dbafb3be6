import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ElfError, parseElf } from "../../elf/mod.ts";
import { buildImage } from "../fixtures/elf_images.ts";
import { ENDIANS, everyKind, names, VDSO, withSymbols } from "../fixtures/elf_samples.ts";
import { sysvHash, type TestImage } from "../fixtures/elf_writer.ts";

test("parseElf() reads the Thumb bit on 32-bit Arm alone, and on functions alone", () => {
  const symbols = [{ name: "thumb", add: 1n }, { name: "untyped", add: 1n, type: 0 }];
  const arm = parseElf(withSymbols(symbols, { class: 32, machine: 40 }).bytes);
  const thumb = arm.lookup("thumb");
  assertEquals(BigInt(thumb?.offset ?? 0), (thumb?.value ?? 0n) - 1n);
  assertEquals(BigInt(arm.lookup("untyped")?.offset ?? 0), arm.lookup("untyped")?.value);
  const other = parseElf(withSymbols(symbols, { class: 32, machine: 8 }).bytes).lookup("thumb");
  assertEquals(BigInt(other?.offset ?? 0), other?.value);
});

test("parseElf() reads symbols of every type and binding", () => {
  const types = ["notype", "object", "func", "section", "file", "common", "tls"];
  const symbols = [...types.keys(), 10, 13].map((type) => ({ name: `type${type}`, type }));
  const bindings = [0, 1, 2, 10, 13].map((binding) => ({ name: `bind${binding}`, binding }));
  const image = parseElf(withSymbols([...symbols, ...bindings]).bytes);
  const found = image.symbols();
  assertEquals(found.slice(0, 9).map(({ type }) => type), [...types, "ifunc", "other"] as never);
  const expected = ["local", "global", "weak", "unique", "other"];
  assertEquals(found.slice(9).map(({ binding }) => binding), expected as never);
  const callable = found.filter(({ name }) => image.lookup(name)).map(({ name }) => name);
  assertEquals(callable, ["type0", "type2", "bind1", "bind2"]);
  assertEquals(found.find(({ type }) => type === "tls")?.offset, undefined);
});

test("parseElf() lists data without an offset when it has no bytes in the image", () => {
  const built = withSymbols([{ name: "zeroed", type: 1, value: 0x5000n }]);
  built.put(built.programHeader(0, "p_memsz"), 8, 0x6000);
  assertEquals(parseElf(built.bytes).symbols()[0]?.offset, undefined);
});

test("lookup() finds nothing when the symbol is undefined", () => {
  const image = parseElf(withSymbols([{ name: "elsewhere", section: 0 }, { name: "here" }]).bytes);
  assertEquals(image.lookup("elsewhere"), undefined);
  assertEquals(names(image.symbols()), ["here"]);
});

test("lookup() and symbols() reject a size above 2^53", () => {
  const built = withSymbols([{ name: "f" }]);
  built.put(built.symbol("f", "st_size"), 8, 1n << 53n);
  const image = parseElf(built.bytes);
  assertThrows(() => image.lookup("f"), ElfError, "DT_SYMTAB");
  assertThrows(() => image.symbols(), ElfError, "0x20000000000000");
});

test("lookup() and symbols() reject a name that leaves the string table", () => {
  for (const at of [10_000, 0xffffffff]) {
    const built = withSymbols([{ name: "f" }]);
    built.put(built.symbol("f", "st_name"), 4, at);
    const image = parseElf(built.bytes);
    assertThrows(() => image.lookup("f"), ElfError, "DT_STRTAB");
    assertThrows(() => image.symbols(), ElfError, "DT_STRTAB");
  }
  const built = withSymbols([{ name: "f" }]);
  built.put(built.entry("DT_STRSZ"), 8, 2); // without the zero after the f
  const image = parseElf(built.bytes);
  assertThrows(() => image.lookup("f"), ElfError, "DT_STRTAB");
  assertThrows(() => image.symbols(), ElfError, "DT_STRTAB");
});

test("symbols() rejects names that add up to more than the image could mean", () => {
  const symbols = Array.from(
    { length: 600 },
    (_, i) => ({ name: i === 0 ? "n".repeat(20_000) : "" }),
  );
  const built = withSymbols(symbols);
  for (let i = 1; i <= 600; i++) built.put(built.symbol(i, "st_name"), 4, i);
  const image = parseElf(built.bytes);
  assertThrows(() => image.symbols(), ElfError, "16 times");
});

test("lookup() matches a version by its name", () => {
  const image = parseElf(buildImage(VDSO).bytes);
  assertEquals(image.lookup("__vdso_time", "LINUX_2.6")?.version, "LINUX_2.6");
  for (const version of ["LINUX_2.7", "LINUX_2", "LINUX_2.66", "", "linux-vdso.so.1"]) {
    assertEquals(image.lookup("__vdso_time", version), undefined);
  }
});

test("lookup() finds nothing when a version has the right name and a wrong hash", () => {
  for (const endian of ENDIANS) {
    const built = buildImage({ ...VDSO, endian });
    built.put(built.part("DT_VERDEF") + 28 + 8, 4, sysvHash("LINUX_2.6") ^ 1);
    const image = parseElf(built.bytes);
    assertEquals(image.lookup("time", "LINUX_2.6"), undefined);
    assertEquals(image.lookup("time")?.version, "LINUX_2.6");
  }
});

test("lookup() finds nothing when a version has the right hash and a wrong name", () => {
  const [one, other] = ["ab", "bR"]; // 0x61 * 16 + 0x62 = 0x62 * 16 + 0x52
  assertEquals(sysvHash(one ?? ""), sysvHash(other ?? ""));
  const image = parseElf(withSymbols([{ name: "f" }], { versions: ["ab"] }).bytes);
  assertEquals(image.lookup("f", "ab")?.name, "f");
  assertEquals(image.lookup("f", "bR"), undefined);
});

test("lookup() finds a hidden version only when asked for it", () => {
  const symbols = [
    { name: "f", version: "V1", hidden: true },
    { name: "f", version: "V2" },
    { name: "g", version: "V1", hidden: true },
  ];
  for (const { options } of everyKind()) {
    const image = parseElf(buildImage({ ...options, symbols, versions: ["V1", "V2"] }).bytes);
    assertEquals(image.lookup("f")?.version, "V2");
    assertEquals(image.lookup("f")?.hidden, false);
    assertEquals(image.lookup("f", "V1")?.version, "V1");
    assertEquals(image.lookup("f", "V1")?.hidden, true);
    assertEquals(image.lookup("f", "V2")?.version, "V2");
    assertEquals(image.lookup("g"), undefined);
    assertEquals(image.symbols().length, 3);
  }
});

test("lookup() finds a symbol of no version only when asked for none", () => {
  const symbols = [{ name: "f", version: null }];
  const built = withSymbols(symbols, { versions: ["V1"], soname: "me" });
  const image = parseElf(built.bytes);
  assertEquals(image.lookup("f")?.version, undefined);
  for (const version of ["V1", "me"]) assertEquals(image.lookup("f", version), undefined);
  built.put(built.part("DT_VERSYM") + 2, 2, 0); // VER_NDX_LOCAL
  assertEquals(image.lookup("f"), undefined);
});

test("lookup() takes any version when DT_VERDEF or DT_VERSYM is missing", () => {
  for (const tag of ["DT_VERDEF", "DT_VERSYM"] as const) {
    const built = buildImage(VDSO);
    built.put(built.entry(tag) - 8, 8, 0x6fff0000);
    const image = parseElf(built.bytes);
    assertEquals(image.lookup("time", "LINUX_9")?.version, undefined);
    assertEquals(image.lookup("time", "LINUX_9")?.name, "time");
    assertEquals(image.lookup("time")?.hidden, false);
  }
});

test("lookup() finds nothing when the version's index has no definition", () => {
  const built = buildImage(VDSO);
  const index = built.symbols.get("time") ?? 0;
  built.put(built.part("DT_VERSYM") + 2 * index, 2, 9);
  const image = parseElf(built.bytes);
  assertEquals(image.lookup("time", "LINUX_2.6"), undefined);
  assertEquals(image.lookup("time")?.version, undefined);
});

test("lookup() and versions reject broken version definitions", () => {
  const fresh = () => buildImage(VDSO);
  const at = fresh().part("DT_VERDEF");
  const broken: [string, TestImage][] = [
    ["vd_version", fresh().put(at, 2, 2)],
    ["DT_VERDEF", fresh().put(at + 16, 4, 0x10000)],
    ["DT_VERDEF", fresh().put(at + 28 + 12, 4, 0xffffffff)],
    ["DT_VERDEFNUM", fresh().put(fresh().entry("DT_VERDEFNUM") - 8, 8, 0x6fff0000)],
  ];
  for (const [message, built] of broken) {
    const image = parseElf(built.bytes);
    assertThrows(() => image.versions, ElfError, message);
    assertThrows(() => image.lookup("time", "LINUX_2.6"), ElfError, message);
    assertEquals(image.lookup("__vdso_nothing", "LINUX_2.6"), undefined);
  }
  const name = fresh();
  name.put(at + 28 + 20, 4, 0x10000);
  assertThrows(() => parseElf(name.bytes).versions, ElfError, "DT_STRTAB");
});

test("versions ends with the chain when DT_VERDEFNUM is larger", () => {
  const built = buildImage(VDSO);
  built.put(built.entry("DT_VERDEFNUM"), 8, 1_000_000);
  assertEquals([...parseElf(built.bytes).versions], ["LINUX_2.6", "LINUX_2.7"]);
  built.put(built.entry("DT_VERDEFNUM"), 8, 2);
  assertEquals([...parseElf(built.bytes).versions], ["LINUX_2.6"]);
});

test("versions keeps the first of two definitions of one index", () => {
  const built = buildImage(VDSO);
  built.put(built.part("DT_VERDEF") + 2 * 28 + 4, 2, 2);
  assertEquals([...parseElf(built.bytes).versions], ["LINUX_2.6"]);
});
