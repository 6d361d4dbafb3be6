/**
 * What is said of a command line that is wrong: what is wrong with it, what a right one looks like,
 * and where there is more.
 *
 * @module
 */
import { getDocPageSync } from "@optique/core/parser";
import { formatUsage } from "@optique/core/usage";
import { GRAMMAR } from "./grammar.ts";

/** Thrown by commands for what the grammar cannot say. */
export class UsageError extends RangeError {
  override readonly name = "UsageError";
}

/** Of no command, or of one that the grammar does not know. */
const USAGE = "vdso [COMMAND] [OPTION...]";

/** Three lines, the last one without its end. Options that would not fit are not spelt out. */
export function usageError(words: readonly string[], problem: string, width = Infinity): string {
  const [word = ""] = words;
  const isKnown = commands().includes(word);
  const usage = `Usage: ${isKnown ? usageOf(word) : USAGE}`;
  return [
    `vdso: ${problem.trim().replaceAll(/\s+/g, " ")}`,
    usage.length <= width ? usage : usage.replace(/(\[-[^\]]*\] )+/, "[OPTION...] "),
    `Help: ${isKnown ? `vdso ${word}` : "vdso"} --help`,
  ].join("\n");
}

function commands(): string[] {
  const { sections = [] } = getDocPageSync(GRAMMAR, []) ?? {};
  return sections.flatMap(({ entries }) =>
    entries.flatMap(({ term }) => term.type === "command" ? term.name : [])
  );
}

function usageOf(name: string): string {
  return formatUsage("vdso", getDocPageSync(GRAMMAR, [name])?.usage ?? []);
}
