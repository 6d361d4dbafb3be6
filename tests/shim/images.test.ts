/**
 * The shims that are shipped, byte for byte, as libraries and as addons of Node: what they are (by
 * readelf), that they do what shim/vdso.c says when C calls them, and that they are what the sources
 * build.
 */
// both tiers: node26 (it is the same, whatever runs the test)
import { test } from "node:test";
import { assert, assertEquals, assertLessOrEqual, assertMatch } from "@std/assert";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ENTRIES } from "../../elf/entries.ts";
import { IMAGES, NODE_IMAGES, type ShimImage } from "../../shim/images.ts";
import { imageBytes } from "../../shim/load.ts";
import NODE_BYTES from "../../shim/node_images.json" with { type: "json" };
import { SHIM_ALL } from "../../shim/signatures.ts";
import { CROSS_CPUS, crossProgram, lackOfCross } from "../cross.ts";
import { HOST_IMAGE, withDirectory, writeShim } from "../fixtures/env_run.ts";
import { SHIPPED_IMAGES } from "../fixtures/shipped_images.ts";
import { UNSHIPPED_IMAGES } from "../fixtures/unshipped_images.ts";
import { type Answers, answersOf, answersWithout, readAnswers } from "../fixtures/shim_answers.ts";
import { nativeProgram, skipWithoutGcc } from "../native.ts";
import { expectedSources, nodeMajor, ROOT, skipUnless } from "../support.ts";

/** Every function that an FFI may ask for. */
const FUNCTIONS = Object.keys(SHIM_ALL);

const skipWithoutReadelf = skipUnless(
  spawnSync("readelf", ["--version"]).status === 0,
  "readelf (Debian: binutils) is not installed",
  "REQUIRE_READELF",
);

/**
 * What readelf prints of an image's header, segments, dynamic section and symbols. The files have no
 * section headers: it is told to go by the segments.
 */
function readelf(image: ShimImage): string {
  const known = printed.get(image);
  if (known !== undefined) return known;
  const text = withDirectory((directory) => {
    const words = ["-W", "-D", "-h", "-l", "-d", "-s", writeShim(directory, image)];
    return execFileSync("readelf", words, { encoding: "utf8" });
  });
  printed.set(image, text);
  return text;
}
const printed = new Map<ShimImage, string>();

interface Segment {
  readonly type: string;
  /** `"R E"`, `"RW "` */
  readonly flags: string;
  readonly align: number;
}

function segmentsOf(image: ShimImage): Segment[] {
  const row = /^ +([A-Z_]+) +(?:0x[0-9a-f]+ +){5}([R ][W ][E ]) +(0x[0-9a-f]+|0)$/gm;
  return Array.from(
    readelf(image).matchAll(row),
    ([, type = "", flags = "", align = ""]) => ({ type, flags, align: Number(align) }),
  );
}

/** Tag and value of the dynamic section's entries. */
function dynamicOf(image: ShimImage): [tag: string, value: string][] {
  const row = /^ 0x[0-9a-f]+ \((\w+)\) +(.*)$/gm;
  return Array.from(readelf(image).matchAll(row), ([, tag = "", value = ""]) => [tag, value]);
}

interface Symbol {
  readonly name: string;
  readonly type: string;
  readonly bind: string;
  readonly section: string;
}

function symbolsOf(image: ShimImage): Symbol[] {
  // The entry point that spares a ppc64le function its own table of contents is no matter here.
  const row =
    /^ +\d+: [0-9a-f]+ +\d+ (\w+) +(\w+) +DEFAULT +(?:\[<localentry>: 8\] +)?(\w+) (\S+)$/gm;
  return Array.from(
    readelf(image).matchAll(row),
    ([, type = "", bind = "", section = "", name = ""]) => ({ name, type, bind, section }),
  );
}

interface Expected {
  readonly machine: string;
  readonly byteOrder: "little" | "big";
  /** The largest that kernels of this CPU have. */
  readonly pageSize: number;
  readonly maxSize: number;
}

const MACHINES: Readonly<Record<string, Expected>> = {
  x86_64: {
    machine: "Advanced Micro Devices X86-64",
    byteOrder: "little",
    pageSize: 4096,
    maxSize: 8192,
  },
  aarch64: { machine: "AArch64", byteOrder: "little", pageSize: 65536, maxSize: 8704 },
  riscv64: { machine: "RISC-V", byteOrder: "little", pageSize: 4096, maxSize: 7680 },
  ppc64le: { machine: "PowerPC64", byteOrder: "little", pageSize: 65536, maxSize: 12_288 },
  s390x: { machine: "IBM S/390", byteOrder: "big", pageSize: 4096, maxSize: 9728 },
};

/** The flags of the ELF header that say which ABI it is. */
const ABI: Readonly<Record<string, string>> = {
  riscv64: "0x5, RVC, double-float ABI",
  ppc64le: "0x2, abiv2",
};

