/**
 * A report as text: benchmarks below each other, runtimes side by side.
 *
 * @module
 */
import type { Comparison, Distribution } from "../../bench/mod.ts";
import { bold, columns, style } from "../output.ts";
import { padStart, width } from "../width.ts";
import { fullName, oneLine, printParams } from "./names.ts";
import {
  type BenchReport,
  overRuns,
  type ReportBenchmark,
  type ReportResult,
  type ReportRun,
} from "./report.ts";
import { commonUnit, printTime, printWithUnit } from "./units.ts";

/** A line of the table: a time for each runtime that has one, all in one unit. */
interface Line {
  readonly label: string;
  readonly unit: string;
  readonly cells: readonly Cell[];
}

interface Cell {
  readonly time: string;
  readonly relative: Comparison | null;
  /** What the others are compared with. */
  readonly isBase: boolean;
}

/** A cell of what cannot be measured there; the reason stands below the table. */
const NOT_HERE = "n/a";

/** The whole report. */
export function printText(report: BenchReport): string {
  if (report.benchmarks.length === 0) return "No results";
  // The table last, where a terminal still shows it.
  const parts = [
    printPlace(report),
    printWarnings(report),
    printTable(report),
    [...legend(report), ...skippedLines(report)].map((line) => style("dim", line)).join("\n"),
  ];
  if (report.base) parts.push(printChanges(report));
  return parts.filter((part) => part !== "").join("\n\n");
}

function printPlace({ platform, runtimes, benchmarks, settings }: BenchReport): string {
  const { cpu, arch, os, kernel, clocksource } = platform;
  const rows = runtimes.map(({ name, kind, version, flags }) => [
    name,
    [kind, version, ...flags].join(" "),
    ...printClocks(runsIn(name, benchmarks)),
  ]);
  const pinned = settings.cpu === null ? "" : `, pinned to CPU ${settings.cpu}`;
  const clock = clocksource === null ? "" : `, clocksource ${clocksource}`;
  const unreadable = printUnreadable(runtimes, benchmarks);
  return [
    `${cpu ?? "unknown CPU"}, ${arch}, ${os} ${kernel}${clock}${pinned}`,
    "",
    columns(["", "runtime", "clock", "a reading", "step"], rows),
    ...(unreadable === "" ? [] : [style("dim", `Not readable: ${unreadable}`)]),
  ].join("\n");
}

function runsIn(name: string, benchmarks: readonly ReportBenchmark[]): ReportRun[] {
  return benchmarks.flatMap(({ results }) =>
    results.flatMap(({ runtime, runs }) => runtime === name ? runs : [])
  );
}

/** How good the clocks were that a runtime had. */
function printClocks(runs: readonly ReportRun[]): [clock: string, reading: string, step: string] {
  const clocks = new Map(runs.map(({ clock }) => [clock.name, clock]));
  const all = (print: (clock: ReportRun["clock"]) => string) =>
    Array.from(clocks.values(), print).join(" | ");
  return [
    all(({ name, source }) => `${name} by ${source}`),
    all(({ costNs }) => printWithUnit(costNs)),
    all(({ resolutionNs }) => printWithUnit(resolutionNs)),
  ];
}

/** Which disturbances nobody could have seen, and in which runtimes. */
function printUnreadable(
  runtimes: BenchReport["runtimes"],
  benchmarks: readonly ReportBenchmark[],
): string {
  const places = new Map<string, string[]>();
  for (const { name } of runtimes) {
    const keys = runsIn(name, benchmarks).flatMap(({ disturbance }) =>
      Object.keys(disturbance.unreadable)
    );
    for (const key of new Set(keys)) places.set(key, [...(places.get(key) ?? []), name]);
  }
  return Array.from(
    places,
    ([key, names]) => names.length === runtimes.length ? key : `${key} (${names.join(", ")})`,
  ).join(", ");
}

