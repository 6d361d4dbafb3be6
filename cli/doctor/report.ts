/**
 * An examination as text: for people, and for machines.
 *
 * @module
 */
import type { Examination, Facts, Finding, FindingId, Severity } from "../../doctor/mod.ts";
import { bold, columns, style, toJson } from "../output.ts";
import { width } from "../width.ts";

/** Of the JSON: keys may be added to one version, but none changes or goes. */
const REPORT_VERSION = 1;

/** As monitoring plugins exit. */
export const STATUS: Readonly<Record<Severity, 0 | 1 | 2 | 3>> = {
  information: 0,
  warning: 1,
  critical: 2,
  unknown: 3,
};

/** The JSON of an examination. */
export function jsonReport(examination: Examination, ignored: readonly FindingId[]): string {
  const { severity, findings, facts } = examination;
  return toJson({
    version: REPORT_VERSION,
    severity,
    status: STATUS[severity],
    findings,
    ignored,
    facts,
  });
}

const STYLES = {
  critical: "red",
  warning: "yellow",
  unknown: "yellow",
  information: "dim",
} as const;

/** The report, in lines of at most so many columns. */
export function textReport(
  { findings, facts }: Examination,
  ignored: readonly FindingId[],
  lineWidth: number,
): string {
  return [
    machineLines(facts),
    costTable(facts),
    ...findings.map((finding) => printFinding(finding, lineWidth)),
    wrap(verdict(findings, ignored), lineWidth),
  ].filter((part) => part !== "").join("\n\n");
}

/** One finding, with its evidence, and what to do. */
export function printFinding(
  { id, severity, evidence, meaning, advice }: Finding,
  lineWidth: number,
): string {
  const text = (words: string, first: string) => wrap(words, lineWidth, first);
  return [
    `${style(STYLES[severity], severity)}  ${bold(id)}`,
    text(meaning, "  "),
    ...evidence.map(({ name, value, unit }) =>
      style("dim", text(`${name}: ${show(value)}${unit === undefined ? "" : ` ${unit}`}`, "    "))
    ),
    text(advice ?? "Nothing is to be done.", "  → "),
  ].join("\n");
}

function show(value: number | string): string {
  if (typeof value === "string") return value;
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

function machineLines({ runtime, machine, clocksource }: Facts): string {
  const known = (...words: (string | null | undefined)[]) =>
    words.filter((word) => word !== null && word !== undefined && word !== "").join(", ");
  const { places, hypervisor, cpu, cpus, arch } = machine;
  return [
    ["runtime", known([runtime.name, runtime.version].filter((word) => word !== null).join(" "))],
    [
      "machine",
      known(cpu, arch, cpus === null ? null : `${cpus} CPUs`, hypervisor, ...places ?? []),
    ],
    ["kernel", known(machine.kernel)],
    ["clocksource", known(clocksource.current, offered(clocksource.available))],
  ].filter(([, text]) => text !== "").map(([name = "", text]) =>
    `${bold(name.padEnd(11))}  ${text}`
  )
    .join("\n");
}

function offered(available: readonly string[] | null): string | null {
  return available === null ? null : `of ${available.join(" ")}`;
}

/** What people came for. */
function costTable({ measured }: Facts): string {
  const figure = (ns: number | undefined) => ns === undefined ? "" : ns.toFixed(1);
  const clocks = Object.entries(measured.clocks ?? {}).map(([name, cost]) =>
    [name, figure(cost.nativeNs), figure(cost.syscallNs)] as const
  );
  // The clock's entry has a row for each clock.
  const entries = Object.entries(measured.entries ?? {}).filter(([name]) =>
    name !== "clock_gettime"
  )
    .map(([name, cost]) => [name, figure(cost.nativeNs), figure(cost.syscallNs)] as const);
  const native = [...clocks, ...entries];
  const inRuntime = Object.entries(measured.runtimeNs ?? {}).map((
    [name, ns],
  ) => [name, figure(ns)]);
  return [
    native.length > 0 ? columns(["ns per call, in C", "as called", "system call"], native) : "",
    inRuntime.length > 0 ? columns(["ns per call, in JavaScript", ""], inRuntime) : "",
  ].filter((part) => part !== "").join("\n\n");
}

function verdict(findings: readonly Finding[], ignored: readonly FindingId[]): string {
  const count = (severity: Severity) =>
    findings.filter((finding) => finding.severity === severity).length;
  const parts = (["critical", "warning", "unknown", "information"] as const)
    .filter((severity) => count(severity) > 0)
    .map((severity) => `${count(severity)} ${severity}`);
  const silenced = ignored.length > 0 ? `; ignored: ${ignored.join(", ")}` : "";
  if (findings.length === 0) return `All is well${silenced}`;
  return `${parts.join(", ")}${silenced}. More of one: vdso doctor --explain ${findings[0]?.id}`;
}

/** Breaks a line between words; those that follow are as far to the right as the first one's text. */
export function wrap(text: string, lineWidth: number, first = ""): string {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(" ")) {
    const space = line === first || line.trim() === "" ? "" : " ";
    if (space !== "" && width(line) + 1 + width(word) > lineWidth) {
      lines.push(line);
      line = " ".repeat(width(first)) + word;
    } else {
      line += space + word;
    }
  }
  return [...lines, line].join("\n");
}
