/**
 * The trampolines that are shipped, byte for byte: what they are (by readelf), that they do what
 * shim/vdso.c says when C calls them, and that they are what the sources build.
 */
import { test } from "node:test";
import { assert, assertEquals, assertLessOrEqual, assertMatch } from "@std/assert";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import process from "node:process";
import { ENTRIES } from "../elf/entries.ts";
import * as signatures from "../ffi/types.ts";
import { IMAGES, type ShimImage } from "../shim/images.ts";
import { CROSS_CPUS, crossProgram, lackOfCross } from "./cross.ts";
import { HOST_IMAGE, withDirectory, writeShim } from "./fixtures/env_run.ts";
import { UNSHIPPED_IMAGES } from "./fixtures/unshipped_images.ts";
import { type Answers, answersOf, answersWithout, readAnswers } from "./fixtures/shim_answers.ts";
import { nativeProgram, skipWithoutGcc } from "./native.ts";
import { expectedSources, nodeMajor, ROOT, skipUnless } from "./support.ts";

/** Every function that an FFI may ask for: all groups that ffi/types.ts exports as SHIM*. */
const FUNCTIONS = Object.entries(signatures)
  .filter(([name]) => name.startsWith("SHIM"))
  .flatMap(([, group]) => Object.keys(group as signatures.Signatures));

const skipWithoutReadelf = skipUnless(
  spawnSync("readelf", ["--version"]).status === 0,
  "readelf (Debian: binutils) is not installed",
  "REQUIRE_READELF",
);

function bytesOf(image: ShimImage): Uint8Array {
  return Buffer.from(image.base64, "base64");
}

/** What readelf prints. The files have no section headers: it is told to go by the segments. */
function readelf(image: ShimImage, option: string): string {
  return withDirectory((directory) =>
    execFileSync("readelf", ["-W", "-D", option, writeShim(directory, image)], { encoding: "utf8" })
  );
}

interface Segment {
  readonly type: string;
  /** `"R E"`, `"RW "` */
  readonly flags: string;
  readonly align: number;
}

function segmentsOf(image: ShimImage): Segment[] {
  const row = /^ +([A-Z_]+) +(?:0x[0-9a-f]+ +){5}([R ][W ][E ]) +(0x[0-9a-f]+|0)$/gm;
  return Array.from(
    readelf(image, "-l").matchAll(row),
    ([, type = "", flags = "", align = ""]) => ({ type, flags, align: Number(align) }),
  );
}

/** Tag and value of the dynamic section's entries. */
function dynamicOf(image: ShimImage): [tag: string, value: string][] {
  const row = /^ 0x[0-9a-f]+ \((\w+)\) +(.*)$/gm;
  return Array.from(readelf(image, "-d").matchAll(row), ([, tag = "", value = ""]) => [tag, value]);
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
    readelf(image, "-s").matchAll(row),
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
    maxSize: 5632,
  },
  aarch64: { machine: "AArch64", byteOrder: "little", pageSize: 65536, maxSize: 5632 },
  riscv64: { machine: "RISC-V", byteOrder: "little", pageSize: 4096, maxSize: 5632 },
  ppc64le: { machine: "PowerPC64", byteOrder: "little", pageSize: 65536, maxSize: 8192 },
  s390x: { machine: "IBM S/390", byteOrder: "big", pageSize: 4096, maxSize: 6144 },
};

/** The flags of the ELF header that say which ABI it is. */
const ABI: Readonly<Record<string, string>> = {
  riscv64: "0x5, RVC, double-float ABI",
  ppc64le: "0x2, abiv2",
};

const ALL = { ...IMAGES, ...UNSHIPPED_IMAGES };

test("IMAGES has a trampoline for every CPU that is supported", () => {
  assertEquals(Object.keys(ALL).sort(), Object.keys(MACHINES).sort());
  assertEquals(Object.keys(UNSHIPPED_IMAGES), ["s390x"]);
});

