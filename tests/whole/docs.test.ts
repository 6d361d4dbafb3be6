/**
 * The documentation: every TypeScript or JavaScript block of README.md and docs/ that imports the
 * package is run in this runtime, in Node's full tier in a process of its own.
 */
// both tiers: deno, bun, node26 (one of each kind)
import { assert, assertEquals } from "@std/assert";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { type Block, blocks, FILES } from "../markdown.ts";
import { full, ROOT, run, runtime } from "../support.ts";

const timeout = 60_000;

const EXTENSIONS: Readonly<Record<string, string>> = {
  ts: "ts",
  typescript: "ts",
  js: "mjs",
  javascript: "mjs",
};

const DOCUMENTS = FILES.filter((file) => file === "README.md" || dirname(file) === "docs");

const BLOCKS = DOCUMENTS.flatMap(blocks)
  .filter(({ language, code }) => EXTENSIONS[language] && /["']@x\/vdso(\/\w+)?["']/.test(code));

/** A project as a user has it, with the package installed: this checkout, and OpenTelemetry. */
const project = mkdtempSync(join(tmpdir(), "vdso-docs-"));
mkdirSync(join(project, "node_modules/@x"), { recursive: true });
symlinkSync(ROOT, join(project, "node_modules/@x/vdso"));
// What the guides put beside it.
const beside = (name: string, directory = name) =>
  symlinkSync(join(ROOT, "node_modules", directory), join(project, "node_modules", name));
mkdirSync(join(project, "node_modules/@opentelemetry"));
for (const name of readdirSync(join(ROOT, "node_modules/@opentelemetry"))) {
  if (name !== "sdk-metrics") beside(`@opentelemetry/${name}`);
}
beside("@opentelemetry/sdk-metrics", "otel-metrics-3");
beside("prom-client");
beside("hono");
writeFileSync(join(project, "package.json"), '{ "type": "module" }');
after(() => rmSync(project, { recursive: true }));

/** Ends what serves, once it has begun. */
const END = 'setTimeout(() => process.exit(), 500);\nimport process from "node:process";\n';

/** Why a block is not for this runtime. */
function skipOf({ notes }: Block): string | false {
  const only = notes.find((note) => note !== "serves");
  if (only !== undefined) return only !== runtime && `it is for ${only}`;
  return !full && runtime === "deno" && "in the full tier: Bun and Node run it in this one";
}

/** Writes a block as a program; its path. */
function write({ file, line, language, notes, code }: Block): string {
  const required = /\brequire\(["']@x\/vdso/.test(code);
  const extension = required ? "cjs" : EXTENSIONS[language];
  const program = join(project, `${file.replaceAll(/\W/g, "_")}_${line}.${extension}`);
  writeFileSync(program, notes.includes("serves") ? code + END : code);
  return program;
}

/** Runs a block as a program of its own: what it failed with, or nothing. */
function failureOf(block: Block): string {
  const { code, signal, stderr } = run(write(block), [], { cwd: project, env: { PORT: "0" } });
  return code === 0 && signal === null ? "" : `${code} ${signal} ${stderr}`;
}

/** The same of several in one process, each a module: its last line has what they failed with. */
const TOGETHER = join(project, "together.mjs");
writeFileSync(
  TOGETHER,
  `import process from "node:process";
import { pathToFileURL } from "node:url";
const failures = [];
for (const program of process.argv.slice(2)) {
  await import(pathToFileURL(program).href).then(
    () => failures.push(""),
    (error) => failures.push(String(error)),
  );
}
console.log(JSON.stringify(failures));
`,
);
function failuresOf(blocks: readonly Block[]): string[] {
  const { code, signal, stdout, stderr } = run(TOGETHER, blocks.map(write), { cwd: project });
  assertEquals([code, signal], [0, null], stderr);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as string[];
}

/** What is for all runtimes, but for bind(), which comes before all readings. */
const shared = full && runtime === "node"
  ? []
  : BLOCKS.filter((block) =>
    !skipOf(block) && block.notes.length === 0 && !/\bbind\(/.test(block.code)
  );
let failures: readonly string[] | undefined;

for (const block of BLOCKS) {
  test(`${block.file}:${block.line} runs`, { timeout, skip: skipOf(block) }, () => {
    const index = shared.indexOf(block);
    assertEquals(index < 0 ? failureOf(block) : (failures ??= failuresOf(shared))[index], "");
  });
}

test("a block that throws would be noticed", { timeout }, () => {
  const [right = "", ...wrong] = [
    'const { now } = require("@x/vdso"); now();',
    'import { now } from "@x/vdso"; if (now() > 0) throw new Error("thrown");',
    'import { nope } from "@x/vdso"; nope();',
    'import { clockGettime } from "@x/vdso"; clockGettime(12);',
  ];
  const blocks = [...wrong, right].map((code, line): Block => ({
    file: "noticed",
    line,
    language: code === right ? "js" : "ts",
    notes: [],
    code,
  }));
  for (const found of [failuresOf(blocks), blocks.map(failureOf)]) {
    assertEquals(found.map((failure) => failure === ""), [false, false, false, true], found.join());
  }
});

test("every TypeScript block of README.md and the guides is among those that run", () => {
  const shown = DOCUMENTS.flatMap(blocks).filter(({ language }) => language === "ts");
  assert(shown.length > 0);
  assertEquals(BLOCKS.filter(({ language }) => language === "ts"), shown);
});
