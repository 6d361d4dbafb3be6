// both tiers: node26 (the command; what it starts is tested in every runtime)
import { assert, assertEquals, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { allowedCpus } from "../../../jitter/affinity.ts";
import { command, run, skipUnless } from "../../support.ts";
import { inDirectory } from "../../fixtures/bundle_project.ts";

const timeout = 60_000;
const cpus = allowedCpus();
const [first = 0] = cpus;

test("vdso jitter prints a table, and nothing else", { timeout }, () => {
  const { code, stdout, stderr } = run("cli.ts", ["jitter", "--duration", "0.3", "--top", "2"]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^\d.* (ms|s): \w+ every .* ns, gaps longer than 1\.00 µs\n\nCPU +watched /);
});

test("vdso jitter --json prints a result for each CPU", { timeout }, () => {
  const words = ["jitter", "--duration", "0.2", "--json", "--threshold", "2000"];
  const { stdout } = run("cli.ts", words);
  const { version, threads } = JSON.parse(stdout);
  assertEquals(version, 1);
  assertEquals(threads.map(({ cpu }: { cpu: number }) => cpu), cpus);
  assertEquals(threads[0].thresholdNs, 2000);
});

test("vdso jitter --hdr writes a log beside what it prints, or as that", { timeout }, () => {
  const line = new RegExp(`^Tag=cpu${first},\\d+\\.\\d+,0\\.\\d+,.*,HISTF`, "m");
  const words = ["jitter", "--duration", "0.1", "--cpus", String(first), "--hdr"];
  inDirectory((directory) => {
    const file = join(directory, "gaps.hlog");
    const { code, stdout } = run("cli.ts", [...words, file]);
    assertEquals(code, 0);
    assertMatch(stdout, /^\d/);
    assertMatch(readFileSync(file, "utf8"), line);
  });
  assertMatch(run("cli.ts", [...words, "-"]).stdout, line);
});

test("vdso jitter says what is wrong before it watches", { timeout }, () => {
  const failure = (...words: string[]) => {
    const { code, stdout, stderr } = run("cli.ts", ["jitter", "--duration", "3600", ...words]);
    assertEquals(stdout, "");
    return `${code}: ${stderr}`;
  };
  assertMatch(failure("--cpus", "3-1"), /^2: .*Expected numbers of CPUs and ranges/s);
  assertMatch(failure("--cpus", "8191"), /^1: vdso: Expected `cpus` to be of those .* got 8191/);
  assertMatch(failure("--json", "--hdr", "-"), /^2: .*Expected --json or --hdr -/s);
  assertMatch(failure("--hdr", "/nowhere/gaps.hlog"), /^1: vdso: .*\/nowhere\/gaps\.hlog/);
  assertMatch(failure("--threshold", "-1"), /^2: /);
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
    const words = command(join(import.meta.dirname, "../../../cli.ts"), [
      "jitter",
      "--duration",
      "1",
      "--cpus",
      String(first),
    ]);
    const quoted = words.map((word) => `'${word}'`).join(" ");
    const { stdout } = spawnSync("script", ["-qec", `stty cols 100; ${quoted}`, "/dev/null"], {
      encoding: "utf8",
      timeout,
      env: process.env,
    });
    const frames = stdout.split("\x1b[J");
    assert(frames.length > 2, stdout);
    assertMatch(frames[1] ?? "", new RegExp(`^CPU ${first} +[█░]{20} +.* lost +\\d+ gaps`));
    assertMatch(frames.at(-1) ?? "", /^\d.*gaps longer than/);
  },
);
