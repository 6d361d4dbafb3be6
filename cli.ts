/**
 * The `vdso` command: `npx @x/vdso`, `bunx @x/vdso`, `deno run --allow-ffi jsr:@x/vdso/cli`.
 *
 * @module
 */
import { runParser } from "@optique/core/facade";
import process from "node:process";
import { benchCommand } from "./cli/bench/command.ts";
import { BRIEF, type Command, EXIT_STATUS, GRAMMAR, NO_WORDS } from "./cli/grammar.ts";
import { dumpCommand, symbolsCommand } from "./cli/symbols.ts";
import { nowCommand, sourcesCommand } from "./cli/sources.ts";
import { shimCommand } from "./cli/shim.ts";
import { summaryCommand } from "./cli/summary.ts";
import { unwindCommand } from "./cli/unwind.ts";
import { verifyCommand } from "./cli/verify.ts";
import { VERSION } from "./cli/version.ts";

async function execute(command: Command): Promise<string> {
  switch (command.command) {
    case "summary":
      return summaryCommand(command);
    case "symbols":
      return command.unwind ? unwindCommand(command) : symbolsCommand(command);
    case "dump":
      return dumpCommand(command);
    case "shim":
      return shimCommand(command);
    case "sources":
      return sourcesCommand(command);
    case "now":
      return nowCommand(command);
    case "verify": {
      const { text, ok } = verifyCommand(command);
      if (!ok) process.exitCode = 1;
      return text;
    }
    case "bench": {
      const { text, ok } = await benchCommand(command);
      if (!ok) process.exitCode = 1;
      return text;
    }
  }
}

/** Reports what went wrong in one line: what is thrown on purpose says what to do. */
async function main(command: Command): Promise<void> {
  try {
    print(await execute(command));
  } catch (error) {
    console.error(`vdso: ${error instanceof Error ? error.message : error}`);
    process.exitCode = error instanceof RangeError ? 2 : 1;
  }
}

/** Deno throws what the others tell later. */
function print(text: string): void {
  try {
    process.stdout.write(`${text}\n`);
  } catch (error) {
    unprinted(error as Error);
  }
}

/** Whoever pipes into head(1) has seen enough: that is no error. A full disk is one. */
function unprinted({ code, message }: Error & { code?: string }): void {
  if (code === "EPIPE") return;
  console.error(`vdso: ${message}`);
  process.exitCode = 1;
}

process.stdout.on("error", unprinted);
const words = process.argv.slice(2);
const shown = () => undefined; // does not exit: what is written may not be out yet
const command = words.length === 0 ? NO_WORDS : runParser(GRAMMAR, "vdso", words, {
  brief: BRIEF,
  footer: EXIT_STATUS,
  help: { command: true, option: true, onShow: shown },
  version: { value: VERSION, option: true, onShow: shown },
  completion: { command: { names: ["completions"] }, onShow: shown },
  stdout: print,
  // The usage and the error, on standard error.
  onError: () => process.exit(2),
  colors: false,
  maxWidth: 100,
});
if (command) void main(command);