for (const [cpu, image] of Object.entries(ALL)) {
  test(`the ${cpu} image is the one that its sha256 names, and small`, () => {
    const bytes = bytesOf(image);
    assertEquals(createHash("sha256").update(bytes).digest("hex"), image.sha256);
    assertLessOrEqual(bytes.length, MACHINES[cpu]?.maxSize ?? 0);
  });

  test(`the ${cpu} image is named after its build`, { skip: skipWithoutReadelf }, () => {
    assertEquals(
      image.soname,
      `/proc/self/libxvdso-${image.buildId.toString(16).padStart(12, "0")}.so`,
    );
    const sonames = dynamicOf(image).filter(([tag]) => tag === "SONAME");
    assertEquals(sonames, [["SONAME", `Library soname: [${image.soname}]`]]);
    const header = readelf(image, "-h");
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

  test(`the ${cpu} image needs nothing but a weak getauxval`, { skip: skipWithoutReadelf }, () => {
    const tags = dynamicOf(image).map(([tag]) => tag);
    assert(tags.includes("SYMTAB"), "readelf shows no dynamic section");
    assert(!tags.includes("NEEDED"), "DT_NEEDED");
    assert(!tags.includes("RPATH") && !tags.includes("RUNPATH"), "DT_RPATH or DT_RUNPATH");
    assert(!tags.some((tag) => /^(INIT|FINI)/.test(tag)), "code that runs when it is loaded");
    assertEquals(symbolsOf(image).filter(({ section }) => section === "UND"), [
      { name: "getauxval", type: "NOTYPE", bind: "WEAK", section: "UND" },
    ]);
  });

  test(`the ${cpu} image exports what the FFIs ask for, and no more`, {
    skip: skipWithoutReadelf,
  }, () => {
    const exported = symbolsOf(image).filter(({ section }) => section !== "UND");
    assertEquals(exported.map(({ name }) => name).sort(), FUNCTIONS.toSorted());
    for (const { name, type, bind } of exported) {
      assertEquals([type, bind], ["FUNC", "GLOBAL"], name);
    }
    // Which the dynamic linkers of glibc and musl both read.
    assert(dynamicOf(image).some(([tag]) => tag === "GNU_HASH"), "DT_GNU_HASH");
  });

  test(`the ${cpu} image maps no memory both writable and executable`, {
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

  test(`the ${cpu} image stays once it is loaded, and its text as it is`, {
    skip: skipWithoutReadelf,
  }, () => {
    const dynamic = new Map(dynamicOf(image));
    assert(!dynamic.has("TEXTREL"), "DT_TEXTREL");
    assert(!dynamic.get("FLAGS")?.includes("TEXTREL"), "DF_TEXTREL");
    assertMatch(dynamic.get("FLAGS_1") ?? "", /\bNODELETE\b/); // shim/load.ts relies on it
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

for (const { where, launch: [launcher, ...modes], expected } of PLACES) {
  const novdsoHere = launcher === undefined || process.arch === "x64";
  const skip = skipWithoutGcc || (!novdsoHere && "these modes of novdso are for x86_64 alone");
  test(`the trampoline answers C as it should when ${where}`, { skip }, () => {
    const words = launcher === undefined ? [] : [nativeProgram(launcher), ...modes];
    assertEquals(shimAbi(words, nativeProgram("shim_abi"), HOST_IMAGE), expected);
  });
}

// tests/hostile/cpus.ts has the same on kernels of these CPUs, with their vDSOs.
for (const cross of CROSS_CPUS) {
  const { cpu, sysroot } = cross;
  const lack = lackOfCross(cross) ?? lackOfEmulator(cpu);
  test(`the ${cpu} trampoline answers C as it should under qemu-user, which has no vDSO`, {
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
    [join(ROOT, "scripts/build_shim.ts"), "--check"],
    { encoding: "utf8" },
  );
  assertEquals(status, 0, stderr);
  assertEquals(stdout.match(/ byte for byte$/gm)?.length, 2, stdout);
});
