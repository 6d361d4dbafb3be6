import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertStringIncludes,
  assertThrows,
  fail,
} from "@std/assert";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { formatCfa, formatRule, printUnwind, reportUnwind, unwindCommand } from "../cli/unwind.ts";
import {
  ElfError,
  parseElf,
  parseUnwind,
  registerName,
  type UnwindRow,
  type UnwindTables,
} from "../elf/mod.ts";
import { inspect, UnsupportedError } from "../mod.ts";
import { nativeProgram, skipWithoutGcc } from "./native.ts";
import { ROOT, skipUnless } from "./support.ts";
import {
  buildUnwindImage,
  type CieOptions,
  leb128,
  type UnwindImage,
  type UnwindImageOptions,
} from "./unwind_images.ts";

const KINDS = [
  { class: 64, endian: "little" },
  { class: 64, endian: "big" },
  { class: 32, endian: "little" },
  { class: 32, endian: "big" },
] as const;

/** DW_EH_PE_*: how a value is written. */
const FORMATS = {
  absptr: 0x00,
  uleb128: 0x01,
  udata2: 0x02,
  udata4: 0x03,
  udata8: 0x04,
  signed: 0x08,
  sleb128: 0x09,
  sdata2: 0x0a,
  sdata4: 0x0b,
  sdata8: 0x0c,
};

function tablesOf(image: UnwindImage | Uint8Array): UnwindTables {
  return parseUnwind(image instanceof Uint8Array ? image : image.bytes) ?? fail("no tables");
}

/** The rows of an image's one FDE, with this program. */
function rowsOf(
  program: readonly number[],
  cie: CieOptions = {},
  options: UnwindImageOptions = {},
): readonly UnwindRow[] {
  const image = buildUnwindImage({ ...options, cies: [{ ...cie, fdes: [{ program }] }] });
  return tablesOf(image).entries[0]?.rows ?? fail("no entry");
}

/** The only row's rules. */
function rulesOf(program: readonly number[]): Record<number, unknown> {
  const rows = rowsOf(program);
  assertEquals(rows.length, 1);
  return Object.fromEntries(rows[0]?.rules ?? []);
}

function rejects(ask: () => unknown, message: string, offset?: number): void {
  const error = assertThrows(ask, ElfError, message);
  assertMatch(error.message, /^Cannot read the ELF image: .* at 0x[0-9a-f]+ .*[^.]$/);
  if (offset !== undefined) assertEquals(error.offset, offset);
}

// What readelf says, and the same of parseUnwind().

const skipWithoutReadelf = skipUnless(
  spawnSync("readelf", ["--version"]).status === 0,
  "binutils' readelf is not installed",
  "REQUIRE_READELF",
);

function readelf(file: string): string {
  // Links to debug information that is not installed would be an error.
  const options = ["-W", "--debug-dump=no-follow-links", "--debug-dump=frames-interp", file];
  const { status, stdout, stderr } = spawnSync("readelf", options, {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
    maxBuffer: 1 << 28,
  });
  assertEquals(status, 0, stderr);
  return stdout;
}