const ALL: Readonly<Record<string, ShimImage>> = { ...SHIPPED_IMAGES, ...UNSHIPPED_IMAGES };

const ADDONS: Readonly<Record<string, ShimImage>> = Object.fromEntries(
  Object.entries(NODE_IMAGES).map(([cpu, identity]) => [
    cpu,
    { ...identity, base64: (NODE_BYTES as Record<string, string>)[cpu] ?? "" },
  ]),
);
const MAX_ADDON_SIZE = 22_016;

test("IMAGES has a shim for every CPU that is supported", () => {
  assertEquals(Object.keys(ALL).sort(), Object.keys(MACHINES).sort());
  assertEquals(Object.keys(UNSHIPPED_IMAGES), ["s390x"]);
  assertEquals(Object.keys(ADDONS), ["x86_64", "aarch64"]);
  // In everybody's file are those of Deno's and Bun's CPUs alone.
  const inFile = Object.entries(IMAGES).filter(([, { base64 }]) => base64 !== undefined);
  assertEquals(inFile.map(([cpu]) => cpu), ["x86_64", "aarch64"]);
});

const EVERY = [
  ...Object.entries(ALL).map(([cpu, image]) => ({ name: cpu, cpu, image, isAddon: false })),
  ...Object.entries(ADDONS).map(([cpu, image]) => ({
    name: `${cpu} addon`,
    cpu,
    image,
    isAddon: true,
  })),
];

for (const { name, cpu, image, isAddon } of EVERY) {
  test(`the ${name} image is the one that its sha256 names, and small`, () => {
    const bytes = imageBytes(image);
    assertEquals(createHash("sha256").update(bytes).digest("hex"), image.sha256);
    assertLessOrEqual(bytes.length, isAddon ? MAX_ADDON_SIZE : MACHINES[cpu]?.maxSize ?? 0);
  });

  test(`the ${name} image is named after its build`, { skip: skipWithoutReadelf }, () => {
    const id = image.buildId.toString(16).padStart(12, "0");
    assertEquals(image.soname, `/proc/self/libxvdso-${isAddon ? "node-" : ""}${id}.so`);
    const sonames = dynamicOf(image).filter(([tag]) => tag === "SONAME");
    assertEquals(sonames, [["SONAME", `Library soname: [${image.soname}]`]]);
    const header = readelf(image);
    assertMatch(header, /Type: +DYN /);
    assertMatch(header, /OS\/ABI: +UNIX - System V/);
    assertMatch(header, /Class: +ELF64$/m);
    assertMatch(
      header,
      new RegExp(`Data: +2's complement, ${MACHINES[cpu]?.byteOrder} endian$`, "m"),
    );
    assertMatch(header, new RegExp(`Machine: +${MACHINES[cpu]?.machine}$`, "m"));
    assertMatch(header, new RegExp(`Flags: +${ABI[cpu] ?? "0x0"}$`, "m"));
  });

  const needs = isAddon ? "weak symbols alone" : "nothing but a weak getauxval";
  test(`the ${name} image needs ${needs}`, { skip: skipWithoutReadelf }, () => {
    const tags = dynamicOf(image).map(([tag]) => tag);
    assert(tags.includes("SYMTAB"), "readelf shows no dynamic section");
    assert(!tags.includes("NEEDED"), "DT_NEEDED");
    assert(!tags.includes("RPATH") && !tags.includes("RUNPATH"), "DT_RPATH or DT_RUNPATH");
    assert(!tags.some((tag) => /^(INIT|FINI)/.test(tag)), "code that runs when it is loaded");
    const undefinedSymbols = symbolsOf(image).filter(({ section }) => section === "UND");
    if (isAddon) {
      const kinds = undefinedSymbols.map(({ type, bind }) => `${type} ${bind}`);
      assertEquals([...new Set(kinds)], ["NOTYPE WEAK"]);
      const names = undefinedSymbols.map(({ name }) => name);
      assertEquals(names.filter((name) => !/^(getauxval|napi_\w+|_ZNK?2v8\w+)$/.test(name)), []);
    } else {
      assertEquals(undefinedSymbols, [
        { name: "getauxval", type: "NOTYPE", bind: "WEAK", section: "UND" },
      ]);
    }
  });

  test(`the ${name} image exports what it is asked for, and no more`, {
    skip: skipWithoutReadelf,
  }, () => {
    const exported = symbolsOf(image).filter(({ section }) => section !== "UND");
    const expected = isAddon ? ["napi_register_module_v1"] : FUNCTIONS.toSorted();
    assertEquals(exported.map(({ name }) => name).sort(), expected);
    for (const { name, type, bind } of exported) {
      assertEquals([type, bind], ["FUNC", "GLOBAL"], name);
    }
    // Which the dynamic linkers of glibc and musl both read.
    assert(dynamicOf(image).some(([tag]) => tag === "GNU_HASH"), "DT_GNU_HASH");
  });

  test(`the ${name} image maps no memory both writable and executable`, {
    skip: skipWithoutReadelf,
  }, () => {
    const segments = segmentsOf(image);
    const loads = segments.filter(({ type }) => type === "LOAD");
    assertEquals(loads.map(({ flags }) => flags), ["R E", "RW "]);
    for (const { align } of loads) assertEquals(align, MACHINES[cpu]?.pageSize);
    // Without this header the stack becomes executable.
    const stack = segments.filter(({ type }) => type === "GNU_STACK");
    assertEquals(stack.map(({ flags }) => flags), ["RW "]);
  });

  test(`the ${name} image stays once it is loaded, and its text as it is`, {
    skip: skipWithoutReadelf,
  }, () => {
    const dynamic = new Map(dynamicOf(image));
    assert(!dynamic.has("TEXTREL"), "DT_TEXTREL");
    assert(!dynamic.get("FLAGS")?.includes("TEXTREL"), "DF_TEXTREL");
    // shim/load.ts relies on it, and V8's compiler, which reads constants of the addon.
    assertMatch(dynamic.get("FLAGS_1") ?? "", /\bNODELETE\b/);
  });
}

