/** The pages of `vdso --help`, and what running the commands tells that the grammar does not. */
import { type DocEntry, type DocPage, isDocEntryHidden } from "@optique/core/doc";
import { getDocPageSync } from "@optique/core/parser";
import type { Usage } from "@optique/core/usage";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jsonReport } from "../../../cli/doctor/report.ts";
import { GRAMMAR } from "../../../cli/grammar.ts";
import { parseWords } from "../../../cli/parse.ts";
import { fillFacts, sampleFacts } from "../../../doctor/facts/shape.ts";
import { examineFacts, parseFacts } from "../../../doctor/mod.ts";
import { ROOT, RUNTIMES } from "../../runtimes.ts";
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
  const printed: string[] = [];
  const fail = (problem: string) => {
    throw new Error(`vdso --help: ${problem}`);
  };
  parseWords(["--help"], { print: (text) => printed.push(text), complain: fail });
  return `${printed.join("\n")}\n`;
}

/** Each of these shows keys that the others may not. */
const PLACES: readonly (readonly string[])[] = [
  ...RUNTIMES.filter(({ name }) => !/^node2[24]/.test(name)).map(({ bin, run }) => [bin, ...run]),
  // Without any permission, there is no FFI and little to be read.
  ...RUNTIMES.filter(({ name }) => name === "deno").flatMap(({ bin }) => {
    const without = [bin, "run", "--no-check", "--no-prompt"];
    return [without, [...without, "--allow-ffi"]];
  }),
];

/**
 * The keys of its `--json`, in all places: none where it cannot be had, on a machine without vDSO.
 * Undefined if it has no `--json`, or wants more words than its name and nobody knows which.
 */
export function jsonKeys({ words, page, entries }: CommandPage): Keys | undefined {
  const options = entries.flatMap(({ term }) => term.type === "option" ? [term] : []);
  if (!options.some(({ names }) => names.includes("--json"))) return undefined;
  if (words[0] === "bench") return keysOf(benchReports());
  if (words[0] === "doctor") return keysOf(doctorReports());
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
      samples.push(...sample(program, line));
    }
  }
  if (words.length === 0) return keysOf([...samples, ...samples.map(withOtherCosts)]);
  const differs = words[0] === "verify" || words[0] === "jitter";
  return keysOf(differs ? [...samples, ...samples.map(elsewhere)] : samples);
}

/** The object that it prints; none where the command cannot be had: it says so on standard error. */
function sample(program: string, line: readonly string[]): unknown[] {
  const { stdout, error } = spawnSync(program, line, {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 60_000,
    maxBuffer: 1 << 28,
  });
  if (error) throw error;
  return stdout.startsWith("{") ? [JSON.parse(stdout)] : [];
}

/**
 * What `vdso bench --json` prints does not depend on the runtime that it runs in, but on those that
 * it runs benchmarks in, on what fails there, and on what is compared with what.
 */
function benchReports(): unknown[] {
  const directory = mkdtempSync(join(tmpdir(), "vdso-docs-"));
  const base = join(directory, "base.json");
  const words = [CLI, "bench", "--json", "--processes", "5"];
  const clocks = ["examples/bench_clocks.ts", "--time", "1", "--filter", " now\\(|Bun|faulty"];
  try {
    const reports = [
      ...sample(node, [...words, ...clocks, "--runtimes", "bun", "--save", base]),
      ...sample(node, [
        ...words,
        ...clocks,
        "tests/fixtures/bench_throws.ts",
        ...["--runtimes", "node99,bun,deno", "--compare", base],
      ]),
    ];
    return [...reports, ...reports.map(elsewhere)];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Of facts of many platforms, since one machine shows little of what there may be. */
function doctorReports(): unknown[] {
  const directory = join(ROOT, "tests/fixtures/platforms");
  const files = readdirSync(directory).map((file) => readFileSync(join(directory, file), "utf8"));
  const facts = [...files.map(parseFacts), fillFacts({}), sampleFacts()];
  return facts.map((some) => JSON.parse(jsonReport(examineFacts(some), ["tai.unset"])));
}

/** What other machines, permissions and words have in place of what this one shows. */
const ELSEWHERE: Readonly<Record<string, unknown>> = {
  clocksource: null,
  collectionNs: 1,
  collections: 1,
  failure: "why",
  filter: null,
  governor: "performance",
  involuntary: null,
  involuntarySwitches: null,
  kernel: null,
  majorFaults: null,
  migrations: null,
  minorFaults: null,
  offCpuNs: null,
  output: ["printed"],
  problems: ["slower"],
  quantiles: null,
  reason: "why",
  reasons: ["why"],
  runDelayNs: null,
  stealNs: null,
  throttledNs: null,
  throttledPeriods: null,
  time: null,
  unreadable: {},
  voluntary: null,
  voluntarySwitches: null,
};

/** A summary where figures are doubtful, and disturbed in other ways. */
function withOtherCosts(summary: unknown): unknown {
  const { cost } = summary as { cost: object };
  const doubts = [{ clock: "now()", reason: "why" }];
  return { ...summary as object, cost: { ...elsewhere(cost) as object, doubts } };
}

function elsewhere(report: unknown): unknown {
  return JSON.parse(JSON.stringify(report, (key, value: unknown) => {
    // Of the platform its model, of the settings a number.
    if (key === "cpu") return value === null ? 0 : null;
    if (key === "clock") return { ...value as object, reason: "why" };
    return key in ELSEWHERE ? ELSEWHERE[key] : value;
  }));
}

/** Whether it wants more than its name. */
function wantsMore(usage: Usage): boolean {
  return usage.some(({ type }) => type === "argument" || type === "option" || type === "multiple");
}
