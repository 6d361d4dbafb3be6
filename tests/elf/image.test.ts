import { assert, assertEquals, assertLess, assertMatch, assertThrows, fail } from "@std/assert";
import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { test } from "node:test";
import { ElfError, type ElfImage, type ElfSymbol, imageSize, parseElf } from "../../elf/mod.ts";
import { buildImage, type ImageOptions, type SymbolOptions } from "../fixtures/elf_images.ts";
import {
  assertExecutable,
  CLASSES,
  everyKind,
  names,
  VDSO,
  withSymbols,
} from "../fixtures/elf_samples.ts";
import { mappedLibrary, readelf, skipWithoutReadelf, withFile } from "../fixtures/readelf.ts";

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

test("soname rejects a name out of the string table", () => {
  const built = buildImage(VDSO);
  built.put(built.entry("DT_SONAME"), 8, 1 << 20);
  const image = parseElf(built.bytes);
  assertEquals(image.lookup("time")?.name, "time");
  assertThrows(() => image.soname, ElfError, "DT_STRTAB");
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

interface Judgement {
  /** One line for each defined symbol: all that both sides know of it. */
  symbols: string[];
  loads: string[];
  versions: string[];
  soname: string | undefined;
  buildId: string | undefined;
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
  const skip = skipWithoutReadelf ||
    (path === undefined && `this process has no ${library} mapped`);
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

const skipVdso = skipWithoutReadelf || (vdso === undefined && "this process's vDSO cannot be read");

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

test(
  "buildImage() writes images that readelf reads the same way",
  { skip: skipWithoutReadelf },
  () => {
    for (const { options } of everyKind()) {
      for (const machine of [62, 22]) {
        const { bytes } = buildImage({ ...VDSO, ...options, machine, sections: false });
        const image = parseElf(bytes);
        const read = withFile(bytes, (file) => readelf(file, "-D", "--syms", "-l", "-d", "-n"));
        // Without section headers, this readelf shows no version definitions of their own.
        assertEquals({ ...judge(read), versions: [...image.versions] }, describe(image));
      }
    }
  },
);
