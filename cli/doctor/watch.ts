/**
 * `vdso doctor --watch`: what changes, until somebody ends it.
 *
 * @module
 */
import process from "node:process";
import {
  type ClockChange,
  clockCost,
  type Examination,
  type Finding,
  type FindingId,
  onClockChange,
} from "../../doctor/mod.ts";
import { inOrder, worst } from "../../doctor/findings.ts";
import { ticksInfo } from "../../mod.ts";
import { bold, style } from "../output.ts";
import { print } from "../standard_output.ts";
import { terminalWidth } from "../width.ts";
import { printFinding } from "./report.ts";

/** How to watch. */
export interface WatchCommand {
  readonly intervalMs: number;
  readonly json: boolean;
  readonly ignore: readonly FindingId[];
  /** Called with what holds by now: at each change, and once a minute. */
  readonly keep: (examination: Examination) => void;
}

/** So that whoever reads a file of metrics sees that somebody still writes it. */
const KEEP_MS = 60_000;

/** Watches until SIGINT or SIGTERM; the examination as it is then. */
export async function watchClocks(
  first: Examination,
  { intervalMs, json, ignore, keep }: WatchCommand,
): Promise<Examination> {
  let examination = first;
  const stop = onClockChange((change) => {
    if (ignore.includes(change.finding.id)) return;
    examination = measuredAnew(withChange(examination, change), change.finding.id);
    print(`${json ? jsonLine(change) : textLine(change)}\n`);
    keep(examination);
  }, { intervalMs });
  // The timer of onClockChange() keeps nobody running.
  const minute = setInterval(() => keep(examination), KEEP_MS);
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  stop();
  clearInterval(minute);
  return examination;
}

/** The findings as they are after a change. */
export function withChange(
  examination: Examination,
  { finding, over }: ClockChange,
): Examination {
  const others = examination.findings.filter(({ id }) => id !== finding.id);
  const findings: Finding[] = inOrder(over ? others : [...others, finding]);
  return { ...examination, findings, severity: worst(findings) ?? "information" };
}

/** What metrics are made of: the clock's cost where that has changed, and the counter's jumps. */
function measuredAnew({ facts, ...others }: Examination, changed: FindingId): Examination {
  const { measured, counter } = facts;
  const monotonic = changed.startsWith("clock.") ? clockCost() : measured.clocks?.["monotonic"];
  const clocks = { ...measured.clocks, ...(monotonic && { monotonic }) };
  return {
    ...others,
    facts: {
      ...facts,
      measured: { ...measured, clocks },
      counter: { ...counter, jumps: counter.refusal === "" ? ticksInfo().jumps : counter.jumps },
    },
  };
}

function jsonLine(change: ClockChange): string {
  return JSON.stringify({ at: new Date().toISOString(), ...change });
}

function textLine({ finding, over }: ClockChange): string {
  const time = style("dim", new Date().toISOString());
  if (over) return `${time}\n${style("green", "over")}  ${bold(finding.id)}\n`;
  return `${time}\n${printFinding(finding, terminalWidth(process.stdout))}\n`;
}
