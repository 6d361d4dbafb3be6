// both tiers: node26 (the files run in every runtime, whatever runs the test)
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { test } from "node:test";
import { adviceFor, otherFramework } from "../../../cli/bench/advice.ts";
import { full } from "../../support.ts";
import { inDirectory } from "../directory.ts";
import { COMMON_JS, makeFiles, makeProject, runIn } from "./project.ts";

const TIMEOUT = { timeout: 120_000 };
const NODE = [...(full ? ["node22"] : []), "node26"];
const EVERY = ["deno", "bun", ...NODE];
/** One of each engine, where the message is the engine's. */
const ENGINES = full ? EVERY : ["bun", "node26"];

const BENCH = 'import { bench } from "@x/vdso/bench";\n';

/** What does not run where, and what is said of it. */
const FILES: readonly (readonly [
  name: string,
  text: string,
  runtimes: readonly string[],
  advice: RegExp,
])[] = [
  [
    "enum.ts",
    `${BENCH}enum Colour { Red }\nbench("red", () => Colour.Red);`,
    NODE,
    /no enum.* run JavaScript made of it: npx esbuild enum\.ts .*--outfile=enum\.mjs$/,
  ],
  [
    "property.ts",
    `${BENCH}class C { constructor(readonly x: number) {} }\nbench("x", () => new C(1).x);`,
    NODE,
    /no parameter property/,
  ],
  [
    "decorator.ts",
    `${BENCH}const d = () => {};\n@d class C {}\nbench("x", () => new C());`,
    NODE,
    /^Node knows no decorators: run JavaScript made of it: npx esbuild decorator\.ts /m,
  ],
  [
    "view.tsx",
    `${BENCH}bench("x", () => <b />);`,
    NODE,
    /^Node runs no \.tsx files: run JavaScript/m,
  ],
  [
    "extension.ts",
    `${BENCH}import { one } from "./one";\nbench("one", () => one);`,
    ["deno", ...NODE],
    /by its whole name alone: import one\.ts, not one$/,
  ],
  [
    "output.ts",
    `${BENCH}import { one } from "./one.js";\nbench("one", () => one);`,
    full ? ["deno", ...NODE] : NODE,
    /by its whole name alone: import one\.ts, not one\.js$/,
  ],
  [
    "typed.cts",
    `const { bench } = require("@x/vdso/bench");\nbench("one", (): number => 1);`,
    ["node22"],
    /^Node 22 cannot require\(\) ES modules from a \.cts file: call typed\.cts \.mts/m,
  ],
  [
    "import.cts",
    `${BENCH}bench("one", (): number => 1);`,
    ["deno", "node26"],
    /^A \.cts file is CommonJS, .*: call it \.mts, or take require\(\)$/m,
  ],
  [
    "globals.mjs",
    'bench("one", () => 1);',
    EVERY,
    /^bench\(\) is an export of @x\/vdso\/bench: import it$/m,
  ],
  [
    "tests.mjs",
    'describe("one", () => {});',
    full ? EVERY : NODE, // said as what bench() is not, above
    /^It looks like a file of tests, for vitest or jest: /m,
  ],
  [
    "type.ts",
    `${BENCH}import { One } from "./one.ts";\nbench("one", (one: One) => one);`,
    NODE,
    /import \{ type One \}/,
  ],
  [
    "whole.ts",
    'import { bench } from "@x/vdso";\nbench("x", () => 1);',
    ENGINES,
    /bench\(\), group\(\) and measure\(\) are exports of @x\/vdso\/bench$/,
  ],
  [
    "scheme.ts",
    `${BENCH}import x from "npm:nothing-of-that-name";\nbench("x", () => x);`,
    NODE,
    /^Only Deno imports from npm:/m,
  ],
  [
    "bun.ts",
    `${BENCH}const { nanoseconds } = Bun;\nbench("x", nanoseconds);`,
    full ? ["deno", ...NODE] : NODE,
    /--runtimes bun/,
  ],
  ["require.mjs", 'require("@x/vdso/bench");', NODE, /no require\(\): import instead/],
];

test("vdso bench says what to do where a file does not run", TIMEOUT, async () => {
  await inDirectory(async (directory) => {
    makeProject(directory, {
      "package.json": JSON.stringify({ name: "p", type: "module" }),
      "one.ts": "export const one = 1;\nexport interface One { x: 1 }",
      ...Object.fromEntries(FILES.map(([name, text]) => [name, text])),
    });
    for (const [name, , runtimes, advice] of FILES) {
      // Each runtime has its own words for some of them: in the full tier all are heard.
      for (const runtime of full ? runtimes : runtimes.slice(-1)) {
        const { failure = "" } = await runIn(runtime, join(directory, name));
        assertMatch(failure, /^Ended with exit status 1\n/, `${name} in ${runtime}`);
        assertMatch(failure, advice, `${name} in ${runtime}`);
      }
    }
  });
});

