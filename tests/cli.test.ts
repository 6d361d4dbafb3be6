// npm test: deno, bun, node26 (one of each kind)
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
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
import { parseSync } from "@optique/core/parser";
import { GRAMMAR } from "../cli/grammar.ts";
import { parseWords } from "../cli/parse.ts";
import type { Summary } from "../cli/summary.ts";
import { parseUnwind } from "../elf/mod.ts";
import { shimFile } from "../doctor/mod.ts";
import { inspect } from "../mod.ts";
import { inProcess } from "./cli/in_process.ts";
import { expectedFfi, full, ROOT, run, type RunOptions, runtime, skipUnless } from "./support.ts";

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

/** What it would print, without a process: where neither pipe nor exit status is the point. */
async function printed(words: string[]): Promise<string> {
  const { text, ok } = await inProcess(words);
  assert(ok);
  return text;
}

/** The same of words that the parser answers. */
function answered(words: string[]): string {
  let text = "";
  parseWords(words, {
    print: (part) => text += `${part}\n`,
    complain: (said) => assert(false, said),
  });
  return text;
}

test("vdso prints what answers and what it costs", TIMEOUT, () => {
  const text = output([]);
  assertMatch(text, /^clock_gettime +vdso$/m);
  assertMatch(text, /^vdso +linux-vdso\.so\.1/m);
  assertMatch(text, /^now\(\) +\d+\.\d +1\.00$/m);
  assertMatch(text, /^native C +\d+\.\d/m);
  assertMatch(text, /^system call +\d+\.\d/m);
  assertMatch(text, /^performance\.now\(\) +\d+\.\d/m);
  assertMatch(text, /^Medians of \d+ rounds, in turns$/m);
});

test("vdso --json has stable keys and no address", TIMEOUT, async () => {
  const text = await printed(["--json"]);
  const summary = JSON.parse(text) as Summary;
  assertEquals(Object.keys(summary), ["runtime", "platform", "sources", "vdso", "cost"]);
  assertEquals(Object.keys(summary.runtime), ["name", "version"]);
  assertEquals(Object.keys(summary.platform), ["os", "arch", "kernel", "cpu", "clocksource"]);
  assertEquals(summary.sources.ffi, expectedFfi);
  assertEquals(summary.vdso?.buildId, inspect().buildId);
  assertEquals([summary.vdso?.base, summary.vdso?.ranges], [null, null]);
  // Nothing that looks like an address of 64-bit user space.
  assert(!/0x[0-9a-f]{8,}|\b7f[0-9a-f]{10}\b/.test(text), text);
  const { cost } = summary;
  assert(cost.now > 0 && Number(cost.native) > 0 && Number(cost.relative.native?.ratio) > 0);
  assertEquals(cost.disturbance.disturbed, cost.disturbance.reasons.length > 0);
});

const elsewhere = !full && runtime !== "node" &&
  "in the full tier: the text is the same everywhere";

test("vdso shows addresses when asked to", { ...TIMEOUT, skip: elsewhere }, async () => {
  if (full) {
    assertMatch(await printed(["--addresses"]), /mapped at +0x[0-9a-f]+\n +[0-9a-f]+-[0-9a-f]+ r/);
  }
  const { vdso: info } = JSON.parse(await printed(["--addresses", "--json"])) as {
    vdso: { base: string; ranges: { name: string; start: string }[] };
  };
  assertEquals(info.ranges.find(({ name }) => name === "[vdso]")?.start, info.base);
});

test("vdso --help and --version print to standard output", TIMEOUT, () => {
  // That it prints to standard output, in the quick tier: below, where it cannot.
  const printed = full ? output : answered;
  assertMatch(printed(["--help"]), /Usage: vdso symbols[^]*--addresses/);
  assertStringIncludes(printed(["symbols", "--help"]), "List what the vDSO exports");
  const { version } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8")) as {
    version: string;
  };
  assertEquals(printed(["--version"]), `${version}\n`);
});

test("vdso says in three lines which words are wrong, and exits 2", TIMEOUT, () => {
  const { code, stdout, stderr } = vdso(["now", "--clock", "sundial"]);
  assertEquals([code, stdout], [2, ""]);
  assertMatch(stderr, /^vdso: .*sundial.*\nUsage: vdso now .*\nHelp: vdso now --help\n$/);
  for (const words of [["--wat"], ["nonsense"], ["dump"], ["shim"]]) {
    assert(!parseSync(GRAMMAR, words).success, words.join(" "));
  }
});

