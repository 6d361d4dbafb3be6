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
  type Facts,
  type Finding,
  type FindingId,
  onClockChange,
  type Severity,
} from "../../doctor/mod.ts";
import { passingCollector } from "../../doctor/facts/collect.ts";
import { inOrder, worst } from "../../doctor/findings.ts";
import { passingChanges, passingFindings } from "../../doctor/watch/passing.ts";
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

/**
 * So that whoever reads a file of metrics sees that somebody still writes it; and how often that is
 * looked at which passes by itself.
 */
const KEEP_MS = 60_000;

/** Watches until SIGINT or SIGTERM; the examination as it is then. */
export async function watchClocks(
  first: Examination,
  { intervalMs, json, ignore, keep }: WatchCommand,
): Promise<Examination> {
  const watched = new Watched(first, ignore, passingCollector());
  const write = persistent(keep);
  const tell = (changes: readonly ClockChange[]) => {
    for (const change of changes) print(`${json ? jsonLine(change) : textLine(change)}\n`);
    write(watched.examination);
  };
  const stop = onClockChange((change) => tell(watched.take(change)), { intervalMs });
  // The timer of onClockChange() keeps nobody running.
  const minute = setInterval(() => tell(watched.renew()), KEEP_MS);
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  stop();
  clearInterval(minute);
  return watched.examination;
}

/** What holds by now, and what of that is news. */
export class Watched {
  examination: Examination;
  readonly #ignore: readonly FindingId[];
  readonly #collect: (facts: Facts) => Facts;
  /** Of onClockChange(), which tells their end. */
  readonly #held = new Set<FindingId>();

  /** @param collect what passes by itself, as facts have it then */
  constructor(
    first: Examination,
    ignore: readonly FindingId[],
    collect: (facts: Facts) => Facts,
  ) {
    this.examination = first;
    this.#ignore = ignore;
    this.#collect = collect;
  }

  /** After a change that onClockChange() tells. */
  take(change: ClockChange): ClockChange[] {
    const { finding: { id }, over } = change;
    if (this.#ignore.includes(id)) return [];
    if (over) this.#held.delete(id);
    else this.#held.add(id);
    // What other rules have as well, they end.
    const isNews = !over || (this.#severity(id) !== undefined && !isPassing(id, this.examination));
    if (isNews) this.examination = withChange(this.examination, change);
    this.examination = measuredAnew(this.examination, id);
    return isNews ? [change] : [];
  }

  /** After a look at what passes by itself. */
  renew(): ClockChange[] {
    const before = this.examination.facts;
    const facts = this.#collect(before);
    this.examination = { ...this.examination, facts };
    return passingChanges(before, facts).filter((change) => {
      const { finding: { id, severity }, over } = change;
      if (this.#ignore.includes(id) || this.#held.has(id)) return false;
      const isNews = this.#severity(id) !== (over ? undefined : severity);
      this.examination = withChange(this.examination, change); // or other figures
      return isNews;
    });
  }

  #severity(id: FindingId): Severity | undefined {
    return this.examination.findings.find((finding) => finding.id === id)?.severity;
  }
}

function isPassing(id: FindingId, { facts }: Examination): boolean {
  return passingFindings(facts).some((finding) => finding.id === id);
}

/** Calls a function that may fail for a while, as on a full disk: that is said once, and no end. */
export function persistent<T>(fn: (value: T) => void): (value: T) => void {
  let isFailing = false;
  return (value) => {
    try {
      fn(value);
      isFailing = false;
    } catch (error) {
      if (!isFailing) console.error(`vdso: ${error instanceof Error ? error.message : error}`);
      isFailing = true;
    }
  };
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