// ---- Called from C ----

function shimAbi(launcher: readonly string[], program: string, image: ShimImage): Answers {
  const [command = "", ...words] = [...launcher, program];
  const output = withDirectory((directory) =>
    execFileSync(
      command,
      [...words, writeShim(directory, image), String(ENTRIES.length)],
      { encoding: "utf8" },
    )
  );
  return readAnswers(output).answers;
}

const HOST_ENTRIES = ENTRIES.filter((entry) => expectedSources.entries[entry] === "vdso");

const PLACES = [
  { where: "there is a vDSO", launch: [], expected: answersOf(HOST_IMAGE, HOST_ENTRIES) },
  {
    where: "there is no vDSO",
    launch: ["novdso", "--unmap"],
    expected: answersWithout(HOST_IMAGE, "none"),
  },
  {
    where: "the vDSO's address dangles",
    launch: ["novdso", "--dangling"],
    expected: answersWithout(HOST_IMAGE, "dangling"),
  },
] as const;

test("the shim's answers to C are those of every function", () => {
  const text = readFileSync(join(ROOT, "tests/native/shim_abi/shim.h"), "utf8");
  const names = Array.from(text.matchAll(/FUNCTION\(\w+, (\w+),/g), ([, name]) => name as string);
  assertEquals(names.sort(), FUNCTIONS.toSorted());
});

for (const { where, launch: [launcher, ...modes], expected } of PLACES) {
  const novdsoHere = launcher === undefined || process.arch === "x64";
  const skip = skipWithoutGcc || (!novdsoHere && "these modes of novdso are for x86_64 alone");
  test(`the shim answers C as it should when ${where}`, { skip }, () => {
    const words = launcher === undefined ? [] : [nativeProgram(launcher), ...modes];
    assertEquals(shimAbi(words, nativeProgram("shim_abi"), HOST_IMAGE), expected);
  });
}

// tests/hostile/cpus.ts has the same on kernels of these CPUs, with their vDSOs.
for (const cross of CROSS_CPUS) {
  const { cpu, sysroot } = cross;
  const lack = lackOfCross(cross) ?? lackOfEmulator(cpu);
  test(`the ${cpu} shim answers C as it should under qemu-user, which has no vDSO`, {
    skip: nodeMajor === 26
      ? skipUnless(lack === undefined, lack ?? "", "REQUIRE_CROSS")
      : "run once, by Node 26",
    timeout: 60_000,
  }, () => {
    const image = ALL[cpu];
    assert(image);
    const emulator = [`qemu-${cpu}-static`, "-L", sysroot];
    const found = shimAbi(emulator, crossProgram(cross, "shim_abi"), image);
    assertEquals(found, answersWithout(image, "none"));
  });
}

function lackOfEmulator(cpu: string): string | undefined {
  if (spawnSync(`qemu-${cpu}-static`, ["--version"]).status === 0) return undefined;
  return `qemu-${cpu}-static is not installed (Debian: qemu-user-static)`;
}

// ---- Built again ----

test("the images are what the sources build, byte for byte", {
  skip: skipUnless(
    spawnSync("clang-19", ["--version"]).status === 0 &&
      spawnSync("ld.lld-19", ["--version"]).status === 0,
    "clang-19 and lld-19 are not installed",
    "REQUIRE_CLANG",
  ),
  timeout: 60_000,
}, () => {
  const node = join(ROOT, `node_modules/node26-${process.arch}/bin/node`);
  const { status, stdout, stderr } = spawnSync(
    node,
    [join(ROOT, "scripts/build/shim.ts"), "--check"],
    { encoding: "utf8" },
  );
  assertEquals(status, 0, stderr);
  assertEquals(stdout.match(/ byte for byte$/gm)?.length, 3, stdout);
});
