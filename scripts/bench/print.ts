/** The report for people: in a terminal, or as Markdown. */
import { getBorderCharacters, table as drawTable } from "table";
import { type RuntimeName, RUNTIMES } from "../runtimes.ts";
import type { Machine } from "./machine.ts";
import {
  type Check,
  type ContenderName,
  CONTENDERS,
  type OtherName,
  type OtherResult,
  OTHERS,
  type Report,
  type RuntimeResult,
} from "./results.ts";
import type { StartupResult } from "./startup.ts";
import type { Summary } from "./statistics.ts";

type Results = readonly (readonly [string, RuntimeResult])[];
type Rows = readonly (readonly string[])[];

/** Everything, for the terminal; as Markdown, what belongs into the README. */
export function printReport(
  { machine, runtimes, startup, checks }: Report,
  markdown: boolean,
): void {
  printMachine(machine);
  const results = Object.entries(runtimes);
  for (const [name, { version, ffi, source, reason, nativeBy, rounds }] of results) {
    const because = reason === undefined ? "" : ` (${reason})`;
    console.log(`- ${name} ${version}: FFI ${ffi}, clock by ${source}${because}, ${rounds} rounds`);
    if (nativeBy === "trampoline") {
      console.log("  - no gcc: the trampoline's own loop stands in for native C");
    }
  }
  const clocks = (Object.keys(CONTENDERS) as ContenderName[]).map((name) => ({
    title: CONTENDERS[name],
    cells: results.map(([, { contenders }]) => contenders[name]),
  }));
  printContenders("ns per call, median (times native C)", results, clocks, markdown);
  if (results.some(([, { others }]) => others)) printOthers(results, markdown);
  if (startup) printStartup(startup, markdown);
  if (!markdown) printChecks(checks);
}

function printOthers(results: Results, markdown: boolean): void {
  const rows = (Object.keys(OTHERS) as OtherName[]).map((name) => ({
    title: OTHERS[name].title,
    cells: results.map(([, { others }]) => others?.contenders[name]),
  }));
  printContenders("Everything else: ns, median (times its C)", results, rows, markdown);
  const speedups = results.flatMap(([name, { workers }]) =>
    workers ? [`${workers.speedup.median.toFixed(2)} (${name})`] : []
  );
  console.log(`
- C's getrandom(3) is a system call before glibc 2.41; its sched_getcpu(3) reads what the kernel
  keeps in the thread's memory (rseq), from glibc 2.35 on`);
  if (speedups.length > 0) {
    console.log(`- two Workers on two CPUs call now() at so many times the rate of one:
  ${speedups.join(", ")}`);
  }
}

/** A table of medians; for the terminal a second one of quartiles. */
function printContenders(
  title: string,
  results: Results,
  contenders: readonly { title: string; cells: readonly (OtherResult | undefined)[] }[],
  markdown: boolean,
): void {
  const measured = contenders.filter(({ cells }) => cells.some((result) => result));
  const table = (title: string, cell: (result: OtherResult) => string) => {
    const body = measured.map(({ title, cells }) => [
      title,
      ...cells.map((result) => result ? cell(result) : ""),
    ]);
    print([[title, ...results.map(([name]) => name)], ...body], markdown);
  };
  table(title, ({ ns, ratio }) => {
    const times = ratio ? ` (${ratio.median.toFixed(2)})` : "";
    return `${ns.median.toFixed(1)}${times}`;
  });
  if (markdown) return;
  table(
    "ns per call, minimum, quartiles",
    ({ ns: { min, q1, q3 } }) => `${min.toFixed(1)}, ${q1.toFixed(1)} to ${q3.toFixed(1)}`,
  );
}

export function printMachine(machine: Machine): void {
  const { date, cpu, cores, load, arch, kernel, clocksource, governor, libc, gcc } = machine;
  console.log(`- ${date}, ${cpu}, ${cores} cores, ${arch}, load ${load.toFixed(1)} before`);
  console.log(`- Linux ${kernel}, clocksource ${clocksource}, governor ${governor ?? "unknown"}`);
  console.log(`- native C: ${gcc === null ? "none" : `${gcc}, -O2`}, ${libc ?? "libc unknown"}`);
}

const FORMS = { bundle: "one .js", files: "several .js", sources: "TypeScript" } as const;

export function printStartup(results: readonly StartupResult[], markdown: boolean): void {
  const names = RUNTIMES.map(({ name }) => name).filter((name) => of(results, name).length > 0);
  const ms = ({ median, q1, q3 }: Summary) =>
    `${median.toFixed(1)} (${q1.toFixed(1)} to ${q3.toFixed(1)})`;
  const rows = (Object.keys(FORMS) as (keyof typeof FORMS)[]).map((form) => [
    FORMS[form],
    ...names.map((name) => {
      const result = of(results, name).find((result) => result.form === form);
      return result ? ms(result.added) : "";
    }),
  ]);
  const empty = [
    "empty program",
    ...names.map((name) => ms((of(results, name)[0] as StartupResult).empty)),
  ];
  const title = `Import and first call, ms: median (quartiles) of ${results[0]?.pairs} pairs`;
  print([[title, ...names], ...rows, empty], markdown);
}

function of(results: readonly StartupResult[], name: RuntimeName): StartupResult[] {
  return results.filter(({ runtime }) => runtime === name);
}

export function printChecks(checks: readonly Check[]): void {
  const rows = checks.map(({ runtime, promise, value, limit, atLeast, holds }) => [
    promise,
    runtime,
    value.toFixed(2),
    `${atLeast ? "at least" : "at most"} ${limit.toFixed(2)}`,
    holds ? "yes" : "NO",
  ]);
  print([["Promise", "runtime", "measured", "limit", "holds"], ...rows], false);
}

const MARKDOWN_BORDER = {
  ...getBorderCharacters("void"),
  bodyLeft: "|",
  bodyRight: "|",
  bodyJoin: "|",
  joinBody: "-",
  joinLeft: "|",
  joinRight: "|",
  joinJoin: "|",
};

/** A table whose first column says what, and whose others hold figures. */
export function print(rows: Rows, markdown: boolean): void {
  const text = drawTable(rows.map((row) => [...row]), {
    border: markdown ? MARKDOWN_BORDER : getBorderCharacters("norc"),
    columnDefault: { alignment: "right" },
    columns: { 0: { alignment: "left" } },
    drawHorizontalLine: (line, count) =>
      line === 1 || (!markdown && (line === 0 || line === count)),
  });
  // Markdown learns the alignment from a colon in the second line, from the second column on.
  const shown = markdown ? text.replace(/(?<=^\|-+\|.*)-\|/gm, ":|") : text;
  console.log(`\n${shown.trimEnd()}`);
}
