/** docs/reach.md: where the library has been, and what came of it. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../runtimes.ts";
import type { Row } from "./place.ts";

const OUTPUT = join(ROOT, "docs/reach.md");
const HEAD = ["place", "runtime", "entries", "cost", "result", "date"] as const;

const INTRODUCTION = `# Where it has been

Written by the hostile suite, \`npm run test:hostile -- --full\`; do not edit. Each row is a run of the
library in a real runtime, in a virtual machine where another kernel or CPU is meant, or of its ELF
parser on an image. Times in virtual machines are of an emulated CPU: they compare with each other,
and with nothing else. A cost of \`a / b / c\` is nanoseconds of \`now()\`, of the entry in C, and of the
system call.
`;

/** For the terminal: a line a row, and the place once. */
export function printRows(rows: readonly Row[]): string {
  const lines: string[] = [];
  rows.forEach(({ place, runtime, entries, cost, result }, index) => {
    if (rows[index - 1]?.place !== place) lines.push(`\n${place}`);
    lines.push([`  ${runtime.padEnd(16)}`, entries, cost, result].filter(Boolean).join(" | "));
  });
  return `${lines.join("\n")}\n`;
}

/** Writes these rows alone; or keeps, with their dates, those of other places and runtimes. */
export function writeReach(rows: readonly Row[], { keep }: { keep: boolean }): void {
  const today = new Date().toISOString().slice(0, 10);
  const key = (cells: readonly string[]) => cells.slice(0, 2).join("|");
  const fresh = rows.map(({ place, runtime, entries, cost, result }) =>
    [place, runtime, entries, cost, result, today].map(escape)
  );
  const replaced = new Set(fresh.map(key));
  const kept = keep ? readRows().filter((cells) => !replaced.has(key(cells))) : [];
  const all = [...kept, ...fresh];
  all.sort((a, b) => a.join("|").localeCompare(b.join("|"), "en", { numeric: true }));
  const widths = HEAD.map((_, column) =>
    Math.max(3, ...[HEAD, ...all].map((cells) => cells[column]?.length ?? 0))
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  const rule = widths.map((width) => "-".repeat(width));
  writeFileSync(OUTPUT, `${INTRODUCTION}\n${[HEAD, rule, ...all].map(line).join("")}`);
  console.log(`Written: ${OUTPUT}`);
}

function escape(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("|", "\\|").trim();
}

function readRows(): string[][] {
  if (!existsSync(OUTPUT)) return [];
  const lines = readFileSync(OUTPUT, "utf8").split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(2).map((line) => line.slice(2, -2).split(" | ").map((cell) => cell.trim()));
}
