/** docs/reach.md: where the library has been, and what came of it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../runtimes.ts";
import { writeMarkdown } from "../write_markdown.ts";
import type { Row } from "./place.ts";

export const REACH = join(ROOT, "docs/reach.md");
const HEAD = ["place", "runtime", "entries", "cost", "result", "date"] as const;

const INTRODUCTION = `# Where it has been

Written by the hostile suite, \`npm run test:hostile -- --full\`; do not edit. Each row is a run of
the library in a real runtime, in a virtual machine where another kernel or CPU is meant; or of its
ELF parser on images. Entries are the vDSO's except those that are named as system calls. A cost of
\`a / b / c\` is nanoseconds of \`now()\`, of the entry in C, and of the system call: with whatever else
ran, and in virtual machines of an emulated CPU, so that the three compare with each other alone.
What it costs on a quiet machine: [performance](performance.md).
`;

/** A place, and what came of being there. */
export interface Visit {
  readonly title: string;
  readonly rows: readonly Row[];
}

/** For the terminal: a line a row, and the place once. */
export function printRows(visits: readonly Visit[]): string {
  return visits.map(({ title, rows }) => {
    const lines = rows.map(({ runtime, entries, cost, result }) =>
      [`  ${runtime.padEnd(16)}`, entries, cost, result].filter(Boolean).join(" | ")
    );
    return `\n${title}\n${lines.join("\n")}`;
  }).join("\n");
}

/** The cells of a table of this kind, its head left out. */
export function readCells(markdown: string): string[][] {
  const lines = markdown.split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(2).map((line) =>
    line.slice(2, -2).split(/(?<!\\)\|/).map((cell) => cell.trim())
  );
}

/** The page with these cells as its table. */
export function formatCells(all: readonly (readonly string[])[]): string {
  const widths = HEAD.map((_, column) =>
    Math.max(3, ...[HEAD, ...all].map((cells) => cells[column]?.length ?? 0))
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  const rule = widths.map((width) => "-".repeat(width));
  return `${INTRODUCTION}\n${[HEAD, rule, ...all].map(line).join("")}`;
}

/**
 * A place after another in the order of these titles: what has been visited is new, the others are as
 * they were, and what is no place any more is gone.
 */
export function mergeCells(
  before: readonly (readonly string[])[],
  visits: readonly Visit[],
  titles: readonly string[],
  date: string,
): (readonly string[])[] {
  return titles.flatMap((title) => {
    const visit = visits.find((visit) => visit.title === title);
    if (!visit) return before.filter(([cell]) => cell === escape(title));
    return visit.rows.map(({ runtime, entries, cost, result }) =>
      [title, runtime, entries, cost, result, date].map(escape)
    );
  });
}

/** Writes what came of these visits; keeps what is there of the other places, with their dates. */
export function writeReach(visits: readonly Visit[], titles: readonly string[]): void {
  const before = existsSync(REACH) ? readCells(readFileSync(REACH, "utf8")) : [];
  const date = new Date().toISOString().slice(0, 10);
  writeMarkdown(REACH, formatCells(mergeCells(before, visits, titles, date)));
  console.log(`Written: ${REACH}`);
}

function escape(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("|", "\\|").trim();
}
