import { test } from "node:test";
import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  assert,
  assertEquals,
  assertLess,
  assertMatch,
  assertStrictEquals,
  assertThrows,
  fail,
} from "@std/assert";
import { ElfError, type ElfImage, type ElfSymbol, imageSize, parseElf } from "../elf/mod.ts";
import {
  buildImage,
  gnuHash,
  type ImageOptions,
  type SymbolOptions,
  sysvHash,
  type TestImage,
} from "./elf_images.ts";

const CLASSES = [32, 64] as const;
const ENDIANS = ["little", "big"] as const;
const HASHES = [["sysv"], ["gnu"], ["sysv", "gnu"]] as const;

/** What an x86-64 vDSO looks like, in small. */
const VDSO: ImageOptions = {
  soname: "linux-vdso.so.1",
  versions: ["LINUX_2.6", "LINUX_2.7"],
  symbols: [
    { name: "__vdso_time" },
    { name: "time", alias: "__vdso_time", binding: 2 },
    { name: "__vdso_getcpu", version: "LINUX_2.7", size: 7 },
    { name: "wanted_elsewhere", section: 0, size: 0 },
    { name: "untyped", type: 0, size: 0 },
    { name: "LINUX_2.6", type: 1, section: 0xfff1, value: 0n, size: 0 },
    { name: "absolute", section: 0xfff1 },
  ],
  notes: [
    { name: "Linux", type: 0, desc: [0x2c, 0x12, 0x06, 0x00] },
    { name: "GNU", type: 3, desc: [0x01, 0xab, 0x00, 0xff] },
  ],
  sections: true,
};

/** An image with these symbols alone, found through DT_HASH unless told otherwise. */
function withSymbols(symbols: SymbolOptions[], options: ImageOptions = {}): TestImage {
  return buildImage({ hash: ["sysv"], ...options, symbols });
}

/** Every class, byte order and hash table, with and without a load bias. */
function* everyKind(): Generator<{ label: string; options: ImageOptions }> {
  for (const bits of CLASSES) {
    for (const endian of ENDIANS) {
      for (const hash of HASHES) {
        const label = `ELF${bits} ${endian} ${hash.join("+")}`;
        yield { label, options: { class: bits, endian, hash } };
      }
    }
  }
}

function rejects(image: TestImage | Uint8Array, message: string, offset?: number): void {
  const bytes = image instanceof Uint8Array ? image : image.bytes;
  const error = assertThrows(() => parseElf(bytes), ElfError, message);
  assertMatch(error.message, /^Cannot read the ELF image: .* at 0x[0-9a-f]+ .*[^.]$/);
  if (offset !== undefined) assertEquals(error.offset, offset);
}

/** Fails unless the place is in an executable PT_LOAD, by the segments and not by the parser. */
function assertExecutable(image: ElfImage, offset: number, size: number, length: number): void {
  const inside = image.segments.some((s) =>
    s.type === 1 && (s.flags & 5) === 5 && offset >= s.offset &&
    offset + Math.max(size, 1) <= s.offset + s.fileSize && s.offset + s.fileSize <= length
  );
  assert(inside, `0x${offset.toString(16)} with ${size} bytes is in no executable segment`);
}

const names = (symbols: readonly ElfSymbol[]) => symbols.map(({ name }) => name).sort();

