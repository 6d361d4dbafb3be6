/** The pages of `vdso --help`, and what running the commands tells that the grammar does not. */
import { type DocEntry, type DocPage, isDocEntryHidden } from "@optique/core/doc";
import { getDocPageSync } from "@optique/core/parser";
import type { Usage } from "@optique/core/usage";
import { spawnSync } from "node:child_process";
import { GRAMMAR } from "../../cli/grammar.ts";
import { ROOT, RUNTIMES } from "../runtimes.ts";
import { type Keys, keysOf } from "./json_keys.ts";

/** A subcommand, or what is done without one. */
export interface CommandPage {
  /** What comes after `vdso`: nothing or a name. */
  readonly words: readonly string[];
  readonly page: DocPage;
  /** Options and arguments. */
  readonly entries: readonly DocEntry[];
}

/** The command without a subcommand first, then as in the grammar. */
export function commandPages(): CommandPage[] {
  const names = entriesOf(page([])).flatMap(({ term }) => term.type === "command" ? term.name : []);
  return [[], ...names.map((name) => [name])].map((words) => ({
    words,
    page: page(words),
    entries: entriesOf(page(words)).filter(({ term }) => term.type !== "command"),
  }));
}

function page(words: readonly string[]): DocPage {
  const found = getDocPageSync(GRAMMAR, words);
  if (!found) throw new Error(`The grammar has no page for: vdso ${words.join(" ")}`);
  return found;
}

function entriesOf({ sections }: DocPage): DocEntry[] {
  return sections.flatMap(({ entries }) => entries).filter((entry) => !isDocEntryHidden(entry));
}

const CLI = "cli.ts";
const node = RUNTIMES.find(({ name }) => name === "node26")?.bin ?? "node";

/** What `vdso --help` prints: with the commands that are not in the grammar, but made for it. */
export function helpText(): string {
  const { status, stdout, stderr } = spawnSync(node, [CLI, "--help"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`vdso --help: exit status ${status}: ${stderr}`);
  return stdout;
}

/** Each of these shows keys that the others may not. */
const PLACES: readonly (readonly string[])[] = [
  ...RUNTIMES.filter(({ name }) => !/^node2[24]/.test(name)).map(({ bin, run }) => [bin, ...run]),
  // Without any permission, there is no FFI and little to be read.
  ...RUNTIMES.filter(({ name }) => name === "deno").map(({ bin }) => [
    bin,
    "run",
    "--no-check",
    "--no-prompt",
  ]),
];

/**
 * The keys of its `--json`, in all places: none where it cannot be had, on a machine without vDSO.
 * Undefined if it has no `--json`, or wants more words than its name.
 */
export function jsonKeys({ words, page, entries }: CommandPage): Keys | undefined {
  const options = entries.flatMap(({ term }) => term.type === "option" ? [term] : []);
  if (!options.some(({ names }) => names.includes("--json"))) return undefined;
  if (words.length > 0 && wantsMore(page.usage ?? [])) return undefined;
  const short = options.some(({ names }) => names.includes("--duration"))
    ? ["--duration", "0.1"]
    : [];
  const flags = options.flatMap(({ names, metavar }) =>
    metavar === undefined && !names.includes("--json") ? names.slice(0, 1) : []
  );
  const samples: unknown[] = [];
  for (const [program = "", ...args] of PLACES) {
    for (const more of flags.length > 0 ? [[], flags] : [[]]) {
      const line = [...args, CLI, ...words, "--json", ...short, ...more];
      const { stdout, error } = spawnSync(program, line, {
        cwd: ROOT,
        encoding: "utf8",
        timeout: 60_000,
        maxBuffer: 1 << 28,
      });
      if (error) throw error;
      // Nothing where the command cannot be had: it says so on standard error.
      if (stdout.startsWith("{")) samples.push(JSON.parse(stdout));
    }
  }
  return keysOf(samples);
}

/** Whether it wants more than its name. */
function wantsMore(usage: Usage): boolean {
  return usage.some(({ type }) => type === "argument" || type === "option" || type === "multiple");
}
