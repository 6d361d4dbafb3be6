import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Summary } from "../cli/summary.ts";
import { parseUnwind } from "../elf/mod.ts";
import { inspect, trampoline } from "../mod.ts";
import { command, expectedFfi, ROOT, run, type RunOptions, skipUnless } from "./support.ts";

const TIMEOUT = { timeout: 60_000 };

function vdso(args: string[], options?: RunOptions) {
  return run("cli.ts", args, options);
}

/** Runs it and wants success in silence. */
function output(args: string[], options?: RunOptions): string {
  const { code, stdout, stderr } = vdso(args, options);
  assertEquals([stderr, code], ["", 0]);
  return stdout;
}

test("vdso prints what answers and what it costs", TIMEOUT, () => {
  const text = output([]);
  assertMatch(text, /^clock_gettime +vdso$/m);
  assertMatch(text, /^vdso +linux-vdso\.so\.1/m);
  assertMatch(text, /^now\(\) +\d+\.\d +1\.00$/m);
  assertMatch(text, /^native C +\d+\.\d/m);
  assertMatch(text, /^system call +\d+\.\d/m);
  assertMatch(text, /^performance\.now\(\) +\d+\.\d/m);
});

test("vdso --json has stable keys and no address", TIMEOUT, () => {
  const text = output(["--json"]);
  const summary = JSON.parse(text) as Summary;
  assertEquals(Object.keys(summary), ["runtime", "platform", "sources", "vdso", "cost"]);
  assertEquals(Object.keys(summary.runtime), ["name", "version"]);
  assertEquals(Object.keys(summary.platform), ["os", "arch", "kernel", "cpu", "clocksource"]);
  assertEquals(summary.sources.ffi, expectedFfi);
  assertEquals(summary.vdso?.buildId, inspect().buildId);
  assertEquals([summary.vdso?.base, summary.vdso?.ranges], [null, null]);
  // Nothing that looks like an address of 64-bit user space.
  assert(!/0x[0-9a-f]{8,}|\b7f[0-9a-f]{10}\b/.test(text), text);
  assert(summary.cost.now > 0 && Number(summary.cost.native) > 0);
});

test("vdso shows addresses when asked to", TIMEOUT, () => {
  assertMatch(output(["--addresses"]), /mapped at +0x[0-9a-f]+\n +[0-9a-f]+-[0-9a-f]+ r/);
  const { vdso: info } = JSON.parse(output(["--addresses", "--json"])) as {
    vdso: { base: string; ranges: { name: string; start: string }[] };
  };
  assertEquals(info.ranges.find(({ name }) => name === "[vdso]")?.start, info.base);
});

test("vdso --help and --version print to standard output", TIMEOUT, () => {
  assertMatch(output(["--help"]), /Usage: vdso symbols[^]*--addresses/);
  assertStringIncludes(output(["symbols", "--help"]), "List what the vDSO exports");
  const { version } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8")) as {
    version: string;
  };
  assertEquals(output(["--version"]), `${version}\n`);
});

test("vdso prints usage to standard error and exits 2 when the words are wrong", TIMEOUT, () => {
  for (const args of [["--wat"], ["nonsense"], ["dump"], ["shim"], ["now", "--clock", "sundial"]]) {
    const { code, stdout, stderr } = vdso(args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, /^Usage: vdso[^]*\nError: /);
  }
});

test("vdso says so when its output cannot be written, and exits 1", TIMEOUT, () => {
  for (const args of [["now"], ["--help"], ["--version"], ["completions", "bash"]]) {
    const words = command(join(ROOT, "cli.ts"), args).map((word) => `'${word}'`).join(" ");
    const { status, stderr } = spawnSync("bash", ["-c", `${words} > /dev/full`], {
      cwd: ROOT,
      encoding: "utf8",
    });
    assertEquals(status, 1, args.join(" "));
    assertMatch(stderr, /^vdso: .*[Nn]o space left on device.*\n$/);
  }
});

test("vdso is quiet when nobody reads on", TIMEOUT, () => {
  for (const args of [["--json"], ["--help"], ["completions", "bash"]]) {
    // true(1) reads nothing: the pipe is broken before the first write.
    const script = `${
      command(join(ROOT, "cli.ts"), args).map((word) => `'${word}'`).join(" ")
    } | true`;
    const { status, stderr } = spawnSync("bash", ["-o", "pipefail", "-c", script], {
      cwd: ROOT,
      encoding: "utf8",
    });
    assertEquals([stderr, status], ["", 0], args.join(" "));
  }
});

test("vdso symbols lists them all", TIMEOUT, () => {
  const { symbols } = JSON.parse(output(["symbols", "--json"])) as { symbols: { name: string }[] };
  assertEquals(symbols.map(({ name }) => name), inspect().symbols.map(({ name }) => name));
  const text = output(["symbols"]);
  for (const { name } of symbols) assertStringIncludes(text, name);
});

