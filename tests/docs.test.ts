/**
 * The documentation: every TypeScript or JavaScript block of README.md and docs/ that imports the
 * package is run in this runtime, and every relative link of every Markdown file leads somewhere.
 */
import { assert, assertEquals } from "@std/assert";
import { marked, type Token } from "marked";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { after, test } from "node:test";
import { ROOT, run } from "./support.ts";

const timeout = 60_000;

/** Directories that hold nobody's prose, or somebody else's. */
const SKIPPED = ["node_modules", "coverage", "dist", ".cache", ".git"];

/** Paths below the root. */
const FILES: readonly string[] = readdirSync(ROOT, { withFileTypes: true })
  .filter(({ name }) => !SKIPPED.includes(name))
  .flatMap((entry) =>
    entry.isDirectory()
      ? readdirSync(join(ROOT, entry.name), { recursive: true, encoding: "utf8" })
        .map((file) => join(entry.name, file))
      : [entry.name]
  )
  .filter((file) => file.endsWith(".md"))
  .sort();

// ---- Markdown. ----

interface Block {
  readonly file: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

/** All tokens of a file, in order, those in lists and tables included. */
function tokens(file: string): Token[] {
  const found: Token[] = [];
  marked.walkTokens(marked.lexer(readFileSync(join(ROOT, file), "utf8")), (token) => {
    found.push(token);
  });
  return found;
}

function blocks(file: string): Block[] {
  const source = readFileSync(join(ROOT, file), "utf8");
  let end = 0;
  return tokens(file).flatMap((token) => {
    if (token.type !== "code" || !token["lang"]) return [];
    // Blocks may be equal: each is looked for behind the one before.
    const start = source.indexOf(`\`\`\`${token["lang"]}\n${token["text"]}`, end);
    assert(start >= 0, `${file}: ${token["text"]}`);
    end = start + token.raw.length;
    const line = source.slice(0, start).split("\n").length;
    const language = String(token["lang"]).split(/\s/)[0] ?? "";
    return [{ file, line, language, code: String(token["text"]) }];
  });
}

/** What a reader sees of a heading. */
function plainText(token: Token): string {
  const inner = "tokens" in token ? token.tokens : undefined;
  if (inner) return inner.map(plainText).join("");
  return "text" in token ? String(token["text"]) : token.raw;
}

/** The anchors that GitHub gives to headings: letters, digits, `-` and `_`, the second alike "-1". */
function anchors(file: string): Set<string> {
  const seen = new Map<string, number>();
  return new Set(
    tokens(file).filter(({ type }) => type === "heading").map((heading) => {
      const slug = plainText(heading).toLowerCase()
        .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "").replaceAll(" ", "-");
      const times = seen.get(slug) ?? 0;
      seen.set(slug, times + 1);
      return times === 0 ? slug : `${slug}-${times}`;
    }),
  );
}

// ---- Code. ----

const EXTENSIONS: Readonly<Record<string, string>> = {
  ts: "ts",
  typescript: "ts",
  js: "mjs",
  javascript: "mjs",
};

const DOCUMENTS = FILES.filter((file) => file === "README.md" || dirname(file) === "docs");

const BLOCKS = DOCUMENTS.flatMap(blocks)
  .filter(({ language, code }) => EXTENSIONS[language] && /["']@x\/vdso(\/\w+)?["']/.test(code));

/** A project as a user has it, with the package installed: this checkout. */
const project = mkdtempSync(join(tmpdir(), "vdso-docs-"));
mkdirSync(join(project, "node_modules/@x"), { recursive: true });
symlinkSync(ROOT, join(project, "node_modules/@x/vdso"));
writeFileSync(join(project, "package.json"), '{ "type": "module" }');
after(() => rmSync(project, { recursive: true }));

/** Runs a block as a program of its own. */
function runBlock({ file, line, language, code }: Block) {
  const required = /\brequire\(["']@x\/vdso/.test(code);
  const extension = required ? "cjs" : EXTENSIONS[language];
  const program = join(project, `${file.replaceAll(/\W/g, "_")}_${line}.${extension}`);
  writeFileSync(program, code);
  return run(program, [], { cwd: project });
}

for (const block of BLOCKS) {
  test(`${block.file}:${block.line} runs`, { timeout }, () => {
    const { code, signal, stderr } = runBlock(block);
    assertEquals([code, signal], [0, null], stderr);
  });
}

test("a block that throws would be noticed", { timeout }, () => {
  const wrong = (code: string, language = "ts") =>
    runBlock({ file: "wrong", line: 0, language, code });
  for (
    const code of [
      'import { now } from "@x/vdso"; if (now() > 0) throw new Error("thrown");',
      'import { nope } from "@x/vdso"; nope();',
      'import { clockGettime } from "@x/vdso"; clockGettime(12);',
    ]
  ) assert(wrong(code).code !== 0, code);
  assertEquals(wrong('const { now } = require("@x/vdso"); now();', "js").code, 0);
});

test("every TypeScript block of README.md and the guides is among those that run", () => {
  const shown = DOCUMENTS.flatMap(blocks).filter(({ language }) => language === "ts");
  assert(shown.length > 0);
  assertEquals(BLOCKS.filter(({ language }) => language === "ts"), shown);
});

// ---- Links. ----

/** What is wrong with a link, if anything is. Only what is in this repository can be looked at. */
function problem(file: string, href: string): string | undefined {
  if (/^[a-z][a-z\d+.-]*:/i.test(href)) return undefined;
  const [path = "", anchor] = decodeURI(href).split("#");
  const target = path === "" ? file : relative(ROOT, join(ROOT, dirname(file), path));
  if (target.startsWith("..") || path.startsWith("/")) return `${href} leads out of the repository`;
  if (!existsSync(join(ROOT, target))) return `${href}: there is no ${target}`;
  if (anchor === undefined) return undefined;
  if (!target.endsWith(".md")) return `${href}: only Markdown has anchors`;
  return anchors(target).has(anchor) ? undefined : `${href}: ${target} has no #${anchor}`;
}

for (const file of FILES) {
  test(`the links of ${file} lead somewhere`, () => {
    const links = tokens(file).filter(({ type }) => type === "link" || type === "image")
      .map((token) => String("href" in token ? token["href"] : ""));
    assertEquals(links.flatMap((href) => problem(file, href) ?? []), []);
  });
}

test("a link that leads nowhere would be noticed", () => {
  assertEquals(problem("docs/README.md", "clocks.md#which-to-use"), undefined);
  assertEquals(problem("docs/README.md", "../mod.ts"), undefined);
  assertEquals(problem("docs/clocks.md", "#leap-seconds-and-tai"), undefined);
  assertEquals(problem("docs/README.md", "https://example.org/"), undefined);
  for (
    const href of ["nowhere.md", "clocks.md#nowhere", "#nowhere", "../../README.md", "/mod.ts"]
  ) assert(problem("docs/README.md", href) !== undefined, href);
});