test("vdso bench says so where the package is not installed beside a file", TIMEOUT, async () => {
  await inDirectory(async (directory) => {
    const files = { "bench.ts": `${BENCH}bench("x", () => 1);` };
    makeFiles(directory, files);
    makeFiles(join(directory, "project"), {
      ...files,
      "package.json": JSON.stringify({ dependencies: { "@x/vdso": "*" } }),
      "node_modules/other/package.json": "{}", // else Bun would ask the registry
    });
    makeFiles(directory, { "node_modules/other/package.json": "{}" });
    for (const runtime of EVERY) {
      // Deno's words for the two are others.
      const alone = full || runtime === "deno" ? [directory] : [];
      for (const place of [...alone, join(directory, "project")]) {
        const { failure = "" } = await runIn(runtime, join(place, "bench.ts"));
        const advice =
          `@x/vdso is not installed where bench.ts is: run npm install @x/vdso in ${place} or above`;
        assertEquals([runtime, failure.split("\n").at(-1)], [runtime, advice]);
      }
    }
  });
});

const OTHERS: readonly (readonly [name: string, text: string, advice: RegExp])[] = [
  [
    "mitata.mjs",
    'import { bench, run } from "mitata";',
    /for mitata: run it so \(node mitata\.mjs; /,
  ],
  [
    "tiny.mjs",
    "import {Bench} from 'tinybench';",
    /for tinybench: .*@x\/vdso\/bench\/tinybench gives/,
  ],
  [
    "vitest.ts",
    'import { bench, describe } from "vitest";',
    /for vitest: run it so \(npx vitest bench\)/,
  ],
  [
    "deno.ts",
    'Deno.bench("x", () => {});',
    /for Deno\.bench\(\): run it so \(deno bench deno\.ts\)/,
  ],
  [
    "old.cjs",
    'const Benchmark = require("benchmark");',
    /for benchmark: run it so \(node old\.cjs\)/,
  ],
];

test("vdso bench tells files of other frameworks", TIMEOUT, async () => {
  await inDirectory(async (directory) => {
    makeProject(directory, {
      // So far as it matters: what the packages export.
      "node_modules/mitata/package.json": '{"name":"mitata","type":"module","main":"m.js"}',
      "node_modules/mitata/m.js": "export const bench = () => {}, run = () => {};",
      ...Object.fromEntries(OTHERS.map(([name, text]) => [name, text])),
    });
    const runs: [runtime: string, name: string][] = [
      ["node26", "mitata.mjs"], // which is there, and declares nothing of ours
      ...(full ? [["deno", "mitata.mjs"] as [string, string]] : []),
      ["bun", "vitest.ts"], // which is not
      ["deno", "deno.ts"],
      ["node26", "deno.ts"],
    ];
    for (const [runtime, name] of runs) {
      const { failure = "" } = await runIn(runtime, join(directory, name));
      const [, , advice = /^$/] = OTHERS.find(([other]) => other === name) ?? [];
      assertMatch(failure, advice, `${name} in ${runtime}`);
      assertMatch(failure, /declares no benchmark\n|Ended with exit status 1\n/);
    }
  });
});

test("otherFramework() knows files by what they import", () => {
  for (const [name, text, advice] of OTHERS) assertMatch(otherFramework(text, name) ?? "", advice);
  const from = (text: string) => otherFramework(text, "x.ts");
  assertMatch(from('import { now } from "@x/vdso/bench/mitata"; import "mitata";') ?? "", /mitata/);
  assertMatch(from('import { Bench } from "npm:tinybench@6.2.3";') ?? "", /tinybench/);
  for (
    const text of ["", BENCH, `${BENCH}import "mitata";`, 'import "./mitata.ts";', "// mitata"]
  ) {
    assertEquals([text, from(text)], [text, undefined]);
  }
});

test("vdso bench says which permission a benchmark lacks in Deno", TIMEOUT, async () => {
  await inDirectory(async (directory) => {
    const read = 'bench("read", () => readFileSync(import.meta.filename), { warmup: 5 });';
    makeProject(directory, {
      "package.json": COMMON_JS,
      "bench.ts": `${BENCH}import { readFileSync } from "node:fs";\n${read}`,
    });
    const file = join(directory, "bench.ts");
    const { thrown: [denied] } = await runIn("deno", file);
    assertMatch(denied?.reason ?? "", /NotCapable[^]*--deno-args --allow-read$/);
    const late = 'await import(["./late", "mjs"].join("."));'; // Deno has not seen it before
    makeFiles(directory, { "imports.mjs": late, "late.mjs": "" });
    const { failure } = await runIn("deno", join(directory, "imports.mjs"));
    assertMatch(failure ?? "", /without that permission: --deno-args --allow-read$/);
    for (const given of ["--allow-read", ...(full ? ["-A"] : [])]) {
      const { thrown, results, printed: { lines } } = await runIn("deno", file, [given]);
      assertEquals([given, thrown, results.length, lines], [given, [], 1, []]);
    }
  });
});

test("adviceFor() has nothing to say of what it does not know", () => {
  for (const said of ["", "SyntaxError: Unexpected token", "Cannot find module 'left-pad'"]) {
    assertEquals(adviceFor(said, "/x/bench.ts"), undefined);
  }
});
