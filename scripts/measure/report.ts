/** What was measured as text: for a terminal, or as Markdown. */
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
  type StartupResult,
} from "./results.ts";
import type { Summary } from "./statistics.ts";
import { table } from "./table.ts";

type Results = readonly (readonly [string, RuntimeResult])[];

/** Everything: paragraphs, an empty line between each. */
export function reportText(report: Report, markdown: boolean): string {
  const { machine, startup, checks } = report;
  const results = Object.entries(report.runtimes);
  const clocks = (Object.keys(CONTENDERS) as ContenderName[]).map((name) => ({
    title: CONTENDERS[name],
    cells: results.map(([, { contenders }]) => contenders[name]),
  }));
  return [
    [machineText(machine), ...results.flatMap(runtimeLines)].join("\n"),
    ...contenderTables("ns per call, median (times native C)", results, clocks, markdown),
    ...(results.some(([, { others }]) => others) ? othersText(results, markdown) : []),
    ...(startup ? [startupText(startup, markdown)] : []),
    ...(markdown ? [] : [checksText(checks)]),
  ].join("\n\n");
}

function runtimeLines([name, result]: readonly [string, RuntimeResult]): string[] {
  const { version, ffi, source, reason, nativeBy, rounds } = result;
  const because = reason === undefined ? "" : ` (${reason})`;
  return [
    `- ${name} ${version}: FFI ${ffi}, clock by ${source}${because}, ${rounds} rounds`,
    ...(nativeBy === "shim" ? ["  - no gcc: the shim's own loop stands in for native C"] : []),
  ];
}

function othersText(results: Results, markdown: boolean): string[] {
  const rows = (Object.keys(OTHERS) as OtherName[]).map((name) => ({
    title: OTHERS[name].title,
    cells: results.map(([, { others }]) => others?.contenders[name]),
  }));
  const speedups = results.flatMap(([name, { workers }]) =>
    workers ? [`${workers.speedup.median.toFixed(2)} (${name})`] : []
  );
  const notes = [
    `- C's getrandom(3) is a system call before glibc 2.41; its sched_getcpu(3) reads what the kernel
  keeps in the thread's memory (rseq), from glibc 2.35 on`,
    ...(speedups.length === 0 ? [] : [
      `- two Workers on two CPUs call now() at so many times the rate of one:
  ${speedups.join(", ")}`,
    ]),
  ];
  return [
    ...contenderTables("Everything else: ns, median (times its C)", results, rows, markdown),
    notes.join("\n"),
  ];
}

/** A table of medians; for the terminal a second one of quartiles. */
function contenderTables(
  title: string,
  results: Results,
  contenders: readonly { title: string; cells: readonly (OtherResult | undefined)[] }[],
  markdown: boolean,
): string[] {
  const measured = contenders.filter(({ cells }) => cells.some((result) => result));
  const draw = (title: string, cell: (result: OtherResult) => string) => {
    const body = measured.map(({ title, cells }) => [
      title,
      ...cells.map((result) => result ? cell(result) : ""),
    ]);
    return table([[title, ...results.map(([name]) => name)], ...body], markdown);
  };
  const medians = draw(title, ({ ns, ratio }) => {
    const times = ratio ? ` (${ratio.median.toFixed(2)})` : "";
    return `${ns.median.toFixed(1)}${times}`;
  });
  if (markdown) return [medians];
  const quartiles = draw(
    "ns per call, minimum, quartiles",
    ({ ns: { min, q1, q3 } }) => `${min.toFixed(1)}, ${q1.toFixed(1)} to ${q3.toFixed(1)}`,
  );
  return [medians, quartiles];
}

/** Three lines of a list. */
export function machineText(machine: Machine): string {
  const { date, cpu, cores, load, arch, kernel, clocksource, governor, libc, gcc } = machine;
  return [
    `- ${date}, ${cpu}, ${cores} cores, ${arch}, load ${load.toFixed(1)} before`,
    `- Linux ${kernel}, clocksource ${clocksource}, governor ${governor ?? "unknown"}`,
    `- native C: ${gcc === null ? "none" : `${gcc}, -O2`}, ${libc ?? "libc unknown"}`,
  ].join("\n");
}

const FORMS = {
  package: "the npm package",
  bundle: "in a bundle",
  sources: "TypeScript",
} as const;

/** A table of the start. */
export function startupText(results: readonly StartupResult[], markdown: boolean): string {
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
  const [first] = results;
  const packages = names.map((name) => of(results, name).find(({ form }) => form === "package"));
  const least = [
    "the least module, one .js",
    ...packages.map((result) => result ? ms(result.least) : ""),
  ];
  const ratios = [
    "the npm package, times that",
    ...packages.map((result) => result ? ratioText(result.ratio) : ""),
  ];
  const empty = [
    "empty program",
    ...names.map((name) => ms((of(results, name)[0] as StartupResult).empty)),
  ];
  const title = `Import and first call, ms: median (quartiles) of ${first?.pairs} triples`;
  return table([[title, ...names], ...rows, least, ratios, empty], markdown);
}

/** `?` where it cannot be told. */
function ratioText(ratio: number): string {
  return Number.isNaN(ratio) ? "?" : ratio.toFixed(2);
}

function of(results: readonly StartupResult[], name: RuntimeName): StartupResult[] {
  return results.filter(({ runtime }) => runtime === name);
}

/** A table of what is promised. */
export function checksText(checks: readonly Check[]): string {
  const rows = checks.map(({ runtime, promise, value, limit, atLeast, holds }) => [
    promise,
    runtime,
    ratioText(value),
    `${atLeast ? "at least" : "at most"} ${limit.toFixed(2)}`,
    Number.isNaN(value) ? "cannot be told" : holds ? "yes" : "NO",
  ]);
  return table([["Promise", "runtime", "measured", "limit", "holds"], ...rows], false);
}
