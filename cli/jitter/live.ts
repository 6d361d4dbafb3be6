/**
 * What is found meanwhile, a line for each CPU, on a terminal and nowhere else.
 *
 * @module
 */
import process from "node:process";
import type { Cause, JitterProgress } from "../../jitter/mod.ts";
import { printWithUnit } from "../bench/units.ts";
import { isDumb } from "../output.ts";
import { clip, padEnd, padStart, terminalWidth } from "../width.ts";
import { printPercent } from "./report.ts";

const BAR = 20;
// ECMA-48: CUU and ED.
const up = (lines: number) => lines > 0 ? `\x1b[${lines}A` : "";
const CLEAR_BELOW = "\x1b[J";

/** Draws over what it drew before. */
export class Live {
  readonly #output: NodeJS.WriteStream = process.stderr;
  readonly #isShown = this.#output.isTTY && !isDumb();
  readonly #last = new Map<number, JitterProgress>();
  #lines = 0;

  /** Takes what is known of a CPU, and shows all. */
  show(cpu: number, progress: JitterProgress): void {
    if (!this.#isShown) return;
    this.#last.set(cpu, progress);
    const room = (this.#output.rows || 24) - 2; // the cursor cannot go up beyond the screen
    const cpus = [...this.#last].sort(([a], [b]) => a - b);
    const lines = cpus.slice(0, room).map((entry) => line(...entry));
    if (cpus.length > room) lines.push(`and ${cpus.length - room} CPUs more`);
    const width = terminalWidth(this.#output) - 1; // a line that wraps would be two
    this.#draw(lines.map((text) => `${clip(text, width)}\n`).join(""), lines.length);
  }

  /** Takes it away. */
  clear(): void {
    if (this.#lines > 0) this.#draw("", 0);
  }

  #draw(text: string, lines: number): void {
    this.#output.write(`\r${up(this.#lines)}${CLEAR_BELOW}${text}`);
    this.#lines = lines;
  }
}

/** One CPU: how far, how much is lost, the longest gap, and who takes most. */
export function line(
  cpu: number,
  { part, gaps, lostNs, watchedNs, worst, causes }: JitterProgress,
): string {
  const filled = Math.round(BAR * Math.min(1, part));
  const sums = (Object.entries(causes) as [Cause, { ns: number }][]).sort(([, a], [, b]) =>
    b.ns - a.ns
  );
  const most = sums.find(([, { ns }]) => ns > 0)?.[0] ?? "";
  return [
    `CPU ${padEnd(String(cpu), 3)}`,
    "█".repeat(filled) + "░".repeat(BAR - filled),
    padStart(printPercent(lostNs / watchedNs), 9) + " lost",
    padStart(String(gaps), 7) + " gaps",
    worst ? `longest ${padStart(printWithUnit(worst.ns), 7)} ${worst.cause}` : "",
    most === "" || most === worst?.cause ? "" : `mostly ${most}`,
  ].filter((word) => word !== "").join("  ");
}
