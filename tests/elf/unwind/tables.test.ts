import { assert, assertEquals, assertThrows, fail } from "@std/assert";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ElfError, parseElf, parseUnwind, type UnwindTables } from "../../../elf/mod.ts";
import { inspect } from "../../../mod.ts";
import { mappedLibrary, skipWithoutReadelf, withFile } from "../../fixtures/readelf.ts";
import { assertAsReadelf, judge, readelfFrames } from "../../fixtures/readelf_frames.ts";
import { buildUnwindImage } from "../../fixtures/unwind_images.ts";
import { KINDS, plain, rejects, tablesOf } from "../../fixtures/unwind_samples.ts";
import { type Compiler, nativeProgram, skipWithoutGcc } from "../../native.ts";
import { full, runtime, skipUnless } from "../../support.ts";

test(
  "parseUnwind() reads this process's vDSO as readelf does",
  { skip: skipWithoutReadelf },
  () => {
    const { image, symbols } = inspect();
    const text = withFile(image, readelfFrames);
    const theirs = judge(text);
    const tables = parseUnwind(image);
    if (tables === undefined) return assertEquals(theirs, []); // aarch64's, for instance
    assertAsReadelf(image, text, 5);
    const clock = symbols.find(({ name }) => /^__(vdso|kernel)_clock_gettime$/.test(name)) ??
      fail("the vDSO has no clock_gettime");
    const [entry] = tables.forSymbol(clock);
    assertEquals(tables.find(clock.value)?.offset, entry?.offset);
    assertEquals(plain(tables.lookup(clock.value)), plain(entry?.rows[0]));
  },
);

for (
  const [library, pattern] of [["libc", /\/libc[.-][^/]*$/], ["libm", /\/libm[.-][^/]*$/]] as const
) {
  const path = mappedLibrary(pattern);
  const skip = skipWithoutReadelf ||
    (path === undefined && `this process has no ${library} mapped`) ||
    (!full && library === "libc" && "in the full tier: libm, a third of its size, is in this one");
  test(`parseUnwind() reads ${library} as readelf does`, { skip, timeout: 60_000 }, () => {
    const bytes = new Uint8Array(readFileSync(path ?? ""));
    const tables = assertAsReadelf(bytes, readelfFrames(path ?? ""), 4000);
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
    assertSample(bytes, assertAsReadelf(bytes, readelfFrames(file), 50));
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

const clangVersion = spawnSync("clang-19", ["-dumpversion"], { encoding: "utf8" }).stdout?.trim() ??
  "";

const skipWithoutClang = skipUnless(
  clangVersion !== "" && spawnSync("ld.lld-19", ["--version"]).status === 0,
  "clang-19 and lld-19 are not installed",
  "REQUIRE_CLANG",
);

for (const [target, ...flags] of TARGETS) {
  test(
    `parseUnwind() reads ${target} as readelf does`,
    { skip: skipWithoutReadelf || skipWithoutClang, timeout: 60_000 },
    () => {
      const compiler: Compiler = {
        command: "clang-19",
        version: clangVersion,
        flags: [`--target=${target}`, ...flags],
      };
      const words = "-fPIC -fasynchronous-unwind-tables -nostdlib -shared -fuse-ld=lld".split(" ");
      for (const header of ["--eh-frame-hdr", "--no-eh-frame-hdr"]) {
        const file = nativeProgram("unwind_sample", [...words, `-Wl,${header}`], compiler);
        const bytes = new Uint8Array(readFileSync(file));
        const tables = assertAsReadelf(bytes, readelfFrames(file), 40);
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
    },
  );
}

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

test("entries rejects FDEs that overlap", () => {
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
      const step = full && runtime === "node" ? 1 : 3; // of bytes: an engine makes no difference
      for (let at = 0; at < bytes.length; at += step) {
        const right = bytes[at] ?? 0;
        for (const wrong of [0, 0xff, 0x7f, right ^ 0x80, right + 1, right - 1]) {
          bytes[at] = wrong;
          askEverything(bytes, addresses);
        }
        bytes[at] = right;
      }
      for (let length = 0; length < bytes.length; length += step) {
        askEverything(bytes.slice(0, length), addresses);
      }
    }
  });
}