function printTable(report: BenchReport): string {
  const { runtimes, benchmarks } = report;
  const names = runtimes.map(({ name }) => name);
  const lines = withHeadings(benchmarks, (row) => tableLines(row, report));
  // Times and ratios each below each other, in one column of text.
  const widths = names.map((_, i) => {
    const cells = lines.flatMap(({ cells }) => cells[i] ?? []);
    return [
      Math.max(0, ...cells.map(({ time }) => time.length)),
      Math.max(0, ...cells.map(({ relative, isBase }) => printRatio(relative, isBase).length)),
    ] as const;
  });
  const total = ([time, ratio]: readonly [number, number]) => time + (ratio > 0 ? 1 + ratio : 0);
  const wide = widths.map((both, i) => Math.max(total(both), width(names[i] ?? "")));
  const rows = lines.map(({ label, unit, cells }) => [
    label,
    unit,
    ...cells.map(({ time, relative, isBase }, i) => {
      const [, ratioWidth] = widths[i] ?? [0, 0];
      const ratio = printRatio(relative, isBase).padStart(ratioWidth);
      const text = ratioWidth === 0 ? time : `${time} ${ratio}`;
      const space = " ".repeat(Math.max(0, (wide[i] ?? 0) - text.length));
      return space + (ratioWidth === 0 ? time : `${time} ${styleRatio(relative, ratio)}`);
    }),
  ]);
  const head = names.map((name, i) => padStart(name, wide[i] ?? 0));
  return columns(["benchmark", "", ...head], rows);
}

/** Lines of benchmarks, below lines that name their files, if there are several, and groups. */
function withHeadings(
  benchmarks: readonly ReportBenchmark[],
  linesOf: (row: ReportBenchmark) => Line[],
): Line[] {
  const several = haveSeveralFiles(benchmarks);
  let above: readonly string[] = [];
  return benchmarks.flatMap((row) => {
    const path = (several ? [row.file, ...row.group] : row.group).map(oneLine);
    const same = path.findIndex((name, i) => name !== above[i]);
    const from = same < 0 ? path.length : same;
    above = path;
    const headings = path.slice(from).map((name, i): Line => ({
      label: "  ".repeat(from + i) + name,
      unit: "",
      cells: [],
    }));
    const indent = "  ".repeat(path.length);
    return [
      ...headings,
      ...linesOf(row).map((line) => ({ ...line, label: indent + line.label })),
    ];
  });
}

function haveSeveralFiles(benchmarks: readonly ReportBenchmark[]): boolean {
  return new Set(benchmarks.map(({ file }) => file)).size > 1;
}

/** In latency mode the tails have lines of their own. */
const TAILS: readonly (readonly [label: string, key: keyof Distribution])[] = [
  ["p99", "p99"],
  ["p99.9", "p999"],
  ["p99.99", "p9999"],
  ["max", "max"],
];

function tableLines(row: ReportBenchmark, report: BenchReport): Line[] {
  const label = [oneLine(row.name), ...printParams(row.params)].join(", ");
  const tails = row.mode === "latency" && row.results.length > 0 ? TAILS : [];
  return [
    line(label, row, report, ({ ns }) => ns, true),
    ...tails.map(([label, key]) =>
      line(`  ${label}`, row, report, ({ runs }) => overRuns(runs, key), false)
    ),
  ];
}

function line(
  label: string,
  row: ReportBenchmark,
  { runtimes, settings }: BenchReport,
  timeOf: (result: ReportResult) => number,
  compared: boolean,
): Line {
  const unit = commonUnit(row.results.map(timeOf));
  const cells = runtimes.map(({ name }): Cell => {
    const result = row.results.find(({ runtime }) => runtime === name);
    const failed = row.failed.includes(name);
    const skipped = row.skipped.some(({ runtime }) => runtime === name);
    return {
      time: result ? printTime(timeOf(result), unit) : skipped ? NOT_HERE : failed ? "failed" : "-",
      relative: compared ? result?.relative ?? null : null,
      isBase: compared && name === settings.relativeTo && result !== undefined,
    };
  });
  return { label, unit: row.results.length > 0 ? unit.name : "", cells };
}