function withFile<T>(bytes: Uint8Array, use: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "elf_unwind_"));
  try {
    writeFileSync(join(folder, "image"), bytes);
    return use(join(folder, "image"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One FDE, as text that both sides can write: what it is for, its CIE, its rows. */
interface Description {
  range: string;
  common: string;
  rows: string[];
}

function byRange(descriptions: Description[]): Description[] {
  const start = ({ range }: Description) => BigInt(range.slice(0, range.indexOf(".")));
  return descriptions.sort((a, b) => start(a) < start(b) ? -1 : start(a) > start(b) ? 1 : 0);
}

/** A row; registers that are as good as unknown are left out, since readelf has columns for some. */
function rowText(location: string, cfa: string, rules: string[]): string {
  return [location, cfa, ...rules.filter((rule) => !rule.endsWith("=u")).sort()].join(" ");
}

/** Reads readelf's tables of .eh_frame. */
function judge(text: string): Description[] {
  const found: Description[] = [];
  const commons = new Map<string, { text: string; row: string }>();
  const part = text.split(/^Contents of the (?:\S+) section:/m);
  const at = text.search(/^Contents of the \.eh_frame section:/m) < 0 ? -1 : 1;
  const blocks = (part[at] ?? "").split(/\n\n+/);
  for (const block of blocks) {
    const [title = "", head = "", ...lines] = block.trim().split("\n");
    const columns = head.trim().split(/\s+/).slice(2);
    const rows: string[] = [];
    for (const line of lines) {
      // Another register is "r9 (r9)", of two words.
      const [location = "", cfa = "", ...cells] = line
        .replace(/\br\d+ \((\S+)\)/g, "$1").trim().split(/\s+/);
      const start = String(BigInt(`0x${location}`));
      // An advance by nothing: the row before it has held for no instruction.
      if (rows.at(-1)?.startsWith(`${start} `)) rows.pop();
      rows.push(rowText(start, cfa, cells.map((cell, i) => `${columns[i]}=${cell}`)));
    }
    const cie = /^(\w+) \w+ 0+ CIE (.*)$/.exec(title);
    if (cie !== null) {
      const row = (rows[0] ?? "").replace(/^\d+ /, "");
      commons.set(cie[1] ?? "", { text: cie[2] ?? "", row });
    }
    const fde = /FDE cie=(\w+) pc=(\w+)\.\.(\w+)$/.exec(title);
    if (fde === null) continue;
    const [start, end] = [BigInt(`0x${fde[2]}`), BigInt(`0x${fde[3]}`)];
    const common = commons.get(fde[1] ?? "") ?? fail(`no CIE for ${title}`);
    // readelf shows no rows if there are no instructions: then the CIE's holds throughout.
    if (rows.length === 0) rows.push(`${start} ${common.row}`);
    found.push({ range: `${start}..${end}`, common: common.text, rows });
  }
  return byRange(found);
}

function describe(tables: UnwindTables, machine: number): Description[] {
  return byRange(tables.entries.map(({ address, size, common, rows }) => {
    const { augmentation, codeAlignment, dataAlignment, returnAddress } = common;
    return {
      range: `${address}..${address + size}`,
      common: `"${augmentation}" cf=${codeAlignment} df=${dataAlignment} ra=${returnAddress}`,
      rows: rows.map((row) =>
        rowText(
          String(row.address),
          formatCfa(row.cfa, machine),
          Array.from(row.rules, ([register, rule]) => {
            const name = register === returnAddress ? "ra" : registerName(machine, register);
            return `${name}=${formatRule(rule, machine)}`;
          }),
        )
      ),
    };
  }));
}

/** Fails unless both read the same, and unless every address leads to its row. */
function assertAsReadelf(bytes: Uint8Array, text: string, leastRows: number): UnwindTables {
  const { machine } = parseElf(bytes);
  const tables = tablesOf(bytes);
  const theirs = judge(text);
  assertEquals(describe(tables, machine), theirs);
  assertGreater(theirs.reduce((sum, { rows }) => sum + rows.length, 0), leastRows);
  for (const { address, size, offset, rows } of tables.entries) {
    assertEquals(tables.find(address)?.offset, offset);
    assertEquals(tables.find(address + size - 1n)?.offset, offset);
    for (const [i, row] of rows.entries()) {
      if (row.address >= address + size) continue; // a PLT's expression, for instance
      assertEquals(tables.lookup(row.address), row);
      if (i > 0) assertEquals(tables.lookup(row.address - 1n), rows[i - 1]);
    }
  }
  return tables;
}

test(
  "parseUnwind() reads this process's vDSO as readelf does",
  { skip: skipWithoutReadelf },
  () => {
    const { image, symbols } = inspect();
    const text = withFile(image, readelf);
    const theirs = judge(text);
    const tables = parseUnwind(image);
    if (tables === undefined) return assertEquals(theirs, []); // aarch64's, for instance
    assertAsReadelf(image, text, 5);
    const clock = symbols.find(({ name }) => /^__(vdso|kernel)_clock_gettime$/.test(name)) ??
      fail("the vDSO has no clock_gettime");
    const [entry] = tables.forSymbol(clock);
    assertEquals(tables.find(clock.value)?.offset, entry?.offset);
    assertEquals(tables.lookup(clock.value), entry?.rows[0]);
  },
);

/** The path of a library that this process has mapped, so that it is of this machine and libc. */
function mappedLibrary(name: RegExp): string | undefined {
  const maps = existsSync("/proc/self/maps") ? readFileSync("/proc/self/maps", "latin1") : "";
  return maps.split("\n").map((line) => line.slice(73)).find((path) => name.test(path));
}

for (
  const [library, pattern] of [["libc", /\/libc[.-][^/]*$/], ["libm", /\/libm[.-][^/]*$/]] as const
) {
  const path = mappedLibrary(pattern);
  const skip = skipWithoutReadelf ||
    (path === undefined && `this process has no ${library} mapped`);
  test(`parseUnwind() reads ${library} as readelf does`, { skip, timeout: 60_000 }, () => {
    const bytes = new Uint8Array(readFileSync(path ?? ""));
    const tables = assertAsReadelf(bytes, readelf(path ?? ""), 4000);
    assert(tables.searchTable);
    assertEquals(tables.source, "program header");
  });
}

/** The functions of tests/native/unwind_sample.c. */
const SAMPLE = [
  "advance",
  "call",
  "escapes",
  "expressions",
  "indirect",
  "language",
  "rules",
  "signal",
  "state",
].map((name) => `unwind_${name}`);

/** What readelf does not show: the rest of the sample. */
function assertSample(bytes: Uint8Array, tables: UnwindTables): void {
  const image = parseElf(bytes);
  const entryOf = (name: string) => {
    const entries = tables.forSymbol(image.lookup(name) ?? fail(`no ${name}`));
    assertEquals(entries.length, 1, name);
    return entries[0] ?? fail();
  };
  for (const name of SAMPLE) {
    const { address, size, common } = entryOf(name);
    const symbol = image.lookup(name);
    assertEquals([address, Number(size)], [symbol?.value, symbol?.size]);
    assertEquals(common.signalFrame, name === "unwind_signal");
    assertEquals(common.keyB, false);
    if (!["unwind_language", "unwind_indirect"].includes(name)) {
      assertEquals(common.personality, undefined);
    }
  }
  const advances = entryOf("unwind_advance").rows.map(({ address }) => address);
  const distances = advances.slice(1).map((address, i) => Number(address - (advances[i] ?? 0n)));
  assertEquals(distances, [4, 128, 400, 2000, 300000]);

  const expressions = entryOf("unwind_expressions").rows;
  assertEquals(expressions[3]?.cfa, {
    kind: "expression",
    expression: Uint8Array.of(0x77, 0x08, 0x06),
  });
  assertEquals(expressions[3]?.rules.get(4), {
    kind: "expression",
    expression: Uint8Array.of(0x40, 0x22),
  });
  assertEquals(expressions[3]?.rules.get(5), {
    kind: "value_expression",
    expression: Uint8Array.of(0x73, 0x00),
  });
  assertEquals(entryOf("unwind_rules").rows[2]?.rules.get(4), { kind: "undefined" });

  const sizes = entryOf("unwind_escapes").rows.map(({ argumentsSize }) => argumentsSize);
  assertEquals(sizes.slice(-4), [0, 32, 32, 32].slice(-sizes.length));

  // The personality is the first thing in .text; what it points to else is not exported.
  const language = entryOf("unwind_language");
  assertEquals(language.common.personality?.indirect, false);
  const personality = language.common.personality?.address ?? 0n;
  assert(personality > 0n && personality < language.address, String(personality));
  assertEquals(language.address - personality, 4n);
  assert((language.languageData ?? 0n) > 0n);
  assertEquals(entryOf("unwind_indirect").common.personality?.indirect, true);
  assertEquals(entryOf("unwind_indirect").languageData, undefined);
}

test(
  "parseUnwind() reads what gcc makes of every instruction as readelf does",
  { skip: skipWithoutReadelf || skipWithoutGcc, timeout: 60_000 },
  () => {
    const file = nativeProgram("unwind_sample", ["-shared", "-fPIC"]);
    const bytes = new Uint8Array(readFileSync(file));
    assertSample(bytes, assertAsReadelf(bytes, readelf(file), 50));
  },
);

/** CPUs with what clang needs to know of them. */
const TARGETS = [
  ["x86_64-linux-gnu"],
  ["i386-linux-gnu"],
  ["aarch64-linux-gnu"],
  ["riscv64-linux-gnu", "-march=rv64gc", "-mabi=lp64d"],
  ["s390x-linux-gnu"], // big endian
  ["powerpc64le-linux-gnu"],
  ["powerpc-linux-gnu"], // big endian, 32 bits
  ["loongarch64-linux-gnu"],
  ["mips64el-linux-gnuabi64"],
] as const;

const skipWithoutClang = skipUnless(
  spawnSync("clang-19", ["--version"]).status === 0 &&
    spawnSync("ld.lld-19", ["--version"]).status === 0,
  "clang-19 and lld-19 are not installed",
  "REQUIRE_CLANG",
);

for (const [target, ...flags] of TARGETS) {
  test(
    `parseUnwind() reads ${target} as readelf does`,
    { skip: skipWithoutReadelf || skipWithoutClang, timeout: 60_000 },
    () => {
      const folder = mkdtempSync(join(tmpdir(), "elf_unwind_"));
      try {
        for (const header of ["--eh-frame-hdr", "--no-eh-frame-hdr"]) {
          const file = join(folder, header);
          const { status, stderr } = spawnSync("clang-19", [
            `--target=${target}`,
            ...flags,
            ..."-std=gnu17 -O2 -Wall -Wextra -Werror -fPIC -fasynchronous-unwind-tables".split(" "),
            ..."-nostdlib -shared -fuse-ld=lld".split(" "),
            `-Wl,${header}`,
            "-o",
            file,
            join(ROOT, "tests/native/unwind_sample.c"),
          ], { encoding: "utf8" });
          assertEquals(status, 0, stderr);
          const bytes = new Uint8Array(readFileSync(file));
          const tables = assertAsReadelf(bytes, readelf(file), 40);
          assertSample(bytes, tables);
          // Without a header, as in s390x vDSOs, the section header is the only way.
          const found = header === "--eh-frame-hdr";
          assertEquals(tables.source, found ? "program header" : "section header");
          assertEquals(tables.searchTable, found);
          if (target.startsWith("aarch64")) {
            const signed = parseElf(bytes).lookup("unwind_signed") ?? fail();
            const [entry] = tables.forSymbol(signed);
            assert(entry?.common.keyB);
            const states = entry?.rows.map(({ signedReturnAddress }) => signedReturnAddress);
            assertEquals(states, [false, true, false]);
          }
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
}

test("registerName() names registers as readelf does", {
  skip: skipWithoutReadelf,
  timeout: 60_000,
}, () => {
  // readelf prints nothing at all if one number is above those that it knows of.
  const last = { 3: 101, 22: 84, 62: 126, 183: 128, 243: 140, 21: 140 };
  for (const [machine, count] of Object.entries(last).map((pair) => pair.map(Number))) {
    const names: string[] = [];
    for (const column of [0, 1]) { // the return address's column is not named
      const program = Array.from({ length: count ?? 0 }, (_, i) => [0x08, ...leb128(i)]).flat();
      const image = buildUnwindImage({
        machine: machine ?? 0,
        class: machine === 3 ? 32 : 64,
        vaddr: 0n,
        cies: [{ returnAddress: [column], program: [0x0c, 0, 0], fdes: [{ program }] }],
      });
      const text = withFile(image.bytes, readelf);
      const head = text.split("\n").filter((line) => line.startsWith("   LOC")).at(-1) ?? "";
      for (const [i, name] of head.trim().split(/\s+/).slice(2).entries()) {
        if (i !== column) names[i] = name;
      }
    }
    assertEquals(names.length, count);
    assertEquals(names.map((_, i) => registerName(machine ?? 0, i)), names);
  }
  assertEquals(registerName(62, 1000), "r1000");
  assertEquals(registerName(0, 3), "r3");
});

// From here on, images of our own.

test("parseUnwind() reads the pointers of FDEs in every encoding", () => {
  for (const kind of KINDS) {
    for (const [format, code] of Object.entries(FORMATS)) {
      for (const relative of [0x00, 0x10]) {
        const label = `${format} ${relative} ELF${kind.class} ${kind.endian}`;
        const image = buildUnwindImage({
          ...kind,
          vaddr: 0n,
          cies: [{
            encoding: code | relative,
            fdes: [{ address: 0x7000n, size: 0x40n }, { address: 0x7080n, size: 0xfff0n }],
          }],
        });
        const { entries } = tablesOf(image);
        const found = entries.map(({ address, size }) => [address, size]);
        assertEquals(found, [[0x7000n, 0x40n], [0x7080n, 0xfff0n]], label);
        assertEquals(entries.map(({ offset }) => offset), [...image.fdes], label);
      }
    }
  }
});

test("parseUnwind() reads pointers that go back, and addresses near the end", () => {
  for (const kind of KINDS) {
    const top = kind.class === 32 ? 0xffffe000n : 0xffffffffff700000n;
    const { absptr, sleb128, sdata2, sdata4, sdata8 } = FORMATS;
    for (const code of [absptr, sleb128, sdata2, sdata4, sdata8]) { // absptr wraps around
      const image = buildUnwindImage({
        ...kind,
        vaddr: top,
        cies: [{ encoding: 0x10 | code, fdes: [{ address: top - 0x100n }] }],
      });
      const tables = tablesOf(image);
      assertEquals(tables.entries.map(({ address }) => address), [top - 0x100n]);
      assertEquals(tables.find(top - 0xf1n)?.address, top - 0x100n);
      assertEquals(tables.find(top - 0xf0n), undefined);
    }
  }
});

test("parseUnwind() reads .eh_frame_hdr in every encoding", () => {
  const cies = [{ fdes: [{ address: 0x7900n }, { address: 0x7000n, size: 4n }, {}] }];
  for (const kind of KINDS) {
    for (const [format, code] of Object.entries(FORMATS)) {
      for (const relative of [0x00, 0x10, 0x30]) {
        const label = `${format} ${relative} ELF${kind.class} ${kind.endian}`;
        const varies = format.endsWith("leb128");
        for (
          const header of [
            { frames: code | relative },
            { count: code },
            { table: code | relative },
          ]
        ) {
          const image = buildUnwindImage({ ...kind, vaddr: 0n, cies, header });
          const tables = tablesOf(image);
          assertEquals(tables.source, "program header");
          // Who searches needs pointers of one size: all others go through .eh_frame.
          assertEquals(tables.searchTable, header.table === undefined || !varies, label);
          const found = tables.entries.map(({ address }) => address);
          const sorted = [0x7000n, 0x7004n, 0x7900n];
          assertEquals(found, tables.searchTable ? sorted : [0x7900n, 0x7000n, 0x7004n], label);
          for (const address of sorted) assertEquals(tables.find(address)?.address, address);
        }
      }
    }
  }
});

test("parseUnwind() does without a search table when the header has none", () => {
  for (const header of [{ count: 0xff }, { table: 0xff }, { count: 0xff, table: 0xff }]) {
    for (const terminator of [true, false]) {
      const image = buildUnwindImage({ header, terminator, cies: [{ fdes: [{}, {}] }] });
      const tables = tablesOf(image);
      assertEquals([tables.source, tables.searchTable], ["program header", false]);
      assertEquals(tables.entries.map(({ address }) => address), [...image.addresses]);
      assertEquals(tables.find((image.addresses[1] ?? 0n) + 5n)?.offset, image.fdes[1]);
    }
  }
});

/** An image whose .eh_frame ends with no terminator: machine code comes next, as in x86 vDSOs. */
function withCodeBehind(options: UnwindImageOptions): UnwindImage {
  // A last CIE whose length is broken stands for code.
  const image = buildUnwindImage({
    ...options,
    terminator: false,
    cies: [{ fdes: [{}, {}] }, {}],
  });
  return image.put(image.cies[1] ?? 0, 4, 0x90909090);
}

test("parseUnwind() is not led astray by code behind .eh_frame", () => {
  const tables = tablesOf(withCodeBehind({}));
  assertEquals(tables.entries.length, 2);

  // Without a search table, it is the section header that says where .eh_frame ends.
  const image = withCodeBehind({ header: { count: 0xff } });
  rejects(() => tablesOf(image).entries, "a record of .eh_frame");
  const size = image.sections + 64 + 32;
  image.put(size, 8, (image.cies[1] ?? 0) - image.frames);
  assertEquals(tablesOf(image).entries.length, 2);
});

test("parseUnwind() finds .eh_frame by its section header when there is no other way", () => {
  for (const kind of KINDS) {
    for (const terminator of [true, false]) {
      const options = { ...kind, terminator, header: null, cies: [{ fdes: [{}, {}] }] };
      const tables = tablesOf(buildUnwindImage(options));
      assertEquals([tables.source, tables.searchTable], ["section header", false]);
      assertEquals(tables.entries.length, 2);
      assertEquals(parseUnwind(buildUnwindImage({ ...options, sections: false }).bytes), undefined);
    }
  }
  // A PT_GNU_EH_FRAME of nothing, as s390x vDSOs have it, is as none.
  for (const sections of [true, false]) {
    const image = buildUnwindImage({ sections });
    for (const field of [8, 16, 32, 40]) image.put(64 + 56 + field, 8, 0);
    assertEquals(parseUnwind(image.bytes)?.source, sections ? "section header" : undefined);
  }
});

test("parseUnwind() gives undefined when section headers are missing or make no sense", () => {
  const fresh = () => buildUnwindImage({ header: null });
  const { sections, bytes } = fresh();
  assert(parseUnwind(bytes) !== undefined);
  const broken: [what: string, UnwindImage][] = [
    ["e_shoff", fresh().put(40, 8, 0)],
    ["e_shoff", fresh().put(40, 8, 1 << 20)],
    ["e_shoff", fresh().put(40, 8, -1)],
    ["e_shentsize", fresh().put(58, 2, 40)],
    ["e_shnum", fresh().put(60, 2, 0)],
    ["e_shnum", fresh().put(60, 2, 0xffff)],
    ["e_shstrndx", fresh().put(62, 2, 4)],
    ["sh_offset of .shstrtab", fresh().put(sections + 3 * 64 + 24, 8, 1 << 20)],
    ["sh_offset of .shstrtab", fresh().put(sections + 3 * 64 + 24, 8, -1)],
    ["sh_name of .eh_frame", fresh().put(sections + 64, 4, 0xffffffff)],
    ["sh_name of .eh_frame", fresh().put(sections + 64, 4, 11)], // .eh_frame_hdr
  ];
  for (const [what, image] of broken) assertEquals(parseUnwind(image.bytes), undefined, what);
  // As dumped without what lies behind the PT_LOAD.
  assertEquals(parseUnwind(bytes.subarray(0, sections)), undefined);
  rejects(() => parseUnwind(fresh().put(sections + 64 + 16, 8, 8).bytes), "no PT_LOAD has");
  rejects(() => parseUnwind(fresh().put(sections + 64 + 32, 8, 1 << 20).bytes), "no PT_LOAD has");
});

test("parseUnwind() refuses pointers that cannot be followed", () => {
  const cie = (encoding: number) => buildUnwindImage({ cies: [{ encoding, fdes: [{}] }] });
  // textrel, datarel in .eh_frame, funcrel, aligned, indirect, omitted.
  for (const encoding of [0x2b, 0x3b, 0x4b, 0x50, 0x9b, 0xff]) {
    const image = cie(encoding);
    rejects(() => tablesOf(image).entries, `has the encoding 0x${encoding.toString(16)}`);
    rejects(() => tablesOf(image).find(image.addresses[0] ?? 0n), "cannot be followed");
  }
  for (const encoding of [0x05, 0x16, 0x1f]) {
    rejects(() => tablesOf(cie(encoding)).entries, "has the format");
  }
  for (const frames of [0x2b, 0x9b, 0xff]) {
    rejects(() => parseUnwind(buildUnwindImage({ header: { frames } }).bytes), "has the encoding");
  }
  const image = buildUnwindImage();
  rejects(() => parseUnwind(image.put(image.header + 3, 1, 0xbb).bytes)?.entries, "0xbb");
  const none = buildUnwindImage({ cies: [{ encoding: 0x03, fdes: [{ address: 0n }] }], vaddr: 0n });
  rejects(() => tablesOf(none).entries, "is null");
});

test("parseUnwind() reads every augmentation", () => {
  const personality = [0x9b, 0x10, 0, 0, 0]; // indirect, pcrel, sdata4
  for (const kind of KINDS) {
    const big = kind.endian === "big";
    const image = buildUnwindImage({
      ...kind,
      cies: [
        {
          augmentation: "zPLRSB",
          data: [...big ? [0x9b, 0, 0, 0, 0x10] : personality, 0x1b, 0x1b],
          fdes: [{ data: big ? [0, 0, 0, 8] : [8, 0, 0, 0] }, { data: [0, 0, 0, 0] }],
        },
        {
          augmentation: "zPR",
          data: [0x00, ...new Array(kind.class / 8).fill(0), 0x1b],
          fdes: [{}],
        },
        { augmentation: "zPR", data: [0xff, 0x1b], fdes: [{}] },
        { augmentation: "zL", data: [0xff], encoding: 0, fdes: [{ data: [1, 2, 3] }] },
        { augmentation: "z", encoding: 0, fdes: [{ data: [1, 2, 3] }] },
        { augmentation: "", encoding: 0, fdes: [{ program: [0x40 | 4, 0x0e, 16] }] },
        { augmentation: "S", encoding: 0, fdes: [{}] },
        { augmentation: "eh", extra: new Array(kind.class / 8).fill(7), encoding: 0, fdes: [{}] },
      ],
    });
    const { entries } = tablesOf(image);
    assertEquals(entries.map(({ address }) => address), [...image.addresses]);
    const [first, second] = entries;
    const field = BigInt((image.cies[0] ?? 0) + 4 + 4 + 1 + 7 + 3 + 1 + 1);
    assertEquals(first?.common, second?.common);
    assertEquals(first?.common.personality, {
      address: 0x100000n + field + 0x10n,
      indirect: true,
    });
    // Behind the length, the CIE pointer, the address, the size, and the length of the data.
    assertEquals(first?.languageData, 0x100000n + BigInt((image.fdes[0] ?? 0) + 17) + 8n);
    assertEquals(second?.languageData, undefined);
    assertEquals([first?.common.signalFrame, first?.common.keyB], [true, true]);
    for (const { common } of entries.slice(2)) assertEquals(common.personality, undefined);
    assertEquals(entries.map(({ common }) => common.signalFrame).lastIndexOf(true), 7);
    assertEquals(entries.map(({ common }) => common.offset).slice(1), [...image.cies]);
    for (const { rows, address } of entries) {
      assertEquals(rows[0]?.cfa, { kind: "register", register: 7, offset: 8 });
      assertEquals(rows[0]?.address, address);
    }
    assertEquals(entries[6]?.rows.length, 2);
  }
});

test("parseUnwind() refuses what it does not know of a CIE", () => {
  const cie = (options: CieOptions) => {
    const image = buildUnwindImage({ cies: [{ ...options, fdes: [{}] }] });
    return { ask: () => tablesOf(image).entries, at: image.cies[0] ?? 0 };
  };
  const letter = cie({ augmentation: "zRX", data: [0x1b] });
  rejects(letter.ask, 'has the unknown augmentation "zRX"', letter.at);
  for (const version of [0, 2, 5]) rejects(cie({ version }).ask, "the CIE's version at");
  const [good, wrong] = [[8, 0], [4, 0]];
  const column = { version: 4, returnAddress: leb128(300) };
  assertEquals(cie({ ...column, extra: good }).ask()[0]?.common.returnAddress, 300);
  assertEquals(cie({ ...column, version: 3 }).ask()[0]?.common.returnAddress, 300);
  rejects(cie({ version: 4, extra: wrong }).ask, "address size");
  rejects(cie({ version: 4, extra: [8, 1] }).ask, "segment selector size");
});

test("rows are made by all instructions", () => {
  const set = (program: number[]) => rulesOf(program)[3];
  assertEquals(set([0x83, 2]), { kind: "offset", offset: -16 });
  assertEquals(rulesOf([0x80 | 40, 2])[40], { kind: "offset", offset: -16 });
  assertEquals(set([0x05, 3, 2]), { kind: "offset", offset: -16 });
  assertEquals(set([0x11, 3, 0x7e]), { kind: "offset", offset: 16 });
  assertEquals(set([0x2f, 3, 2]), { kind: "offset", offset: 16 });
  assertEquals(set([0x14, 3, 2]), { kind: "value", offset: -16 });
  assertEquals(set([0x15, 3, 0x7e]), { kind: "value", offset: 16 });
  assertEquals(set([0x07, 3]), { kind: "undefined" });
  assertEquals(set([0x08, 3]), { kind: "same" });
  assertEquals(set([0x09, 3, 9]), { kind: "register", register: 9 });
  assertEquals(set([0x10, 3, 1, 0x30]), { kind: "expression", expression: Uint8Array.of(0x30) });
  assertEquals(set([0x16, 3, 1, 0x30]), {
    kind: "value_expression",
    expression: Uint8Array.of(0x30),
  });
  assertEquals(set([0x83, 2, 0xc3]), undefined);
  assertEquals(set([0x83, 2, 0x06, 3]), undefined);

  const cfa = (...program: number[]) => rowsOf(program)[0]?.cfa;
  assertEquals(cfa(0x0c, 6, 32), { kind: "register", register: 6, offset: 32 });
  assertEquals(cfa(0x0d, 6), { kind: "register", register: 6, offset: 8 });
  assertEquals(cfa(0x0e, 48), { kind: "register", register: 7, offset: 48 });
  assertEquals(cfa(0x12, 6, 0x7c), { kind: "register", register: 6, offset: 32 });
  assertEquals(cfa(0x13, 0x7c), { kind: "register", register: 7, offset: 32 });
  assertEquals(cfa(0x0f, 2, 0x77, 8), {
    kind: "expression",
    expression: Uint8Array.of(0x77, 8),
  });
  assertEquals(rowsOf([0x2e, 40])[0]?.argumentsSize, 40);
});

test("rows restore what the CIE said, even where the FDE says otherwise first", () => {
  const [row] = rowsOf([0x09, 16, 3, 0xd0]);
  assertEquals(row?.rules.get(16), { kind: "offset", offset: -8 });
  // readelf takes a register that an FDE speaks of for undefined from the start.
  const rows = rowsOf([0x44, 0x07, 16]);
  assertEquals(rows.map(({ rules }) => rules.get(16)?.kind), ["offset", "undefined"]);
});

test("rows begin where instructions advance to", () => {
  for (const kind of KINDS) {
    const number = (value: number, size: number) => {
      const bytes = Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) & 0xff);
      return kind.endian === "big" ? bytes.reverse() : bytes;
    };
    const change = [0x0e, 16];
    const program = [
      [0x40 | 5, ...change],
      [0x02, 200, ...change],
      [0x03, ...number(0x1234, 2), ...change],
      [0x04, ...number(0x123456, 4), ...change],
      [0x1d, ...number(0x10, 8), ...change],
    ].flat();
    const rows = rowsOf(program, {}, kind);
    const distances = rows.slice(1).map(({ address }, i) => address - (rows[i]?.address ?? 0n));
    assertEquals(distances, [5n, 200n, 0x1234n, 0x123456n, 0x10n]);
    const cie = { encoding: 0x03, data: [0x03] };
    const options = { ...kind, vaddr: 0n };
    const set = rowsOf([0x01, ...number(0x10008, 4), ...change], cie, options);
    assertEquals(set.map(({ address }) => address), [0x10000n, 0x10008n]);
    rejects(() => rowsOf([0x01, ...number(0xfff0, 4)], cie, options), "goes back");
  }
});

test("rows leave out what is overruled before any instruction", () => {
  const rows = rowsOf([0x0e, 16, 0x40, 0x0e, 24, 0x44, 0x0e, 32, 0x40, 0x0e, 40]);
  assertEquals(rows.map(({ cfa }) => cfa?.kind === "register" && cfa.offset), [24, 40]);
});

test("rows keep states apart that share rules", () => {
  const rows = rowsOf([
    [0x83, 2, 0x0a, 0x41], // r3, remember
    [0x83, 4, 0x0e, 64, 0x0a, 0x41], // r3 again, remember
    [0xc3, 0x84, 5, 0x41], // no r3, r4
    [0x0b, 0x41], // as at the second
    [0x86, 6, 0x0b, 0x85, 1, 0x41], // r6 is gone again: as at the first, and r5
    [0xd0],
  ].flat());
  const seen = rows.map(({ rules, cfa }) =>
    [...rules].filter(([register]) => register !== 16)
      .map(([register, rule]) => `${register}${formatRule(rule, 62)}`)
      .concat(formatCfa(cfa, 62)).join(" ")
  );
  assertEquals(seen, [
    "3c-16 rsp+8",
    "3c-32 rsp+64",
    "4c-40 rsp+64",
    "3c-32 rsp+64",
    "3c-16 5c-8 rsp+8",
    "3c-16 5c-8 rsp+8",
  ]);
});

test("rows know what AArch64 and SPARC make of one instruction", () => {
  const program = [0x2d, 0x41, 0x0a, 0x2d, 0x41, 0x0b];
  const signed = rowsOf(program, {}, { machine: 183 });
  assertEquals(signed.map((row) => row.signedReturnAddress), [true, false, true]);
  for (const kind of KINDS.filter(({ endian }) => endian === "big")) {
    const machine = kind.class === 64 ? 43 : 2;
    const rules = rowsOf([0x2d], {}, { ...kind, machine })[0]?.rules;
    assertEquals(rules?.get(8), { kind: "register", register: 24 });
    assertEquals(rules?.get(15), { kind: "register", register: 31 });
    assertEquals(rules?.get(31), { kind: "offset", offset: 15 * kind.class / 8 });
  }
  rejects(() => rowsOf([0x2d]), "is 0x2d, which is not known");
});

test("rows reject broken instructions, and nothing else of the entry does", () => {
  const broken: [program: number[], message: string][] = [
    [[0x3f], "is 0x3f, which is not known"],
    [[0x0b], "has nothing to restore"],
    [[0x0a, 0x0b, 0x0b], "has nothing to restore"],
    [[0x0f, 1, 0x30, 0x0d, 6], "changes a CFA of another kind"],
    [[0x0f, 1, 0x30, 0x0e, 6], "changes a CFA of another kind"],
    [[0x0f, 0x7f], "ends early"],
    [[0x10, 3, 0xff, 0xff, 0xff, 0xff, 0x0f], "ends early"],
    [[0x0e, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], "a number at"],
    [[0x83, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f], "a number at"],
    [[0x0e, ...new Array(10).fill(0x80), 0], "has more than 10 bytes"],
    [[0, 0, 0, 0x02], "ends early"],
    [[0, 0, 0, 0x0c], "ends early"],
    [
      Array.from({ length: 256 }, (_, i) => [0x08, ...leb128(i + 17)]).flat(),
      "more than 256 rules",
    ],
  ];
  for (const [program, message] of broken) {
    // To the end of the record: no padding may come to help.
    while (program.length % 4 !== 3) program.unshift(0);
    const image = buildUnwindImage({ cies: [{ fdes: [{ program }, {}] }] });
    const tables = tablesOf(image);
    assertEquals(tables.entries.map(({ size }) => size), [16n, 16n]);
    rejects(() => tables.entries[0]?.rows, message);
    rejects(() => tables.lookup(image.addresses[0] ?? 0n), message);
    assertEquals(tables.lookup(image.addresses[1] ?? 0n)?.cfa?.kind, "register");
  }
  const cie = { program: [0x3f], fdes: [{}] };
  rejects(() => tablesOf(buildUnwindImage({ cies: [cie] })).entries, "is 0x3f");
  rejects(() => rowsOf([0x0e, 16], { program: [0] }), "changes a CFA of another kind");
  assertEquals(rowsOf([], { program: [0] })[0]?.cfa, undefined);
  // LLVM's CIEs for MIPS start so.
  const mips = rowsOf([], { program: [0x0d, 29] })[0]?.cfa;
  assertEquals(mips, { kind: "register", register: 29, offset: 0 });
});

test("entries, find() and lookup() reject broken records", () => {
  const fresh = () => buildUnwindImage({ cies: [{ fdes: [{}, {}] }] });
  const { fdes: [fde = 0], cies: [cie = 0], addresses: [address = 0n], frames } = fresh();
  const broken: [message: string, UnwindImage][] = [
    ["a record of .eh_frame", fresh().put(fde, 4, 0x10000)],
    ["has an extended length", fresh().put(fde, 4, 0xffffffff)],
    ["ends early", fresh().put(fde, 4, 6)],
    ["ends early", fresh().put(fde, 4, 2)],
    ["the augmentation data", fresh().put(fde + 16, 1, 0x7f)],
    ["is before .eh_frame", fresh().put(fde + 4, 4, 0x10000)],
    ["has the CIE ID", fresh().put(fde + 4, 4, 4)],
    ["has the CIE ID", fresh().put(cie + 4, 4, 4)],
    ["the CIE's version", fresh().put(cie + 8, 1, 9)],
    ["the augmentation data", fresh().put(cie + 15, 1, 0x7f)],
  ];
  assertEquals(cie, frames);
  const short = fresh().put(cie, 4, 6);
  rejects(() => tablesOf(short).entries, "has no string that ends");
  for (const [message, image] of broken) {
    for (const header of [true, false]) {
      // Without the program header, by the section's.
      if (!header) image.put(64 + 56, 4, 0);
      rejects(() => tablesOf(image).entries, message);
      rejects(() => tablesOf(image).lookup(address), message);
    }
  }
});

test("entries, find() and lookup() reject a broken search table", () => {
  const fresh = () => buildUnwindImage({ cies: [{ fdes: [{}, {}] }] });
  const { table, header, addresses: [first = 0n, second = 0n] } = fresh();
  const pair = (index: number) => table + 8 * index;
  const swapped = fresh();
  const [one, other] = [0, 1].map((i) => swapped.bytes.slice(pair(i), pair(i) + 8));
  swapped.bytes.set(other ?? [], pair(0));
  swapped.bytes.set(one ?? [], pair(1));
  rejects(() => tablesOf(swapped).entries, "is not sorted");

  const wrong = fresh().put(pair(0), 4, Number(first) - 0x100000 - header + 1);
  rejects(() => tablesOf(wrong).entries, "disagrees with the entry");
  rejects(() => tablesOf(wrong).find(first + 1n), "disagrees with the entry");
  assertEquals(tablesOf(wrong).find(second)?.address, second);

  for (const place of [-header, 0x7fff0000, -0x80000000]) {
    const outside = fresh().put(pair(1) + 4, 4, place);
    rejects(() => tablesOf(outside).entries, "points out of .eh_frame");
    rejects(() => tablesOf(outside).find(second), "points out of .eh_frame");
    assertEquals(tablesOf(outside).find(first)?.address, first);
  }
  const cie = fresh();
  cie.put(pair(0) + 4, 4, cie.frames - header);
  rejects(() => tablesOf(cie).entries, "disagrees with the entry");

  rejects(
    () => parseUnwind(fresh().put(header, 1, 2).bytes),
    "the version of .eh_frame_hdr",
    header,
  );
  for (const count of [3, 0x10000, 0xffffffff]) {
    rejects(
      () => parseUnwind(fresh().put(header + 8, 4, count).bytes),
      "the search table at",
      table,
    );
  }
  rejects(() => parseUnwind(fresh().put(header + 4, 4, 0x7fffffff).bytes), "no PT_LOAD has");
  rejects(() => parseUnwind(fresh().put(64 + 56 + 32, 8, 5).bytes), "PT_GNU_EH_FRAME at");
  rejects(() => parseUnwind(fresh().put(64 + 56 + 8, 8, 1 << 20).bytes), "PT_GNU_EH_FRAME at");
  const empty = tablesOf(fresh().put(header + 8, 4, 0));
  assertEquals([empty.entries.length, empty.find(first)], [0, undefined]);
});

test("entries rejects records that overlap", () => {
  // Every pair of the table leads to the one FDE: 100 times its bytes are more than .eh_frame's.
  const same = buildUnwindImage({
    cies: [{ fdes: Array.from({ length: 100 }, () => ({ address: 0x7000n, size: 0n })) }],
    vaddr: 0n,
  });
  assertEquals(tablesOf(same).entries.length, 100);
  const view = new DataView(same.bytes.buffer);
  const fde = same.fdes[0] ?? 0;
  const length = same.frames + 2000 - fde;
  same.put(fde, 4, length);
  for (let i = 0; i < 100; i++) view.setInt32(same.table + 8 * i + 4, fde - same.header, true);
  rejects(() => tablesOf(same).entries, "overlaps others", fde);

  // CIEs in the augmentation data of one another.
  const data: number[] = new Array(600).fill(0);
  const cie = [...[400, 0].flatMap((n) => [n & 0xff, n >> 8, 0, 0]), 1, 0x7a, 0, 1, 0x78, 16];
  for (const at of [100, 150]) data.splice(at, 16, ...cie, ...leb128(388));
  const cies = buildUnwindImage({
    cies: [{ augmentation: "z", encoding: 0, data, fdes: [{}, {}] }],
  });
  const [first = 0] = cies.cies;
  const inner = cies.bytes.findIndex((_, i) =>
    i > first && cie.every((n, j) => cies.bytes[i + j] === n)
  );
  const point = (index: number, at: number) => {
    const field = (cies.fdes[index] ?? 0) + 4;
    cies.put(field, 4, field - at);
  };
  point(0, inner);
  point(1, inner);
  assertEquals(tablesOf(cies).entries.length, 2);
  point(1, inner + 50);
  rejects(() => tablesOf(cies).entries, "overlaps others");
});

test("find(), lookup() and parseUnwind() reject wrong arguments", () => {
  const tables = tablesOf(buildUnwindImage());
  const message = '"address" must be a bigint, got Number';
  assertThrows(() => tables.find(7 as never), TypeError, message);
  assertThrows(() => tables.lookup(7 as never), TypeError, message);
  assertThrows(() => parseUnwind([] as never), TypeError, '"bytes" must be a Uint8Array');
  assertEquals([tables.find(-1n), tables.lookup(1n << 70n)], [undefined, undefined]);
});

test("find() tells gaps, and forSymbol() every part of a symbol's code", () => {
  for (const header of [{}, null]) {
    const image = buildUnwindImage({
      header,
      vaddr: 0n,
      cies: [{
        fdes: [{ address: 0x8000n }, { address: 0x7000n }, { address: 0x7020n, size: 8n }],
      }],
    });
    const tables = tablesOf(image);
    const found = [0x6fffn, 0x7000n, 0x700fn, 0x7010n, 0x701fn, 0x7020n, 0x7028n, 0x8000n, 0x8010n]
      .map((address) => tables.find(address)?.address);
    assertEquals(found, [
      undefined,
      0x7000n,
      0x7000n,
      undefined,
      undefined,
      0x7020n,
      undefined,
      0x8000n,
      undefined,
    ]);
    const symbol = { value: 0x7000n, size: 0x21 } as Parameters<typeof tables.forSymbol>[0];
    const parts = (size: number, value = 0x7000n) =>
      tables.forSymbol({ ...symbol, size, value }).map(({ address }) => address);
    assertEquals(parts(0x21), [0x7000n, 0x7020n]);
    assertEquals(parts(0x20), [0x7000n]);
    assertEquals(parts(0, 0x7020n), [0x7020n]);
    assertEquals(parts(0, 0x7010n), []);
  }
});

/** Asks the tables everything; passes over ElfErrors, and over nothing else. */
function askEverything(bytes: Uint8Array, addresses: readonly bigint[]): void {
  const attempt = <T>(ask: () => T): T | undefined => {
    try {
      return ask();
    } catch (error) {
      if (error instanceof ElfError) return undefined;
      throw error;
    }
  };
  const tables = attempt(() => parseUnwind(bytes));
  if (tables === undefined) return;
  for (const entry of attempt(() => tables.entries) ?? []) {
    assert(entry.offset >= 0 && entry.offset < bytes.length);
    let last = -1n;
    for (const { address, rules } of attempt(() => entry.rows) ?? []) {
      assert(address > last && rules.size <= 256);
      last = address;
    }
  }
  for (const address of addresses) {
    const row = attempt(() => tables.lookup(address));
    if (row !== undefined) assert(row.address <= address);
  }
}

for (const kind of KINDS) {
  test(`parseUnwind() survives any wrong byte of ELF${kind.class} ${kind.endian}`, {
    timeout: 60_000,
  }, () => {
    for (const header of [{}, { table: 0x3c }, { count: 0xff }, null]) {
      const { bytes, addresses } = buildUnwindImage({
        ...kind,
        header,
        machine: 183,
        cies: [
          {
            augmentation: "zPLR",
            data: [0x00, ...new Array(kind.class / 8).fill(9), 0x1b, 0x1b],
            fdes: [
              { data: [1, 2, 3, 4], program: [0x44, 0x0e, 16, 0x83, 2, 0x0a, 0x02, 99, 0x0b] },
              { data: [0, 0, 0, 0], program: [0x0f, 2, 0x77, 8, 0x10, 3, 1, 0x30, 0x2d, 0xd0] },
            ],
          },
          { encoding: 0x19, fdes: [{ program: [0x14, 5, 0x81, 0x01, 0x13, 0x7c, 0x41, 0x2e, 3] }] },
        ],
      });
      for (let at = 0; at < bytes.length; at++) {
        const right = bytes[at] ?? 0;
        for (const wrong of [0, 0xff, 0x7f, right ^ 0x80, right + 1, right - 1]) {
          bytes[at] = wrong;
          askEverything(bytes, addresses);
        }
        bytes[at] = right;
      }
      for (let length = 0; length < bytes.length; length++) {
        askEverything(bytes.slice(0, length), addresses);
      }
    }
  });
}

test("unwindCommand() prints the tables of the vDSO", () => {
  const info = inspect();
  const report = reportUnwind(info);
  // aarch64's, for instance.
  if (report === undefined) return assertEquals(parseUnwind(info.image), undefined);
  const text = unwindCommand({ json: false });
  assertEquals(text, printUnwind(report));
  const { entries, source } = JSON.parse(unwindCommand({ json: true })) as {
    source: string;
    entries: { symbols: string[]; address: string; rows: { address: string; cfa: string }[] }[];
  };
  assertEquals(source, report.source);
  assertEquals(entries.length, tablesOf(info.image).entries.length);
  const clock =
    entries.find(({ symbols }) =>
      symbols.some((name) => /^__(vdso|kernel)_clock_gettime$/.test(name))
    ) ?? fail("no clock_gettime");
  const { value } = info.symbols.find(({ name }) => clock.symbols.includes(name)) ?? fail();
  assertEquals(BigInt(clock.address), value);
  for (const { address, cfa } of clock.rows) assertStringIncludes(text, `${address}`, cfa);
});

test("reportUnwind() names return addresses and signal frames, and says where there is nothing", () => {
  const { bytes } = buildUnwindImage({
    vaddr: 0n,
    cies: [{ augmentation: "zRS", data: [0x1b], fdes: [{ program: [0x44, 0x0e, 16, 0x86, 2] }] }],
  });
  const info = { image: bytes, machine: 62, symbols: [] };
  const report = reportUnwind(info) ?? fail();
  assertEquals(report.entries[0]?.rows, [
    { address: 0x10000n, cfa: "rsp+8", rules: { rbp: "u", ra: "c-8" } },
    { address: 0x10004n, cfa: "rsp+16", rules: { rbp: "c-16", ra: "c-8" } },
  ]);
  assertEquals(
    printUnwind(report).split("\n").map((line) => line.trimEnd()),
    [
      "1 entries, found by the program header, with a search table",
      "",
      "0x10000..0x10010  signal frame",
      "LOC      CFA     rbp   ra",
      "0x10000  rsp+8   u     c-8",
      "0x10004  rsp+16  c-16  c-8",
    ],
  );
  // On RISC-V a register of that name may not be the return address's.
  const riscv = buildUnwindImage({
    machine: 243,
    cies: [{ returnAddress: [5], program: [0x0c, 2, 0, 0x85, 1], fdes: [{ program: [0x81, 2] }] }],
  });
  const rules = reportUnwind({ ...info, image: riscv.bytes, machine: 243 })?.entries[0]?.rows[0]
    ?.rules;
  assertEquals(rules, { ra: "c-16", t0: "c-8" });
  const none = buildUnwindImage({ header: null, sections: false });
  const vdso = { ...info, image: none.bytes };
  assertEquals(reportUnwind(vdso), undefined);
  for (const json of [false, true]) {
    const command = () => unwindCommand({ json }, vdso);
    assertThrows(command, UnsupportedError, "This vDSO has no unwind tables");
  }
  // A CIE may leave everything to its entries.
  const bare = buildUnwindImage({ cies: [{ program: [0], fdes: [{}] }] });
  const [entry] = reportUnwind({ ...info, image: bare.bytes })?.entries ?? [];
  assertEquals(entry?.rows.map(({ cfa, rules }) => ({ cfa, rules })), [{ cfa: "u", rules: {} }]);
});