for (const { label, options } of everyKind()) {
  for (const vaddr of [0n, options.class === 32 ? 0xffffe000n : 0xffffffffff700000n]) {
    const at = vaddr === 0n ? "address 0" : `0x${vaddr.toString(16)}`;
    test(`parseElf() reads ${label} linked for ${at}`, () => {
      const built = buildImage({ ...VDSO, ...options, vaddr, machine: 40000 });
      const image = parseElf(built.bytes);
      assertEquals(image.class, options.class);
      assertEquals(image.endian, options.endian);
      assertEquals(image.machine, 40000);
      assertEquals(image.size, built.size);
      assertEquals([...image.hashStyles], [...options.hash ?? []]);
      assertEquals(image.soname, "linux-vdso.so.1");
      assertEquals([...image.versions], ["LINUX_2.6", "LINUX_2.7"]);
      assertEquals(image.buildId, "01ab00ff");
      assertEquals(image.segments.map(({ type }) => type), [1, 2, 4]);
      assertEquals(image.segments[0]?.vaddr, vaddr);
      assertEquals(image.segments[0]?.flags, 5);
      assertEquals(image.segments[2]?.align, 4);

      const time = image.lookup("__vdso_time", "LINUX_2.6");
      const value = built.get(built.symbol("__vdso_time", "st_value"), built.word);
      assertEquals(time, {
        name: "__vdso_time",
        version: "LINUX_2.6",
        hidden: false,
        value,
        offset: Number(value - vaddr),
        size: 16,
        type: "func",
        binding: "global",
        section: 1,
      });
      assertEquals(image.lookup("time", "LINUX_2.6")?.offset, time?.offset);
      assertEquals(image.lookup("time")?.binding, "weak");
      assertEquals(image.lookup("__vdso_getcpu")?.version, "LINUX_2.7");
      assertEquals(image.lookup("__vdso_getcpu")?.size, 7);
      assertEquals(image.lookup("untyped", "LINUX_2.6")?.type, "notype");
      for (
        const other of ["wanted_elsewhere", "LINUX_2.6", "absolute", "", "tim", "__vdso_time\0time"]
      ) {
        assertEquals(image.lookup(other), undefined);
      }

      const listed = image.symbols();
      assertEquals(names(listed), ["__vdso_getcpu", "__vdso_time", "time", "untyped"]);
      for (const symbol of listed) assertEquals(symbol, image.lookup(symbol.name) as ElfSymbol);
    });
  }
}

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

test("parseElf() reads an image with code in a segment of another bias", () => {
  for (const bits of CLASSES) {
    const built = buildImage({ ...VDSO, class: bits, vaddr: 0x10000n, codeBias: 0x1000n });
    const image = parseElf(built.bytes);
    const time = image.lookup("__vdso_time");
    assertEquals(BigInt(time?.offset ?? 0), (time?.value ?? 0n) - 0x11000n);
    assert((time?.offset ?? 0) >= built.part("code"));
    assertEquals(image.segments.length, 4);
  }
});

test("parseElf() reads a view that starts within its buffer", () => {
  const { bytes } = buildImage(VDSO);
  const buffer = new Uint8Array(bytes.length + 7);
  buffer.set(bytes, 3);
  const image = parseElf(buffer.subarray(3, 3 + bytes.length));
  assertEquals(image.lookup("time"), parseElf(bytes).lookup("time"));
});

test("parseElf() reads the Thumb bit on 32-bit Arm alone, and on functions alone", () => {
  const symbols = [{ name: "thumb", add: 1n }, { name: "untyped", add: 1n, type: 0 }];
  const arm = parseElf(withSymbols(symbols, { class: 32, machine: 40 }).bytes);
  const thumb = arm.lookup("thumb");
  assertEquals(BigInt(thumb?.offset ?? 0), (thumb?.value ?? 0n) - 1n);
  assertEquals(BigInt(arm.lookup("untyped")?.offset ?? 0), arm.lookup("untyped")?.value);
  const other = parseElf(withSymbols(symbols, { class: 32, machine: 8 }).bytes).lookup("thumb");
  assertEquals(BigInt(other?.offset ?? 0), other?.value);
});

