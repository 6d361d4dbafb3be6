/** Writes what was measured into docs/performance.md, and the rows that decide into the README. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../runtimes.ts";
import { writeMarkdown } from "../write_markdown.ts";
import { withMarked } from "./marked.ts";
import { reportText } from "./report.ts";
import type { ContenderName, OtherName, Report, RuntimeResult } from "./results.ts";
import { table } from "./table.ts";

const PAGE = join(ROOT, "docs/performance.md");
const README = join(ROOT, "README.md");

const INTRODUCTION = `# What it costs

Written by \`npm run bench -- --write\`; do not edit. Each contender alternates with the C program in
one run; the figures are medians. The first C row is a \`gcc -O2\` program over libc's
\`clock_gettime\`; the second calls the vDSO without libc in between. Another machine has other
figures: ratios carry over, nanoseconds do not.
`;

/** Of the README: what a reader decides by. */
const ROWS: readonly (readonly [title: string, of: "contenders" | "others", name: string])[] = [
  ["C: `clock_gettime`", "contenders", "native"],
  ["`now()`", "contenders", "now"],
  ["`nowBigInt()`", "contenders", "nowBigInt"],
  ["`performance.now()`", "contenders", "performanceNow"],
  ["`process.hrtime.bigint()`", "contenders", "hrtimeBigint"],
  ["`ticks()`", "others", "ticks"],
  ["`nowCoarse()`", "others", "nowCoarse"],
  ["`realtimeBigInt()`", "others", "realtimeBigInt"],
  ["`randomU32()`", "others", "randomU32"],
  ["C: the system call", "contenders", "syscall"],
];

/** Writes both. Throws where not all was measured: half a page would read as a whole one. */
export function writePerformance(report: Report): void {
  const missing = Object.entries(report.runtimes).filter(([, { others }]) => !others);
  if (missing.length > 0 || !report.startup) {
    throw new Error("Expected all contenders and the start to be measured: see --only, --startup");
  }
  writeMarkdown(PAGE, `${INTRODUCTION}\n${reportText(report, true)}\n`);
  writeMarkdown(
    README,
    withMarked(readFileSync(README, "utf8"), "npm run bench", decisiveRows(report)),
  );
}

/** The README's table. */
export function decisiveRows({ machine, runtimes }: Report): string {
  const results = Object.entries(runtimes);
  const rows = ROWS.map(([title, of, name]) => [
    title,
    ...results.map(([, result]) => nsOf(result, of, name)?.toFixed(1) ?? ""),
  ]);
  const head = ["ns per call, median", ...results.map(([name]) => name)];
  const { date, cpu, kernel, clocksource } = machine;
  const where = `${date}, ${cpu}, Linux ${kernel}, clocksource ${clocksource}:`;
  return `${where}\n\n${table([head, ...rows], true)}`;
}

function nsOf(
  { contenders, others }: RuntimeResult,
  of: "contenders" | "others",
  name: string,
): number | undefined {
  return of === "contenders"
    ? contenders[name as ContenderName]?.ns.median
    : others?.contenders[name as OtherName]?.ns.median;
}
