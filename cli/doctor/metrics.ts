/**
 * What node_exporter lacks, in the format of its textfile collector: Prometheus' text format 0.0.4,
 * without times.
 *
 * @module
 */
import type { Examination, Finding, PathCost } from "../../doctor/mod.ts";
import { SPARES_SYSCALL } from "../../doctor/rules/rule.ts";

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** The metrics of an examination. */
export function printMetrics({ facts, findings }: Examination): string {
  const { measured, vdso, counter } = facts;
  const monotonic = measured.clocks?.["monotonic"];
  return [
    metric(
      "vdso_clock_read_seconds",
      "gauge",
      "What reading a clock takes: as programs in C read it, by the system call, in JavaScript.",
      [...nativeCosts(measured.clocks ?? {}), ...runtimeCosts(measured.runtimeNs ?? {})],
    ),
    metric(
      "vdso_clock_user_space",
      "gauge",
      "1 if CLOCK_MONOTONIC is read without a system call.",
      monotonic ? [[{}, isUserSpace(vdso.entries, monotonic) ? 1 : 0]] : [],
    ),
    metric(
      "vdso_counter_jumps_total",
      "counter",
      "How often the CPU's counter and CLOCK_MONOTONIC_RAW went apart at once.",
      counter.jumps === null ? [] : [[{}, counter.jumps]],
    ),
    metric(
      "vdso_finding",
      "gauge",
      "1 for each finding of vdso doctor.",
      findings.map(({ id, severity }: Finding) => [{ id, severity }, 1]),
    ),
  ].join("");
}

function isUserSpace(
  entries: Readonly<Record<string, string>> | null,
  { nativeNs, syscallNs }: PathCost,
): boolean {
  return entries?.["clock_gettime"] === "vdso" && nativeNs < SPARES_SYSCALL * syscallNs;
}

function nativeCosts(clocks: Readonly<Record<string, PathCost>>): Sample[] {
  return Object.entries(clocks).flatMap(([clock, { nativeNs, syscallNs }]): Sample[] => [
    [{ clock, path: "native" }, seconds(nativeNs)],
    [{ clock, path: "syscall" }, seconds(syscallNs)],
  ]);
}

function runtimeCosts(costs: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(costs).map(([clock, ns]) => [{ clock, path: "javascript" }, seconds(ns)]);
}

/** To a hundredth of a nanosecond: 2.5e-8, not 2.5000000000000002e-8. */
function seconds(ns: number): number {
  return Number((ns / 1e9).toPrecision(4));
}

/** Nothing of a metric without samples. */
function metric(
  name: string,
  type: "gauge" | "counter",
  help: string,
  samples: readonly Sample[],
): string {
  if (samples.length === 0) return "";
  const lines = samples.map(([labels, value]) => `${name}${printLabels(labels)} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n");
}

function printLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) =>
    `${name}="${value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
