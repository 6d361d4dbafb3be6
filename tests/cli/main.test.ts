// npm test: deno, bun, node26 (one of each kind)
import { assert, assertEquals, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { full, run, skipUnless } from "../support.ts";

const TIMEOUT = { timeout: 60_000 };

test("vdso says in three lines which words do not go together, and exits 2", TIMEOUT, () => {
  const words = ["bench", "tests/fixtures/bench_sides.ts", "--json", "--markdown"];
  assertEquals(run("cli.ts", words), {
    code: 2,
    signal: null,
    stdout: "",
    stderr: "vdso: Expected --json or --markdown, got both\n" +
      "Usage: vdso bench [OPTION...] FILE...\nHelp: vdso bench --help\n",
  });
});

const script = skipUnless(
  spawnSync("script", ["--version"]).status === 0,
  "script(1) is not installed",
  "REQUIRE_SCRIPT",
);

test("vdso --help is as wide as the terminal", { ...TIMEOUT, skip: script }, () => {
  for (const columns of full ? [64, 132] : [132]) {
    const command = `stty cols ${columns}; "\${@:1}"`; // script(1) makes a terminal
    const quoted = `exec script -qec "bash -c \${0@Q} bash \${*@Q}" /dev/null`;
    const launcher = ["bash", "-c", quoted, command];
    const { code, stdout } = run("cli.ts", ["bench", "-h"], { launcher });
    assertEquals(code, 0, stdout); // a terminal has both
    const lines = stdout.split("\r\n").map((line) => line.trimEnd().length);
    const widest = Math.max(...lines);
    assert(widest <= columns && widest > columns - 10, `${widest} of ${columns}`);
  }
  if (!full) return; // what is no terminal is above, too
  const { stdout } = run("cli.ts", ["bench", "-h"]);
  const widest = Math.max(...stdout.split("\n").map((line) => line.trimEnd().length));
  assert(widest <= 80 && widest > 70, `${widest} of 80`);
});

const elsewhere = !full &&
  "in the full tier: the words are in whole/bench_files.test.ts, the exit status in cli.test.ts";

test("vdso bench says in words what is wrong with a file, and exits 1", {
  ...TIMEOUT,
  skip: elsewhere,
}, () => {
  const file = "tests/fixtures/bench_sides.ts";
  const wrong: [words: string[], said: RegExp][] = [
    [["nowhere.ts"], /^vdso: Cannot read nowhere\.ts: there is no such file\n$/],
    [["tests"], /^vdso: Cannot read tests: it is a directory\n$/],
    [[file, "--compare", "nowhere.json"], /Cannot read nowhere\.json: there is no such file\n$/],
    [[file, "--save", "tests"], /^vdso: Cannot write tests: it is a directory\n$/],
  ];
  for (const [words, said] of wrong) {
    const { code, stdout, stderr } = run("cli.ts", ["bench", ...words, "--runtimes", "bun"]);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, said);
  }
});