test("vdso symbols --unwind shows the rules of every function, or says that there are none", {
  ...TIMEOUT,
}, () => {
  const { code, stdout, stderr } = vdso(["symbols", "--unwind"]);
  if (parseUnwind(inspect().image) === undefined) {
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^vdso: This vDSO has no unwind tables/);
    return;
  }
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^0x[0-9a-f]+\.\.0x[0-9a-f]+ .*__vdso_clock_gettime/m);
  assertMatch(stdout, /^LOC +CFA .*ra$/m);
  const { entries } = JSON.parse(output(["symbols", "--unwind", "--json"])) as {
    entries: { rows: unknown[] }[];
  };
  assert(entries.length > 0 && entries.every(({ rows }) => rows.length > 0));
});

test("vdso sources says what answers", TIMEOUT, () => {
  assertMatch(output(["sources"]), /^clock_gettime +vdso$/m);
  assertEquals((JSON.parse(output(["sources", "--json"])) as { ffi: string }).ffi, expectedFfi);
});

test("vdso now prints nanoseconds of any clock", TIMEOUT, () => {
  assertMatch(output(["now"]), /^\d+\n$/);
  assertMatch(output(["now", "--bigint"]), /^\d+n\n$/);
  assertMatch(output(["now", "--clock", "boottime"]), /^\d+\n$/);
  // Few of them are what a double prints.
  const exact = Array.from({ length: 4 }, () => output(["now", "--clock", "realtime"]).trim());
  assert(exact.some((text) => text !== String(Number(text))), exact.join(" "));
  const { clock, ns } = JSON.parse(output(["now", "--clock", "realtime", "--json"])) as {
    clock: string;
    ns: string;
  };
  assertEquals(clock, "realtime");
  assert(Math.abs(Number(BigInt(ns) / 1_000_000n) - Date.now()) < 60_000);
});

const tools = skipUnless(
  spawnSync("objdump", ["--version"]).status === 0 && spawnSync("gdb", ["--version"]).status === 0,
  "objdump (binutils) or gdb is not installed",
  "REQUIRE_GDB",
);

test("vdso dump writes an image that objdump and gdb take", { ...TIMEOUT, skip: tools }, () => {
  const directory = mkdtempSync(join(tmpdir(), "dump-"));
  try {
    const file = join(directory, "vdso.so");
    assertMatch(output(["dump", file]), /^Wrote linux-vdso\.so\.1, \d+ bytes, to /);
    const objdump = spawnSync("objdump", ["-d", file], { encoding: "utf8" });
    assertMatch(objdump.stdout, /<__(vdso|kernel)_clock_gettime@@LINUX/);
    const gdb = spawnSync("gdb", [
      "-nx",
      "-batch",
      "-ex",
      `add-symbol-file ${file} -o 0x10000`,
      "-ex",
      "info symbol __vdso_clock_gettime",
    ], { encoding: "utf8", input: "y\n" });
    assertMatch(gdb.stdout, /clock_gettime.* in section \.text/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("vdso shim writes the trampoline", TIMEOUT, () => {
  const directory = mkdtempSync(join(tmpdir(), "shim-"));
  try {
    const file = join(directory, "shim.so");
    const { sha256, bytes } = trampoline();
    assertStringIncludes(output(["shim", "--out", file]), sha256);
    assertEquals(new Uint8Array(readFileSync(file)), bytes);
    // Programs may have mapped it: another file takes its place.
    const mapped = openSync(file, "r");
    output(["shim", "--out", file]);
    assertEquals([fstatSync(mapped).nlink, fstatSync(mapped).size], [0, bytes.length]);
    closeSync(mapped);
    assertEquals(new Uint8Array(readFileSync(file)), bytes);
    const { mode } = statSync("/dev/null");
    assertMatch(output(["shim", "--out", "/dev/null"]), /^Wrote/);
    assertEquals(statSync("/dev/null").mode, mode);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("vdso says in one line what went wrong, and exits 1", TIMEOUT, () => {
  const { code, stdout, stderr } = vdso(["dump", "/no/such/directory/file"]);
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr, /^vdso: .*\n$/);
});

test("vdso completions knows the subcommands of each shell", TIMEOUT, () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    assertStringIncludes(output(["completions", shell]), "vdso");
  }
  assertEquals(output(["completions", "bash", "dump", "/tmp/a"]).split(":", 2), [
    "__FILE__",
    "file",
  ]);
});

const deno = expectedFfi !== "deno" && "the other runtimes have no such permissions";

test("vdso works without any permission in Deno", { ...TIMEOUT, skip: deno }, () => {
  const none = { deno: ["--no-prompt"] };
  assertMatch(output([], none), /^clock_gettime +runtime$/m);
  const summary = JSON.parse(output(["--json"], none)) as Summary;
  assertEquals([summary.sources.ffi, summary.vdso], ["none", null]);
  assertEquals(summary.cost.native, undefined);
  const { code, stderr } = vdso(["symbols"], none);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "--allow-ffi");
});
