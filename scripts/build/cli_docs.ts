/**
 * Writes docs/cli.md from cli/grammar.ts, the source of `vdso --help`; with --check, compares.
 *
 *   node scripts/setup.mjs scripts/build/cli_docs.ts [--check]
 *
 * The keys of JSON are those that the commands print here, in several runtimes. Another machine may
 * have shown more of them: --check lets the file know more keys, but nothing else.
 */
import type { DocEntry } from "@optique/core/doc";
import { formatMessage, type Message } from "@optique/core/message";
import { formatUsage, formatUsageTerm } from "@optique/core/usage";
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { BRIEF, EXIT_STATUS } from "../../cli/grammar.ts";
import { type CommandPage, commandPages, helpText, jsonKeys } from "./docs/command_line.ts";
import { type Keys, parseKeys, printKeys, union } from "./docs/json_keys.ts";
import { ROOT } from "../runtimes.ts";
import { formatMarkdown } from "../write_markdown.ts";

const OUTPUT = join(ROOT, "docs/cli.md");

/** What the environment variables do that the command reads; a check below holds it complete. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  NO_COLOR: "if not empty, no bold text on terminals either ([no-color.org](https://no-color.org))",
  PATH: "where `vdso bench` looks for runtimes",
  TERM: "if `dumb`, no bold text and no progress either; in Deno, if it may be read",
  npm_execpath:
    "the Bun to run in, where `bunx` started the command in Node, and /proc does not tell",
  npm_lifecycle_event: "`bunx` if `bunx` started it",
};

const { name } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8")) as { name: string };

/** Text as Markdown: what its author marked as words of the command line becomes code. */
function markdown(message: Message): string {
  return message.map((term) =>
    term.type === "text"
      ? term.text.replace(/[\\`*_<>|[\]]/g, "\\$&")
      : `\`${formatMessage([term], { quotes: false })}\``
  ).join("");
}

const title = (words: readonly string[]) => `## \`${["vdso", ...words].join(" ")}\``;
const code = (text: string) => `\`\`\`text\n${text.trimEnd()}\n\`\`\``;
const table = (head: string, rows: readonly (readonly [string, string])[]) =>
  [
    `| ${head} | meaning |`,
    "| --- | --- |",
    ...rows.map(([left, right]) => `| \`${left}\` | ${right} |`),
  ].join("\n");

/** Long usage in several lines, of which each begins with a whole argument. */
function wrapped(usage: string, width = 100): string {
  const lines = [""];
  for (const argument of usage.split(/ (?=\[|--|[A-Z]+\.*$)/)) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = argument;
    else if (line.length + 1 + argument.length <= width) lines[lines.length - 1] += ` ${argument}`;
    else lines.push(`    ${argument}`);
  }
  return lines.join("\n");
}

function optionRow({ term, description = [], choices }: DocEntry): [string, string] {
  const text = markdown(description);
  return [
    formatUsageTerm(term),
    choices ? `${text} One of ${markdown(choices)}.` : text,
  ];
}

function commandSection({ words, page, entries }: CommandPage, keys: Keys | undefined): string {
  const parts = [title(words)];
  if (words.length === 0) {
    parts.push("What the vDSO is here, which path is live, and what a call costs.");
  } else {
    parts.push(markdown(page.description ?? page.brief ?? []));
    parts.push(code(wrapped(formatUsage("vdso", page.usage ?? []))));
  }
  if (entries.length > 0) parts.push(table("argument", entries.map(optionRow)));
  if (keys) parts.push("JSON:", printKeys(keys));
  return parts.join("\n\n");
}

/** The part of `--help` that is not in the grammar: help, version, completions. */
function helpSection(help: string): string {
  const known = commandPages().flatMap(({ words, entries }) => [
    ...words,
    ...(words.length === 0 ? entries.map(({ term }) => formatUsageTerm(term)) : []),
  ]);
  const rows = Array.from(
    help.matchAll(/^ {2}(\S+(?: \S+)*) {2,}(\S.*)$/gm),
    ([, term = "", text = ""]): [string, string] => [term, text],
  );
  return table("argument", rows.filter(([term]) => !known.includes(term)));
}

function environmentSection(): string {
  const sources = globSync(["cli.ts", "cli/**/*.ts"], { cwd: ROOT });
  const read = sources.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), "utf8");
    return Array.from(text.matchAll(/\benv(?:\.|\[")(\w+)/g), ([, variable = ""]) => variable);
  });
  const [found, told] = [new Set(read), new Set(Object.keys(ENVIRONMENT))];
  if (found.symmetricDifference(told).size > 0) {
    throw new Error(
      `cli/ reads ${[...found]} of the environment, ENVIRONMENT tells of ${[...told]}`,
    );
  }
  return table("variable", Object.entries(ENVIRONMENT));
}

function render(pages: readonly CommandPage[], keys: ReadonlyMap<CommandPage, Keys>): string {
  const help = helpText();
  const usage = (/^Usage: [^]*?(?=\n\n)/m.exec(help)?.[0] ?? "").replace(/^(Usage:| {6}) /gm, "")
    .replace(/\n(?!vdso)/g, "").split("\n").map((line) => wrapped(line)).join("\n");
  const text = [
    "<!-- Made from cli/grammar.ts by scripts/build/cli_docs.ts: `npm run docs`. -->",
    "# The `vdso` command",
    `${
      markdown(BRIEF)
    }: \`npx ${name}\`, \`bunx ${name}\`, or \`deno run --allow-ffi jsr:${name}/cli\`.`,
    code(usage),
    ...pages.map((page) => commandSection(page, keys.get(page))),
    "## Help and completions",
    helpSection(help),
    "## Exit status",
    markdown(EXIT_STATUS).replace(/^Exit status: (.)/, (_, first: string) => first.toUpperCase()),
    "## Environment",
    environmentSection(),
    "## JSON",
    "In the tables above, *absent* says that the key may be missing; a *decimal string* is an " +
    "integer that a number might round, and a *hex string* an address.",
  ].join("\n\n");
  return formatMarkdown(`${text}\n`);
}

/** The keys that a file already tells of a command. */
function documentedKeys(file: string, { words }: CommandPage): Keys {
  const section = file.split(/^(?=## )/m).find((part) => part.startsWith(`${title(words)}\n`));
  const [, json = ""] = section?.split("\nJSON:\n") ?? [];
  return parseKeys(json);
}

const check = process.argv.includes("--check");
const old = existsSync(OUTPUT) ? readFileSync(OUTPUT, "utf8") : "";
const pages = commandPages();
const keys = new Map<CommandPage, Keys>();
for (const page of pages) {
  const seen = jsonKeys(page);
  if (seen?.size === 0 && !check) throw new Error(`${title(page.words)}: no JSON on this machine`);
  if (seen) keys.set(page, check ? union(documentedKeys(old, page), seen) : seen);
}
const text = render(pages, keys);
if (!check) {
  mkdirSync(dirname(OUTPUT), { recursive: true });
  writeFileSync(OUTPUT, text);
  console.log(`docs/cli.md: ${pages.length} commands, ${keys.size} of them with JSON`);
} else if (text !== old) {
  const lines = new Set(old.split("\n"));
  const news = text.split("\n").filter((line) => !lines.has(line));
  console.error(["docs/cli.md is stale: run npm run docs. New would be:", ...news].join("\n"));
  process.exit(1);
} else {
  console.log("docs/cli.md is what vdso --help says");
}
