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
    process.stdout.write(`${await execute(command)}\n`);
  } catch (error) {
    console.error(`vdso: ${error instanceof Error ? error.message : error}`);
    process.exitCode = error instanceof RangeError ? 2 : 1;
  }
}

// Whoever pipes into head(1) has seen enough: that is no error.
process.stdout.on("error", (error: { code?: string }) => {
  if (error.code !== "EPIPE") throw error;
});

const stop = (exitCode: number) => process.exit(exitCode);
const words = process.argv.slice(2);
const command = words.length === 0 ? NO_WORDS : runParser(GRAMMAR, "vdso", words, {
  brief: BRIEF,
  footer: EXIT_STATUS,
  help: { command: true, option: true, onShow: stop },
  version: { value: VERSION, option: true, onShow: stop },
  completion: { command: { names: ["completions"] }, onShow: stop },
  // The usage and the error, on standard error.
  onError: () => stop(2),
  colors: false,
  maxWidth: 100,
});
void main(command);
