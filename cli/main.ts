/**
 * The whole command, from its words to its exit status. Importing this runs it.
 *
 * @module
 */
import process from "node:process";
import { execute } from "./execute.ts";
import type { Command } from "./grammar.ts";
import { parseWords } from "./parse.ts";
import { print } from "./standard_output.ts";
import { UsageError, usageError } from "./usage.ts";
import { terminalWidth } from "./width.ts";

const words = process.argv.slice(2);

/** Monitoring systems start this one, for which 2 is something critical. */
const isPlugin = words[0] === "doctor";
const UNKNOWN = 3;

/** Reports what went wrong in one line: what is thrown on purpose says what to do. */
async function main(command: Command): Promise<void> {
  try {
    const { text, ok, status = ok ? 0 : 1 } = await execute(command);
    if (status !== 0) process.exitCode = status;
    if (text !== "") print(`${text}\n`);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    if (error instanceof UsageError) complain(usageError(words, problem, errorWidth));
    else fail(isPlugin ? UNKNOWN : 1, `vdso: ${problem}`);
  }
}

function complain(text: string): void {
  fail(isPlugin ? UNKNOWN : 2, text);
}

/** Does not exit: what is written may not be out yet. */
function fail(status: number, text: string): void {
  console.error(text);
  process.exitCode = status;
}

const errorWidth = terminalWidth(process.stderr);
const command = parseWords(words, {
  width: terminalWidth(process.stdout),
  print: (text) => print(`${text}\n`),
  complain,
});
if (command) void main(command);