test("parseElf() answers undefined for what an image may lack", () => {
  for (const { options } of everyKind()) {
    const image = parseElf(withSymbols([{ name: "f" }], options).bytes);
    assertEquals(image.soname, undefined);
    assertEquals(image.buildId, undefined);
    assertEquals(image.linuxVersion, undefined);
    assertEquals([...image.notes], []);
    assertEquals([...image.versions], []);
    assertEquals(image.symbols()[0]?.version, undefined);
    const none = parseElf(buildImage(options).bytes);
    assertEquals(none.symbols(), []);
    assertEquals(none.lookup("f"), undefined);
  }
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

test("parseElf() gives names one character a byte", () => {
  const image = parseElf(withSymbols([{ name: "caf\u00c3\u00a9" }]).bytes);
  assertEquals(image.lookup("caf\u00c3\u00a9")?.name, "caf\u00c3\u00a9");
  assertEquals(image.lookup("caf\u01c3\u00a9"), undefined);
});

test("elf_images.ts hashes as published", () => {
  // https://flapenguin.me/elf-dt-hash, https://flapenguin.me/elf-dt-gnu-hash
  assertEquals(["", "printf", "exit", "syscall"].map(sysvHash), [0, 0x77905a6, 0x6cf04, 0xb09985c]);
  assertEquals(gnuHash(""), 5381);
  const expected = [0x156b2bb8, 0x7c967e3f, 0xbac212a0];
  assertEquals(["printf", "exit", "syscall"].map(gnuHash), expected);
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

test("lookup() finds nothing when the symbol is undefined", () => {
  const image = parseElf(withSymbols([{ name: "elsewhere", section: 0 }, { name: "here" }]).bytes);
  assertEquals(image.lookup("elsewhere"), undefined);
  assertEquals(names(image.symbols()), ["here"]);
});

test("lookup() rejects an argument that is not a string", () => {
  const image = parseElf(buildImage(VDSO).bytes);
  assertThrows(() => image.lookup(7 as never), TypeError, '"name" must be a string, got Number');
  const call = () => image.lookup("f", null as never);
  assertThrows(call, TypeError, '"version" must be a string, got Null');
});

test("lookup() rejects a function that is not all in an executable segment", () => {
  const cases: [string, SymbolOptions][] = [
    ["below the segment", { name: "f", value: 0xfffn }],
    ["after the segment", { name: "f", value: 0x7000n }],
    ["in the 64-bit distance", { name: "f", value: 0xffffffffffffffffn }],
    ["too long", { name: "f", size: 33 }],
    ["endless", { name: "f", size: 2 ** 52 }],
  ];
  for (const [why, symbol] of cases) {
    const image = parseElf(withSymbols([symbol], { vaddr: 0x1000n }).bytes);
    const error = assertThrows(() => image.lookup("f"), ElfError, "the symbol f at 0x");
    assert(error.message.endsWith("not all in an executable PT_LOAD"), why);
  }
  assert(parseElf(withSymbols([{ name: "f", size: 32 }]).bytes).lookup("f"));

  for (const flags of [1, 4, 6]) {
    const built = withSymbols([{ name: "f" }, { name: "data", type: 1 }]);
    built.put(built.programHeader(0, "p_flags"), 4, flags);
    assertThrows(() => parseElf(built.bytes).lookup("f"), ElfError, "executable");
    assertEquals(parseElf(built.bytes).symbols().length, 2);
  }
  const split = withSymbols([{ name: "f", value: 0x40n }], { codeBias: 0x1000n });
  assertThrows(() => parseElf(split.bytes).lookup("f"), ElfError, "executable");
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

test("symbols() rejects a table that claims more symbols than there are bytes", () => {
  const built = buildImage({ ...VDSO, hash: ["gnu"], symbols: [] });
  built.put(built.part("DT_GNU_HASH") + 4, 4, 0xffffffff); // symoffset
  assertThrows(() => parseElf(built.bytes).symbols(), ElfError, "DT_SYMTAB");
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

test("soname rejects a name out of the string table", () => {
  const built = buildImage(VDSO);
  built.put(built.entry("DT_SONAME"), 8, 1 << 20);
  const image = parseElf(built.bytes);
  assertEquals(image.lookup("time")?.name, "time");
  assertThrows(() => image.soname, ElfError, "DT_STRTAB");
});

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

test("parseElf() answers right or rejects when the image ends early, at any length", () => {
  for (const { options } of everyKind()) {
    const built = buildImage({ ...VDSO, ...options });
    const loadEnd = buildImage({ ...VDSO, ...options, sections: false }).size;
    const whole = parseElf(built.bytes);
    for (let length = 0; length < built.size; length++) {
      const head = built.bytes.slice(0, length);
      if (length < loadEnd) {
        assertThrows(() => parseElf(head), ElfError, "Cannot read the ELF image: ");
      } else {
        const image = parseElf(head);
        assertEquals(image.size, built.size);
        assertEquals(image.lookup("time"), whole.lookup("time"));
      }
    }
  }
});

/** Asks the image everything; passes over ElfErrors, and over nothing else. */
function askEverything(bytes: Uint8Array): void {
  const attempt = <T>(ask: () => T): T | undefined => {
    try {
      return ask();
    } catch (error) {
      if (error instanceof ElfError) return undefined;
      throw error;
    }
  };
  attempt(() => imageSize(bytes));
  const image = attempt(() => parseElf(bytes));
  if (image === undefined) return;
  for (const name of ["__vdso_time", "time", "__vdso_getcpu", "untyped", "LINUX_2.6", "none"]) {
    for (const version of [undefined, "LINUX_2.6", "LINUX_2.7"]) {
      const found = attempt(() => image.lookup(name, version));
      if (found !== undefined) assertExecutable(image, found.offset, found.size, bytes.length);
    }
  }
  for (const { offset } of attempt(() => image.symbols()) ?? []) {
    assertLess(offset ?? 0, bytes.length);
  }
  attempt(() => image.soname);
  attempt(() => image.versions);
  attempt(() => image.buildId);
  attempt(() => image.linuxVersion);
}

for (
  const options of [
    { class: 64, endian: "little", hash: ["gnu"] },
    { class: 64, endian: "big", hash: ["sysv"], machine: 22 },
    { class: 32, endian: "little", hash: ["sysv"], machine: 40 },
    { class: 32, endian: "big", hash: ["gnu"], vaddr: 0x1000n },
  ] as const satisfies ImageOptions[]
) {
  const label = `ELF${options.class} ${options.endian} ${options.hash}`;
  test(`parseElf() survives any wrong byte of ${label}`, { timeout: 60_000 }, () => {
    const { bytes } = buildImage({ ...VDSO, ...options });
    for (let at = 0; at < bytes.length; at++) {
      const right = bytes[at] ?? 0;
      for (const wrong of [0, 0xff, 0x7f, right ^ 0x80, right + 1, right - 1]) {
        bytes[at] = wrong;
        askEverything(bytes);
      }
      bytes[at] = right;
    }
  });
}

// From here on, real images, with binutils' readelf as the judge.

const hasReadelf = spawnSync("readelf", ["--version"]).status === 0;
const mayGoWithout = process.env["REQUIRE_READELF"] !== "1";
const withoutReadelf = !hasReadelf && mayGoWithout && "binutils' readelf is not installed";

interface Judgement {
  /** One line for each defined symbol: all that both sides know of it. */
  symbols: string[];
  loads: string[];
  versions: string[];
  soname: string | undefined;
  buildId: string | undefined;
}

function readelf(file: string, ...options: string[]): string {
  const { status, stdout, stderr } = spawnSync("readelf", ["-W", ...options, file], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
    maxBuffer: 1 << 26,
  });
  assertEquals(
    status,
    0,
    `readelf failed, or is not installed (REQUIRE_READELF is set): ${stderr}`,
  );
  return stdout;
}

function judge(text: string): Judgement {
  const line =
    /^ +\d+: ([0-9a-f]+) +(\d+|0x[0-9a-f]+) (\w+) +(\w+) +\w+ +(?:\[.*\] +)?(\w+) (\S*)/gm;
  const symbols: string[] = [];
  for (const [, value, size, type, binding, section, name] of text.matchAll(line)) {
    if (section === "UND" || section === "ABS") continue;
    symbols.push([BigInt(`0x${value}`), Number(size), type, binding, section, name].join(" "));
  }
  const load = /^ +LOAD +(0x\w+) (0x\w+) 0x\w+ (0x\w+) (0x\w+) (.)(.)(.) (0x\w+)/gm;
  const loads = Array.from(
    text.matchAll(load),
    ([, offset, vaddr, file, memory, r, w, x, align]) => {
      const flags = (r === "R" ? 4 : 0) | (w === "W" ? 2 : 0) | (x === "E" ? 1 : 0);
      return [...[offset, vaddr, file, memory].map(Number), flags, Number(align)].join(" ");
    },
  );
  const version = /^ +\w+: Rev: 1 +Flags: (?!BASE).*Name: (\S+)$/gm;
  return {
    symbols,
    loads,
    versions: Array.from(text.matchAll(version), ([, name]) => name ?? ""),
    soname: /\(SONAME\) +Library soname: \[(.*)\]/.exec(text)?.[1],
    buildId: /Build ID: (\w+)/.exec(text)?.[1],
  };
}

function describe(image: ElfImage): Judgement {
  const symbols = image.symbols().map((symbol) => {
    const { name, version, hidden, value, size, type, binding, section } = symbol;
    const versioned = version === undefined ? name : `${name}${hidden ? "@" : "@@"}${version}`;
    return [value, size, type.toUpperCase(), binding.toUpperCase(), section, versioned].join(" ");
  });
  const loads = image.segments.filter(({ type }) => type === 1).map((segment) => {
    const { offset, vaddr, fileSize, memSize, flags, align } = segment;
    return [offset, vaddr, fileSize, memSize, flags, align].join(" ");
  });
  const { versions, soname, buildId } = image;
  return { symbols, loads, versions: [...versions], soname, buildId };
}

function withFile<T>(bytes: Uint8Array, use: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "elf_parse_"));
  try {
    writeFileSync(join(folder, "image"), bytes);
    return use(join(folder, "image"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The path of a library that this process has mapped, so that it is of this machine and libc. */
function mappedLibrary(name: RegExp): string | undefined {
  const maps = existsSync("/proc/self/maps") ? readFileSync("/proc/self/maps", "latin1") : "";
  return maps.split("\n").map((line) => line.slice(73)).find((path) => name.test(path));
}

/** This process's vDSO, through /proc/self/mem: no FFI, but a kernel that lets us read there. */
function ownVdso(): Uint8Array | undefined {
  const maps = existsSync("/proc/self/maps") ? readFileSync("/proc/self/maps", "latin1") : "";
  const [, start, end] = /^(\w+)-(\w+) .*\[vdso\]$/m.exec(maps) ?? [];
  if (start === undefined || end === undefined) return undefined;
  const address = parseInt(start, 16);
  const bytes = new Uint8Array(parseInt(end, 16) - address);
  const memory = openSync("/proc/self/mem", "r");
  try {
    const size = readSync(memory, bytes, 0, bytes.length, address);
    return size === bytes.length ? bytes : undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(memory);
  }
}

/** Gives every dynamic entry of this tag one that means nothing. */
function dropTag(bytes: Uint8Array, tag: number): Uint8Array {
  const image = parseElf(bytes);
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const little = image.endian === "little";
  const { offset, fileSize } = image.segments.find(({ type }) => type === 2) ??
    fail("no PT_DYNAMIC");
  for (let at = offset; at < offset + fileSize; at += image.class / 4) {
    const low = image.class === 64 && !little ? at + 4 : at;
    if (view.getUint32(low, little) === tag) view.setUint32(low, 0x6fff0000, little);
  }
  return copy;
}

const LIBRARIES = { libc: /\/(libc[.-][^/]*|ld-musl-[^/]*)$/, libm: /\/libm[.-][^/]*$/ };

for (const [library, pattern] of Object.entries(LIBRARIES)) {
  const path = mappedLibrary(pattern);
  const skip = withoutReadelf || (path === undefined && `this process has no ${library} mapped`);
  test(`parseElf() reads ${library} as readelf does`, { skip, timeout: 60_000 }, () => {
    const bytes = new Uint8Array(readFileSync(path ?? ""));
    const judgement = judge(readelf(path ?? "", "--dyn-syms", "-V", "-l", "-d", "-n"));
    assert(judgement.symbols.length > 500);

    const variants: Uint8Array[] = [bytes];
    if (parseElf(bytes).hashStyles.length === 2) {
      variants.push(dropTag(bytes, 4), dropTag(bytes, 0x6ffffef5));
    }
    for (const variant of variants) {
      const start = performance.now();
      const image = parseElf(variant);
      assertEquals(describe(image), judgement);
      for (const symbol of image.symbols()) {
        const { name, version, offset, size, type, binding } = symbol;
        const found = image.lookup(name, version);
        const callable = (type === "func" || type === "notype") &&
          (binding === "global" || binding === "weak");
        assertEquals(found, callable ? symbol as typeof found : undefined);
        if (callable) assertExecutable(image, offset ?? -1, size, variant.length);
      }
      assertLess(performance.now() - start, 20_000); // with room for an emulated CPU
      assertEquals(image.size, bytes.length);
    }
  });
}

const vdso = ownVdso();
const skipVdso = withoutReadelf || (vdso === undefined && "this process's vDSO cannot be read");
test("parseElf() reads this process's vDSO as readelf does", { skip: skipVdso }, () => {
  const mapping = vdso ?? fail("this process's vDSO cannot be read");
  const bytes = mapping.subarray(0, imageSize(mapping.subarray(0, 4096)));
  const options = ["--dyn-syms", "-V", "-l", "-d", "-n"];
  const image = parseElf(bytes);
  // The kernel's own vDSO files are complete: readelf finds the section headers at their end.
  assertEquals(describe(image), judge(withFile(bytes, (file) => readelf(file, ...options))));
  assertEquals(image.size, bytes.length);
  assertMatch(image.soname ?? "", /^linux-(vdso|gate)/);
  for (const { name, version, offset, type } of image.symbols()) {
    if (type === "func") assertEquals(image.lookup(name, version)?.offset, offset);
  }
});

test("buildImage() writes images that readelf reads the same way", { skip: withoutReadelf }, () => {
  for (const { options } of everyKind()) {
    for (const machine of [62, 22]) {
      const { bytes } = buildImage({ ...VDSO, ...options, machine, sections: false });
      const image = parseElf(bytes);
      const read = withFile(bytes, (file) => readelf(file, "-D", "--syms", "-l", "-d", "-n"));
      // Without section headers, this readelf shows no version definitions of their own.
      assertEquals({ ...judge(read), versions: [...image.versions] }, describe(image));
    }
  }
});
