/**
 * From words to a command: with help, version and completions, and what is said of wrong words.
 *
 * @module
 */
import { runParser } from "@optique/core/facade";
import { formatMessage } from "@optique/core/message";
import { BRIEF, type Command, EXIT_STATUS, GRAMMAR, NO_WORDS } from "./grammar.ts";
import { usageError } from "./usage.ts";
import { VERSION } from "./version.ts";

/** Where answers go. */
export interface ParseOptions {
  /** Columns; lines are not broken if left out. */
  readonly width?: number;
  /** Called with help, the version, or completions. */
  readonly print: (text: string) => void;
  /** Called with what is wrong, in lines. */
  readonly complain: (text: string) => void;
}

/** Optique throws where its two columns do not fit in. */
const LEAST_WIDTH = 40;

/** Undefined if they were a question, which is answered, or wrong. */
export function parseWords(
  words: readonly string[],
  { width, print, complain }: ParseOptions,
): Command | undefined {
  if (words.length === 0) return NO_WORDS;
  const shown = () => undefined;
  return runParser(GRAMMAR, "vdso", words, {
    brief: BRIEF,
    footer: EXIT_STATUS,
    help: { command: true, option: { names: ["--help", "-h"] }, onShow: shown },
    version: { value: VERSION, option: { names: ["--version", "-v"] }, onShow: shown },
    completion: { command: { names: ["completions"] }, onShow: shown },
    stdout: print,
    stderr: () => {}, // the usage of all commands
    onError: (_status, error) => {
      complain(usageError(words, formatMessage(error, { quotes: true }), width));
      return undefined;
    },
    colors: false,
    showChoices: { label: "one of ", maxItems: 9 }, // all clocks, and the first findings
    ...(width !== undefined && { maxWidth: Math.max(width, LEAST_WIDTH) }),
  }) as Command | undefined;
}