/** `1.07`; with a tilde if that may be chance; nothing if there is none. */
function printRatio(comparison: Comparison | null, isBase = false): string {
  if (isBase) return "1.00";
  if (comparison === null) return "";
  return `${isClaim(comparison) || !isTested(comparison) ? "" : "~"}${comparison.ratio.toFixed(2)}`;
}

/** Whether there were enough process runs to tell. */
function isTested({ verdict, basis }: Comparison): boolean {
  return basis === "runs" && verdict !== "too few";
}

/** Whether it is a difference between what was compared, not only between single processes. */
function isClaim(comparison: Comparison): boolean {
  return isTested(comparison) && ["faster", "slower"].includes(comparison.verdict);
}

function styleRatio(comparison: Comparison | null, text: string): string {
  if (comparison === null || !isClaim(comparison)) return style("dim", text);
  return style(comparison.verdict === "faster" ? "green" : "red", text);
}

/** What the figures are, in sentences. */
function legend({ benchmarks, settings: { relativeTo } }: BenchReport): string[] {
  const results = benchmarks.flatMap(({ results }) => results);
  if (results.length === 0) return [];
  const relatives = results.flatMap(({ relative }) => relative ?? []);
  // Where a file broke there were fewer.
  const counts = results.map(({ runs }) => runs.length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const found = [
    most === 1
      ? "Median time per call, of one process run"
      : `Median time per call; over ${least < most ? `${least} to ` : ""}${most} process runs, ` +
        "the median of their figures",
  ];
  if (relatives.length > 0) {
    found.push(
      relatives.some(isTested)
        ? `Behind it the ratio to ${relativeTo}: with ~ where that may be chance`
        : `Behind it the ratio to ${relativeTo}, which may be chance: --processes 5 or more tells`,
    );
  }
  return found;
}

/** Why cells say "n/a": a line for each reason, with the benchmarks and the runtimes. */
function skippedLines({ benchmarks }: BenchReport): string[] {
  const several = haveSeveralFiles(benchmarks);
  /** By reason the benchmarks, and by those the runtimes. */
  const found = new Map<string, Map<string, Set<string>>>();
  for (const row of benchmarks) {
    const name = oneLine([...several ? [`${row.file}:`] : [], ...row.group, row.name].join(" "));
    for (const { runtime, reason, runs } of row.skipped) {
      const where = found.get(reason) ?? new Map<string, Set<string>>();
      const runtimes = where.get(name) ?? new Set<string>();
      // Where there is a result as well, no cell says so.
      const isThere = row.results.some((result) => result.runtime === runtime);
      runtimes.add(isThere ? `${runs} ${runs === 1 ? "run" : "runs"} of ${runtime}` : runtime);
      found.set(reason, where.set(name, runtimes));
    }
  }
  return Array.from(found, ([reason, where]) => {
    // Most often several benchmarks in the same runtimes.
    const places = new Map<string, string[]>();
    for (const [name, set] of where) {
      const runtimes = [...set].join(", ");
      places.set(runtimes, [...(places.get(runtimes) ?? []), name]);
    }
    const list = Array.from(places, ([runtimes, names]) => `${names.join(", ")} (${runtimes})`);
    return `${NOT_HERE}: ${list.join("; ")}: ${oneLine(reason)}`;
  });
}

function printChanges({ benchmarks, runtimes, base }: BenchReport): string {
  if (!base) return "";
  const rows = benchmarks.flatMap((row) => {
    if (row.results.every(({ change }) => change === null)) return [];
    const cells = runtimes.map(({ name }) => {
      const change = row.results.find(({ runtime }) => runtime === name)?.change ?? null;
      return change === null
        ? "-"
        : styleRatio(change, `${printRatio(change)} ${verdictOf(change)}`);
    });
    return [[fullName(row), ...cells]];
  });
  const head = [`against ${base.file}`, ...runtimes.map(({ name }) => name)];
  return [
    ...(rows.length > 0 ? [columns(head, rows)] : []),
    ...base.notes.map((note) => style("dim", note)),
  ].join("\n");
}

function verdictOf(comparison: Comparison): string {
  return isTested(comparison) ? comparison.verdict : "too few runs";
}

/** What is wrong with the figures: a row for each benchmark, runtime and kind of warning. */
function warningRows({ benchmarks }: BenchReport): string[][] {
  const several = haveSeveralFiles(benchmarks);
  return benchmarks.flatMap((row) =>
    row.results.flatMap(({ runtime, runs }) => {
      const codes = new Map<string, string[]>();
      for (const { code, message } of runs.flatMap(({ warnings }) => warnings)) {
        codes.set(code, [...(codes.get(code) ?? []), message]);
      }
      return Array.from(codes, ([code, [message = "", ...more]]) => [
        several ? `${row.file}: ${fullName(row)}` : fullName(row),
        runtime,
        code,
        runs.length === 1
          ? message
          : `${message} (so in ${1 + more.length} of ${runs.length} runs)`,
      ]);
    })
  );
}

function printWarnings(report: BenchReport): string {
  const rows = warningRows(report);
  if (rows.length === 0) return "";
  return columns([bold("warnings"), "", "", ""], rows);
}

/** The same table for a pull request or a README. */
export function printMarkdown(report: BenchReport): string {
  const { platform: { cpu, arch, os, kernel, clocksource }, runtimes, benchmarks } = report;
  const places = [
    `${cpu ?? "unknown CPU"}, ${arch}, ${os} ${kernel}, clocksource ${clocksource ?? "unknown"}`,
    ...runtimes.map(({ name, kind, version, flags }) => {
      const [clock, reading, step] = printClocks(runsIn(name, benchmarks));
      const started = flags.length > 0
        ? ` with ${flags.map((flag) => `\`${flag}\``).join(" ")}`
        : "";
      const clocks = clock === "" ? "" : `; ${clock}, ${reading} a reading, steps of ${step}`;
      return `${name}: ${kind} ${version}${started}${clocks}`;
    }),
    ...legend(report),
  ];
  const lines = benchmarks.flatMap((row) =>
    tableLines(row, report).map(({ label, unit, cells }, i) => [
      i === 0 ? fullName(row) : label.trim(),
      ...cells.map(({ time, relative, isBase }) => {
        const ratio = printRatio(relative, isBase);
        return [/\d/.test(time) ? `${time} ${unit}` : time, ...(ratio ? [`(${ratio})`] : [])].join(
          " ",
        );
      }),
    ])
  );
  const table = (head: readonly string[], align: string, rows: readonly (readonly string[])[]) =>
    rows.length === 0 ? [] : [
      "",
      ...[head, head.map((_, i) => i === 0 ? "---" : align), ...rows].map((cells) =>
        `| ${cells.map(escapeCell).join(" | ")} |`
      ),
    ];
  const list = (lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", ...lines.map((line) => `- ${escapeCell(line)}`)];
  const changes = benchmarks.map((row) => [
    fullName(row),
    ...runtimes.map(({ name }) => {
      const change = row.results.find(({ runtime }) => runtime === name)?.change ?? null;
      return change === null ? "-" : `${printRatio(change)} ${verdictOf(change)}`;
    }),
  ]);
  const names = runtimes.map(({ name }) => name);
  return [
    ...places.map((place) => `- ${place}`),
    ...table(["benchmark", ...names], "---:", lines),
    ...list(skippedLines(report)),
    ...(report.base ? table([`against ${report.base.file}`, ...names], "---:", changes) : []),
    ...table(["warnings in", "runtime", "kind", "what"], "---", warningRows(report)),
  ].join("\n");
}

/** As text: a bar would end the cell, and what looks like a tag would vanish. */
function escapeCell(text: string): string {
  return text.replace(/[\\`*_<>[\]&|]/g, "\\$&");
}
