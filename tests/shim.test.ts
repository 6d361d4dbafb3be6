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
import { HOST_IMAGE, withDirectory, writeShim } from "./fixtures/env_run.ts";
import { nativeProgram, skipWithoutGcc } from "./native.ts";
import { expectedSources, ROOT, skipUnless } from "./support.ts";

const MAX_SIZE = 5632;

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
  const row = /^ +\d+: [0-9a-f]+ +\d+ (\w+) +(\w+) +DEFAULT +(\w+) (\S+)$/gm;
  return Array.from(
    readelf(image, "-s").matchAll(row),
    ([, type = "", bind = "", section = "", name = ""]) => ({ name, type, bind, section }),
  );
}

const MACHINES: Readonly<Record<string, { machine: string; pageSize: number }>> = {
  x86_64: { machine: "Advanced Micro Devices X86-64", pageSize: 4096 },
  // Kernels are built with pages of 4, 16 and 64 KB.
  aarch64: { machine: "AArch64", pageSize: 65536 },
};

test("IMAGES has a trampoline for every CPU that is supported", () => {
  assertEquals(Object.keys(IMAGES).sort(), Object.keys(MACHINES).sort());
});

for (const [cpu, image] of Object.entries(IMAGES)) {
  test(`the ${cpu} image is the one that its sha256 names, and small`, () => {
    const bytes = bytesOf(image);
    assertEquals(createHash("sha256").update(bytes).digest("hex"), image.sha256);
    assertLessOrEqual(bytes.length, MAX_SIZE);
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
    assertMatch(header, new RegExp(`Machine: +${MACHINES[cpu]?.machine}$`, "m"));
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

const ENOSYS = 38;
const EINVAL = 22;
const EFAULT = 14;
const PAGE = 4096;

const HAS_GETRANDOM = expectedSources.entries.getrandom === "vdso";

/** What native/shim_abi.c prints of each call, where there is a vDSO; 1 is yes. */
const ANSWERS: Readonly<Record<string, readonly number[]>> = {
  build_id: [HOST_IMAGE.buildId],
  auxval: [1],
  "auxval.unknown": [0],
  "auxval.negative": [0],
  "bind.before": [-EINVAL, -EINVAL],
  "bind.entry_negative": [-EINVAL],
  "bind.entry_min": [-EINVAL],
  "bind.entry_too_high": [-EINVAL],
  "bind.entry_max": [-EINVAL],
  "bind.offset_negative": [-EINVAL],
  "bind.offset_min": [-EINVAL],
  "bind.offset_zero": [-EINVAL],
  "copy.none": [0],
  "copy.negative": [0],
  "copy.one": [1],
  "bind.unread": [-EINVAL],
  "copy.all": [1],
  "copy.equal": [1],
  "copy.null": [-EFAULT],
  "copy.inaccessible": [-EFAULT],
  "copy.read_only": [-EFAULT],
  "copy.ends": [PAGE],
  "bind.beyond": [-EINVAL],
  "bind.far_beyond": [-EINVAL],
  bind: [0],
  // Twice each: by the system call, then by the vDSO.
  now: [1, 1],
  clock: [1, 1],
  "clock.bad": [1, 1],
  clock_gettime: [1, 1],
  clock_getres: [1, 1],
  gettimeofday: [1, 1],
  time: [1, 1],
  "getcpu.wrong": [0, 0],
  "syscall.clock_gettime": [1, 1],
  "syscall.clock_getres": [1, 1],
  "syscall.gettimeofday": [1, 1],
  "syscall.time": [1, 1],
  "syscall.unknown": [-ENOSYS, -ENOSYS],
  "syscall.bad": [-ENOSYS, -ENOSYS],
  // -1, INT_MIN, INT_MAX, 10, 12
  "clock_gettime.bad": Array(10).fill(EINVAL),
  "clock_getres.bad": Array(10).fill(EINVAL),
  "syscall.clock_gettime.bad": Array(10).fill(EINVAL),
  "syscall.clock_getres.bad": Array(10).fill(EINVAL),
  ticks: [1],
  "ticks.sample": [1],
  "ticks.frequency": [1],
  "random.slot.unbound": [-1],
  "random.slot": [Number(HAS_GETRANDOM)],
  "random.slot.again": [1],
  // Six lengths, without a slot and with one.
  "random.filled": Array(12).fill(1),
  "random.u32": [1, 1],
  "random.f64": [1, 1],
  "random.none": [0],
  "random.null": [-EFAULT],
  "random.flags": [-EINVAL],
  "random.other_thread": [1],
  "random.reused": [1],
  "random.fork": [0],
  normalized: [1, 1, 1],
  "normalized.bad": [-EINVAL, -EINVAL],
  "normalized.unknown": [-ENOSYS],
  loop_entry: [1],
  "loop_entry.none": [1],
  "loop_entry.negative": [1],
  "loop_entry.bad": [1],
  loop_syscall: [1],
  "loop_syscall.bad": [1],
  sweep: [1],
  "sweep.orphan": [0],
  "sweep.own": [1],
  "sweep.other": [1],
  "sweep.again": [0],
};

/** What differs where AT_SYSINFO_EHDR is not there. */
const WITHOUT_VDSO: Readonly<Record<string, readonly number[]>> = {
  "random.slot": [0],
  "copy.one": [0],
  "copy.all": [0],
  "copy.null": [0],
  "copy.inaccessible": [0],
  "copy.read_only": [0],
  "copy.ends": [0],
};

/** What differs where AT_SYSINFO_EHDR points at nothing. */
const DANGLING: Readonly<Record<string, readonly number[]>> = {
  "random.slot": [0],
  "copy.one": [-EFAULT],
  "copy.all": [-EFAULT],
  "copy.ends": [-EFAULT],
};

function answers(launcher: readonly string[]): Record<string, number[]> {
  const [program = "", ...words] = [...launcher, nativeProgram("shim_abi")];
  const output = withDirectory((directory) =>
    execFileSync(
      program,
      [...words, writeShim(directory), String(ENTRIES.length)],
      { encoding: "utf8" },
    )
  );
  const found: Record<string, number[]> = {};
  for (const line of output.trimEnd().split("\n")) {
    const [what = "", result] = line.split(" ");
    (found[what] ??= []).push(Number(result));
  }
  return found;
}

const PLACES = [
  { where: "there is a vDSO", launch: [], expected: ANSWERS },
  {
    where: "there is no vDSO",
    launch: ["novdso", "--unmap"],
    expected: withoutImage(WITHOUT_VDSO),
  },
  {
    where: "the vDSO's address dangles",
    launch: ["novdso", "--dangling"],
    expected: withoutImage(DANGLING),
  },
] as const;

/** Nothing to compare, nor to bind. */
function withoutImage(differences: typeof ANSWERS): typeof ANSWERS {
  const { "copy.equal": _, bind: __, ...rest } = ANSWERS;
  return { ...rest, ...differences };
}

for (const { where, launch: [launcher, ...modes], expected } of PLACES) {
  const novdsoHere = launcher === undefined || process.arch === "x64";
  const skip = skipWithoutGcc || (!novdsoHere && "these modes of novdso are for x86_64 alone");
  test(`the trampoline answers C as it should when ${where}`, { skip }, () => {
    const words = launcher === undefined ? [] : [nativeProgram(launcher), ...modes];
    assertEquals(answers(words), expected as Record<string, number[]>);
  });
}

// ---- Built again ----

test("IMAGES is what the sources build, byte for byte", {
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
  assertMatch(stdout, /byte for byte/);
});
