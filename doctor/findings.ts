/**
 * What a doctor finds: the names of all findings, and what one of them says.
 *
 * @module
 */

/** Of a finding: `"unknown"` where something that matters could not be told. */
export type Severity = "information" | "unknown" | "warning" | "critical";

/** Least first: a monitoring system takes the worst. */
export const SEVERITIES: readonly Severity[] = ["information", "unknown", "warning", "critical"];

/** Every id there is. They stay: people silence findings and link to them by these. */
export const FINDING_IDS = [
  "clock.syscall",
  "clock.tsc-rejected",
  "clock.boot-parameter",
  "clock.guest-unstable",
  "clock.jiffies",
  "clock.backwards",
  "clock.granularity",
  "vdso.missing",
  "vdso.partial",
  "syscall.slow",
  "counter.unusable",
  "counter.guest",
  "counter.jumped",
  "cpu.throttled",
  "cpu.pressure",
  "cpu.steal",
  "cpu.governor",
  "cpu.idle",
  "runqueue.wait",
  "wall.unsynchronised",
  "wall.stepped",
  "wall.slewing",
  "wall.error",
  "vm.restored",
  "vm.time-sync",
  "suspend.seen",
  "timens.shifted",
  "tai.unset",
  "leap.pending",
  "runtime.elu-stub",
  "uptime.precision",
  "check.skipped",
] as const;

/** One of {@link FINDING_IDS}. */
export type FindingId = typeof FINDING_IDS[number];

/** A figure, or what was read. */
export interface Evidence {
  /** What it is: `"CLOCK_MONOTONIC by the vDSO"`. */
  readonly name: string;
  /** The figure, or the text. */
  readonly value: number | string;
  /** Of a figure: `"ns"`, `"%"`, `"s"`, `"ppm"`; left out where there is none. */
  readonly unit?: string;
}

/** What was found. */
export interface Finding {
  /** Stable. */
  readonly id: FindingId;
  /** How bad it is. */
  readonly severity: Severity;
  /** Why it is said. */
  readonly evidence: readonly Evidence[];
  /** What it means, in one sentence. */
  readonly meaning: string;
  /** What to do about it on this very machine; null if nothing is to be done. */
  readonly advice: string | null;
}

/** The worst severity of some findings; undefined of none. */
export function worst(findings: readonly Pick<Finding, "severity">[]): Severity | undefined {
  return SEVERITIES.findLast((severity) =>
    findings.some((finding) => finding.severity === severity)
  );
}

/** Worst first; those of one severity as in {@link FINDING_IDS}. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  const rank = ({ severity, id }: Finding) =>
    SEVERITIES.indexOf(severity) * FINDING_IDS.length + FINDING_IDS.length -
    FINDING_IDS.indexOf(id);
  return findings.toSorted((a, b) => rank(b) - rank(a));
}
