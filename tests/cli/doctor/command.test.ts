// npm test: deno, bun, node26 (one of each kind)
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { PAGES } from "../../../cli/doctor/pages.ts";
import type { Examination } from "../../../doctor/mod.ts";
import { full, run, type RunOptions, runtime } from "../../support.ts";
import { inDirectory } from "../directory.ts";
import { inProcess } from "../in_process.ts";

const TIMEOUT = { timeout: 60_000 };
const doctor = (words: readonly string[], options?: RunOptions) =>
  run("cli.ts", ["doctor", ...words], options);
/** The same without a process: what is thrown, it would print. */
const examined = (words: readonly string[]) => inProcess(["doctor", ...words]);
const platform = (name: string) => `tests/fixtures/platforms/${name}.json`;

test(
  "vdso doctor collects what it can examine elsewhere, with the same findings",
  TIMEOUT,
  async () => {
    await inDirectory(async (directory) => {
      const file = join(directory, "facts.json");
      const here = await examined(["--collect", file, "--json"]);
      assertEquals(here.said, "");
      const found = JSON.parse(here.text) as Examination & { status: number };
      assertEquals(here.status, found.status);
      assertEquals(JSON.parse(readFileSync(file, "utf8")), found.facts);
      const there = await examined(["--from", file, "--json"]);
      assertEquals([there.status, JSON.parse(there.text)], [here.status, found]);
      writeFileSync(file, here.text); // what --json prints will do as well
      assertEquals(await examined(["--from", file, "--json"]), there);
      assert((found.facts.measured.nullSyscallNs ?? 0) > 0, "it was measured");
    });
  },
);

test("vdso doctor exits as monitoring plugins do", TIMEOUT, async () => {
  await inDirectory(async (directory) => {
    const blind = join(directory, "blind.json");
    writeFileSync(blind, '{"version":1,"skipped":[{"check":"costs in C","reason":"no FFI"}]}');
    const statuses: [file: string, status: number][] = [
      [platform("bare_metal_good"), 0],
      [platform("aws_nitro"), 0],
      [platform("aws_xen"), 1],
      [platform("jiffies"), 2],
      [blind, 3],
    ];
    for (const [file, status] of statuses) {
      const { status: comesTo, text, said } = await examined(["--from", file]);
      assertEquals([comesTo, said], [status, ""], file);
      assert(text.length > 0);
    }
    const { code, stdout, stderr } = doctor(["--from", platform("jiffies")]);
    assertEquals([code, stderr], [2, ""]);
    assertMatch(stdout, /\n$/);
  });
});

test("vdso doctor ignores what it is told to", TIMEOUT, async () => {
  const words = ["--from", platform("aws_xen"), "--ignore", "clock.syscall"];
  const { status, text } = await examined([...words, "--ignore", "clock.guest-unstable"]);
  assertEquals(status, 0);
  assertMatch(text, /ignored: clock\.syscall, clock\.guest-unstable/);
});

test("vdso doctor explains a finding, without a look at the machine", TIMEOUT, async () => {
  const { status, text } = await examined(["--explain", "cpu.throttled"]);
  assertEquals(status, 0);
  assertStringIncludes(text, PAGES["cpu.throttled"] ?? "nothing");
});

test("vdso doctor says in words what is wrong, and exits 3", TIMEOUT, async () => {
  await inDirectory(async (directory) => {
    const nothing = join(directory, "nothing.json");
    writeFileSync(nothing, '{"version":1}');
    const other = join(directory, "other.json");
    writeFileSync(other, '{"version":1,"cpu":{"steal":"much"}}');
    const wrong: [words: string[], said: RegExp][] = [
      [["--explain", "clock"], /clock/],
      [["--from", "cli.ts"], /^cli\.ts is no JSON$/],
      [["--from", other], /holds no facts of vdso doctor: Expected `cpu\.steal` to be a number/],
      [["--from", nothing], /holds no facts of vdso doctor: Expected the facts to have some of/],
      [["--watch", "--json", "--prometheus", "/dev/stdout"], /^Expected --watch or --prometheus -/],
      [["--watch", "--json", "--collect", "/dev/stdout"], /^Expected --watch or --collect -/],
      [["--collect", directory], /^Cannot write .*: it is a directory$/],
    ];
    for (const [words, said] of wrong) {
      assertMatch((await assertRejects(() => examined(words), Error)).message, said);
    }
    // What cannot be done, and what does not go together or is not known.
    const exits: [words: string[], said: RegExp][] = [
      [["--from", "nowhere.json"], /^vdso: Cannot read nowhere\.json: there is no such file\n$/],
      [["--from", other, "--deep"], /^vdso: Expected --from or --deep, got both\nUsage: /],
      [["--explain", "clock"], /^vdso: .*clock.*\nUsage: vdso doctor/],
    ];
    for (const [words, said] of full ? exits : exits.slice(0, 2)) {
      const { code, stdout, stderr } = doctor(words);
      assertEquals([code, stdout], [3, ""], words.join(" "));
      assertMatch(stderr, said);
    }
  });
});

test("vdso doctor goes on in Deno without permissions, and says what it missed", {
  ...TIMEOUT,
  skip: runtime !== "deno" && "Deno's permissions",
}, () => {
  const skipped = (permissions: string[]) => {
    const { code, stdout, stderr } = doctor(["--json"], { deno: permissions });
    assertEquals(stderr, "");
    const { findings, severity } = JSON.parse(stdout) as Examination;
    const finding = findings.find(({ id }) => id === "check.skipped");
    return { code, severity: finding?.severity, worst: severity, text: JSON.stringify(finding) };
  };
  const some = skipped(["--no-prompt", "--allow-ffi"]);
  assertEquals(some.severity, "information");
  assertStringIncludes(some.text, "Deno gives /proc and /sys to --allow-all alone");
  const none = skipped(["--no-prompt"]);
  assertEquals([none.severity, none.code], ["unknown", none.worst === "unknown" ? 3 : 1]);
  assertStringIncludes(none.text, "costs in C");
});
