import { assert, assertEquals } from "@std/assert";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { vsyscallMode } from "../../core/inspect.ts";
import { parseElf } from "../../elf/image.ts";
import { inspect } from "../../mod.ts";
import { skipUnless } from "../support.ts";

const readelf = skipUnless(
  spawnSync("readelf", ["--version"]).status === 0,
  "readelf (binutils) is not installed",
  "REQUIRE_READELF",
);

test("inspect() agrees with readelf on this process's vDSO", { skip: readelf }, () => {
  const { image, symbols, soname, buildId, hashStyles } = inspect();
  const directory = mkdtempSync(join(tmpdir(), "inspect-"));
  try {
    const file = join(directory, "vdso.so");
    writeFileSync(file, image);
    const text = execFileSync("readelf", ["-W", "-d", "-n", "--dyn-syms", file], {
      encoding: "utf8",
    });
    assertEquals(text.match(/soname: \[(.*)\]/)?.[1], soname);
    assertEquals(text.match(/Build ID: ([0-9a-f]+)/)?.[1], buildId);
    assertEquals(/\(HASH\)/.test(text), hashStyles.includes("sysv"));
    assertEquals(/\(GNU_HASH\)/.test(text), hashStyles.includes("gnu"));
    // Num: Value Size Type Bind Vis Ndx Name@@Version
    const rows = text.matchAll(
      /^ +\d+: ([0-9a-f]+) +(\d+) (\w+) +(\w+) +\w+ +(\d+) ([\w.]+)@@?([\w.]+)/gm,
    );
    const expected = Array.from(
      rows,
      ([, value, size, type = "", binding = "", , name, version]) =>
        [name, version, parseInt(value ?? "", 16), Number(size), type, binding].join(" "),
    );
    assert(expected.length > 2, text);
    const found = symbols.map(({ name, version, offset, size, type, binding }) =>
      [name, version, offset, size, type.toUpperCase(), binding.toUpperCase()].join(" ")
    );
    assertEquals(found.sort(), expected.sort());
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("inspect() says where the image is mapped, as /proc/self/maps does", () => {
  const { base, size, ranges, unreadable, image } = inspect();
  assertEquals(unreadable, []);
  const vdso = ranges?.find(({ name }) => name === "[vdso]");
  assert(vdso, "there is a [vdso] among the ranges");
  assertEquals(vdso.start, base);
  assert(BigInt(size) <= vdso.end - vdso.start);
  assertEquals(vdso.permissions, "r-xp");
  assertEquals(image.length, size);
});

test("vsyscallMode() tells by the permissions of the page", () => {
  const range = (name: string, permissions: string) => ({ name, permissions, start: 0n, end: 1n });
  assertEquals(vsyscallMode([range("[vdso]", "r-xp")]), "none");
  assertEquals(vsyscallMode([range("[vdso]", "r-xp"), range("[vsyscall]", "--xp")]), "xonly");
  assertEquals(vsyscallMode([range("[vsyscall]", "r-xp")]), "emulate");
  const page = /^[0-9a-f]+-[0-9a-f]+ (\S+) .*\[vsyscall\]$/m.exec(
    readFileSync("/proc/self/maps", "utf8"),
  );
  const mode = page ? page[1]?.startsWith("r") ? "emulate" : "xonly" : "none";
  assertEquals(inspect().vsyscall, mode);
});

test("inspect() returns a copy that the caller may change", () => {
  inspect().image.fill(0);
  assertEquals(parseElf(inspect().image).soname, inspect().soname);
});
