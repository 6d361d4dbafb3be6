// npm test: node26 (words in, a command or text out)
import { assert, assertEquals, assertMatch } from "@std/assert";
import { test } from "node:test";
import { parseWords } from "../../cli/parse.ts";
import { VERSION } from "../../cli/version.ts";

/** What is printed, what is said of wrong words, and what is to be done. */
function parse(line: string, width?: number) {
  const printed: string[] = [];
  const said: string[] = [];
  const words = line.split(" ").filter((word) => word !== "");
  const command = parseWords(words, {
    ...(width !== undefined && { width }),
    print: (text) => printed.push(text),
    complain: (text) => said.push(text),
  });
  return { printed: printed.join("\n"), said: said.join("\n"), command };
}

test("parseWords() answers -h and -v as --help and --version", () => {
  assertEquals(parse("-v"), { printed: VERSION, said: "", command: undefined });
  assertEquals(parse("--version"), parse("-v"));
  assertMatch(parse("-h").printed, /^Usage: vdso symbols/m);
  assertEquals(parse("--help"), parse("-h"));
  assertMatch(parse("shim -h").printed, /^Usage: vdso shim FILE$/m);
});

test("parseWords() has no line of help that is wider than the terminal", () => {
  for (const width of [1, 12, 16, 39]) {
    assertEquals(parse("bench --help", width).printed, parse("bench --help", 40).printed);
  }
  for (const width of [64, 80, 120]) {
    for (const command of ["", "bench", "now", "shim", "help"]) {
      const lines = parse(`${command} --help`, width).printed.split("\n");
      assertEquals(lines.filter((line) => line.length > width), [], `${command} ${width}`);
    }
  }
  const longest = (width?: number) =>
    Math.max(...parse("bench --help", width).printed.split("\n").map((line) => line.length));
  assert(longest(120) > 100, "as wide as the terminal");
  assert(longest() > 300, "not broken where nobody says how wide");
});

test("parseWords() takes FILE, --out FILE and - alike for dump and shim", () => {
  for (const name of ["dump", "shim"] as const) {
    for (const words of ["out.so", "--out out.so", "--out=out.so"]) {
      assertEquals(parse(`${name} ${words}`).command, { command: name, file: "out.so" });
    }
    for (const words of ["-", "--out -"]) {
      assertEquals(parse(`${name} ${words}`).command, { command: name, file: "-" });
    }
    assertMatch(parse(name).said, /^vdso: Expected a FILE to write, got none\.$/m);
    assertMatch(parse(`${name} --out=`).said, /^vdso: .*Expected the name of a file, got none\.$/m);
    assertMatch(parse(`${name} a --out b`).said, /cannot be used together/);
  }
});

test("parseWords() takes a value of --deno-args that begins with a dash", () => {
  for (const words of ["--deno-args -A", "--deno-args=-A"]) {
    const { command, said } = parse(`bench x.ts ${words}`);
    assertEquals([command?.command === "bench" && command.denoArgs, said], ["-A", ""]);
  }
});

const WRONG: readonly (readonly [line: string, problem: string, usage: string, help: string])[] = [
  ["--wat", "Unexpected option or subcommand: `--wat`.", "vdso [COMMAND] [OPTION...]", "vdso"],
  [
    "nonsense -h",
    "Unexpected option or subcommand: `nonsense`.",
    "vdso [COMMAND] [OPTION...]",
    "vdso",
  ],
  [
    "symbls",
    "Unexpected option or subcommand: `symbls`. Did you mean `symbols`?",
    "vdso [COMMAND] [OPTION...]",
    "vdso",
  ],
  [
    "now --json --clock",
    "`--clock` requires `NAME`.",
    "vdso now [--clock NAME] [--bigint] [--json]",
    "vdso now",
  ],
  [
    "dump a b",
    "Unexpected option or subcommand: `b`.",
    "vdso dump (FILE | --out FILE)",
    "vdso dump",
  ],
  [
    "bench",
    "Expected a FILE of benchmarks, got none.",
    "vdso bench [OPTION...] FILE...",
    "vdso bench",
  ],
];

test("parseWords() says in three lines what is wrong, how it goes, and where help is", () => {
  for (const [line, problem, usage, help] of WRONG) {
    assertEquals(parse(line, 80), {
      printed: "",
      said: `vdso: ${problem}\nUsage: ${usage}\nHelp: ${help} --help`,
      command: undefined,
    });
  }
});