test("vdso says in one line that a Node is too old, and exits 1", {
  ...TIMEOUT,
  skip: runtime !== "node" && "Deno and Bun pretend to some version of Node",
}, () => {
  for (const version of ["22.11.0", "20.20.2", "8.17.0"]) {
    const text = `Object.defineProperty(process, "versions", { value: { node: "${version}" } });`;
    const node = ["--import", `data:text/javascript,${text}`];
    const { code, stdout, stderr } = vdso(["--version"], { node });
    assertEquals([code, stdout], [1, ""]);
    assertEquals(stderr, `vdso: Node ${version} is too old: 22.12 is the oldest that can\n`);
  }
});

test("vdso symbols lists them all", TIMEOUT, async () => {
  const json = await printed(["symbols", "--json"]);
  const { symbols } = JSON.parse(json) as { symbols: { name: string }[] };
  assertEquals(symbols.map(({ name }) => name), inspect().symbols.map(({ name }) => name));
  const text = await printed(["symbols"]);
  for (const { name } of symbols) assertStringIncludes(text, name);
});

test("vdso symbols --unwind shows the rules of every function, or says that there are none", {
  ...TIMEOUT,
}, async () => {
  const words = ["symbols", "--unwind"];
  if (parseUnwind(inspect().image) === undefined) {
    const { message } = await assertRejects(() => printed(words), Error);
    assertMatch(message, /^This vDSO has no unwind tables/);
    return;
  }
  const text = await printed(words);
  assertMatch(text, /^0x[0-9a-f]+\.\.0x[0-9a-f]+ .*__vdso_clock_gettime/m);
  assertMatch(text, /^LOC +CFA .*ra$/m);
  const { entries } = JSON.parse(await printed([...words, "--json"])) as {
    entries: { rows: unknown[] }[];
  };
  assert(entries.length > 0 && entries.every(({ rows }) => rows.length > 0));
});

test("vdso sources says what answers", TIMEOUT, async () => {
  assertMatch(await printed(["sources"]), /^clock_gettime +vdso$/m);
  const json = await printed(["sources", "--json"]);
  assertEquals((JSON.parse(json) as { ffi: string }).ffi, expectedFfi);
});

test("vdso now prints nanoseconds of any clock", TIMEOUT, async () => {
  assertMatch(await printed(["now"]), /^\d+$/);
  assertMatch(await printed(["now", "--bigint"]), /^\d+n$/);
  assertMatch(await printed(["now", "--clock", "boottime"]), /^\d+$/);
  // Few of them are what a double prints.
  const exact: string[] = [];
  for (let i = 0; i < 20; i++) exact.push(await printed(["now", "--clock", "realtime"]));
  assert(exact.some((text) => text !== String(Number(text))), exact.join(" "));
  const { clock, ns } = JSON.parse(await printed(["now", "--clock", "realtime", "--json"])) as {
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

test("vdso dump writes an image that objdump and gdb take", {
  ...TIMEOUT,
  skip: tools,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), "dump-"));
  try {
    const file = join(directory, "vdso.so");
    assertMatch(await printed(["dump", file]), /^Wrote linux-vdso\.so\.1, \d+ bytes, to /);
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

test("vdso shim writes the shim", TIMEOUT, async () => {
  const directory = mkdtempSync(join(tmpdir(), "shim-"));
  try {
    const file = join(directory, "shim.so");
    const { sha256, bytes } = shimFile();
    assertStringIncludes(await printed(["shim", "--out", file]), sha256);
    assertEquals(new Uint8Array(readFileSync(file)), bytes);
    // Programs may have mapped it: another file takes its place.
    const mapped = openSync(file, "r");
    await printed(["shim", "--out", file]);
    assertEquals([fstatSync(mapped).nlink, fstatSync(mapped).size], [0, bytes.length]);
    closeSync(mapped);
    assertEquals(new Uint8Array(readFileSync(file)), bytes);
    const { mode } = statSync("/dev/null");
    assertMatch(await printed(["shim", "--out", "/dev/null"]), /^Wrote/);
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
    assertStringIncludes(answered(["completions", shell]), "vdso");
  }
  assertEquals(answered(["completions", "bash", "dump", "/tmp/a"]).split(":", 2), [
    "__FILE__",
    "file",
  ]);
});

const deno = expectedFfi !== "deno" && "the other runtimes have no such permissions";

test("vdso works without any permission in Deno", { ...TIMEOUT, skip: deno }, () => {
  const none = { deno: ["--no-prompt"] };
  if (full) assertMatch(output([], none), /^clock_gettime +runtime$/m);
  const summary = JSON.parse(output(["--json"], none)) as Summary;
  const { ffi, entries } = summary.sources;
  assertEquals([ffi, entries.clock_gettime, summary.vdso], ["none", "runtime", null]);
  assertEquals(summary.cost.native, undefined);
  const { code, stderr } = vdso(["symbols"], none);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "--allow-ffi");
});
