// both tiers: node26 (the command; what it starts is tested in every runtime)
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { allowedCpus } from "../../../jitter/affinity.ts";
import { command, full, run, skipUnless } from "../../support.ts";
import { UsageError } from "../../../cli/usage.ts";
import { inDirectory } from "../directory.ts";
import { inProcess } from "../in_process.ts";

const timeout = 60_000;
const cpus = allowedCpus();
const [first = 0] = cpus;

test("vdso jitter prints a table, and nothing else", { timeout }, () => {
  const { code, stdout, stderr } = run("cli.ts", ["jitter", "--duration", "0.1", "--top", "2"]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^\d.* (ms|s): \w+ every .* ns, gaps longer than 1\.00 µs\n\nCPU +watched /);
});

test("vdso jitter --json prints a result for each CPU", { timeout }, async () => {
  const words = ["jitter", "--duration", "0.1", "--json", "--threshold", "2000"];
  const { version, threads } = JSON.parse((await inProcess(words)).text);
  assertEquals(version, 1);
  assertEquals(threads.map(({ cpu }: { cpu: number }) => cpu), cpus);
  assertEquals(threads[0].thresholdNs, 2000);
});

test("vdso jitter --hdr writes a log beside what it prints, or as that", { timeout }, async () => {
  const line = new RegExp(`^Tag=cpu${first},\\d+\\.\\d+,0\\.\\d+,.*,HISTF`, "m");
  const words = ["jitter", "--duration", "0.1", "--cpus", String(first), "--hdr"];
  await inDirectory(async (directory) => {
    const file = join(directory, "gaps.hlog");
    const { text, ok } = await inProcess([...words, file]);
    assert(ok);
    assertMatch(text, /^\d/);
    assertMatch(readFileSync(file, "utf8"), line);
  });
  assertMatch((await inProcess([...words, "-"])).text, line);
});

test("vdso jitter says what is wrong before it watches", { timeout }, async () => {
  const hour = ["jitter", "--duration", "3600"];
  const wrong: [words: string[], kind: new (message?: string) => Error, message: RegExp][] = [
    [["--cpus", "3-1"], RangeError, /Expected numbers of CPUs and ranges/],
    [["--cpus", "8191"], Error, /^Expected `cpus` to be of those .* got 8191/],
    [["--json", "--hdr", "-"], UsageError, /Expected --json or --hdr -/],
    [["--hdr", "/nowhere/gaps.hlog"], Error, /\/nowhere\/gaps\.hlog/],
    [["--threshold", "-1"], RangeError, /./],
  ];
  for (const [words, kind, message] of wrong) {
    const error = await assertRejects(() => inProcess([...hour, ...words]), kind);
    assertMatch(error.message, message);
  }
  if (!full) return; // other commands exit alike
  const { code, stdout, stderr } = run("cli.ts", [...hour, "--threshold", "-1"]);
  assertEquals([code, stdout], [2, ""]);
  assertMatch(stderr, /^vdso: .*\nUsage: vdso jitter /);
});

const skip = skipUnless(
  spawnSync("script", ["--version"]).status === 0,
  "script(1) is not installed",
  "REQUIRE_SCRIPT",
);

test(
  "vdso jitter shows on a terminal how far it is, and takes that away",
  { skip, timeout },
  () => {
    const shown = (TERM: string, duration: string) => {
      const words = ["jitter", "--duration", duration, "--cpus", String(first)];
      const quoted = command(join(import.meta.dirname, "../../../cli.ts"), words)
        .map((word) => `'${word}'`).join(" ");
      return spawnSync("script", ["-qec", `stty cols 100; ${quoted}`, "/dev/null"], {
        encoding: "utf8",
        timeout,
        env: { ...process.env, TERM },
      }).stdout;
    };
    const stdout = shown("xterm", "1");
    const frames = stdout.split("\x1b[J");
    assert(frames.length > 2, stdout);
    assertMatch(frames[1] ?? "", new RegExp(`^CPU ${first} +[█░]{20} +.* lost +\\d+ gaps`));
    assertMatch(frames.at(-1) ?? "", /^\d.*gaps longer than/);
    const plain = shown("dumb", "0.3");
    assertMatch(plain, /^\d.*gaps longer than/);
    assert(!plain.includes("\x1b"), plain);
  },
);
