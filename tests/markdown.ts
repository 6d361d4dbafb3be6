/** The Markdown of this repository, read. */
import { assert } from "@std/assert";
import { marked, type Token } from "marked";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./support.ts";

/** Directories that hold nobody's prose, or somebody else's. */
const SKIPPED = ["node_modules", "coverage", "dist", ".cache", ".git"];

/** Paths below the root. */
export const FILES: readonly string[] = readdirSync(ROOT, { withFileTypes: true })
  .filter(({ name }) => !SKIPPED.includes(name))
  .flatMap((entry) =>
    entry.isDirectory()
      ? readdirSync(join(ROOT, entry.name), { recursive: true, encoding: "utf8" })
        .map((file) => join(entry.name, file))
      : [entry.name]
  )
  .filter((file) => file.endsWith(".md"))
  .sort();

export interface Block {
  readonly file: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  /** The words after the language: the runtime that it is for, and `serves` if it goes on for ever. */
  readonly notes: readonly string[];
  readonly code: string;
}

/** All tokens of a file, in order, those in lists and tables included. */
export function tokens(file: string): Token[] {
  const found: Token[] = [];
  marked.walkTokens(marked.lexer(readFileSync(join(ROOT, file), "utf8")), (token) => {
    found.push(token);
  });
  return found;
}

export function blocks(file: string): Block[] {
  const source = readFileSync(join(ROOT, file), "utf8");
  let end = 0;
  return tokens(file).flatMap((token) => {
    if (token.type !== "code" || !token["lang"]) return [];
    // Blocks may be equal: each is looked for behind the one before.
    const start = source.indexOf(`\`\`\`${token["lang"]}\n${token["text"]}`, end);
    assert(start >= 0, `${file}: ${token["text"]}`);
    end = start + token.raw.length;
    const line = source.slice(0, start).split("\n").length;
    const [language = "", ...notes] = String(token["lang"]).split(/\s+/);
    return [{ file, line, language, notes, code: String(token["text"]) }];
  });
}
