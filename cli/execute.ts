/**
 * From what the words mean to the text to print.
 *
 * @module
 */
import { benchCommand } from "./bench/command.ts";
import { doctorCommand } from "./doctor/command.ts";
import type { Command } from "./grammar.ts";
import { jitterCommand } from "./jitter/command.ts";
import { shimCommand } from "./shim.ts";
import { nowCommand, sourcesCommand } from "./sources.ts";
import { summaryCommand } from "./summary.ts";
import { dumpCommand, symbolsCommand } from "./symbols.ts";
import { unwindCommand } from "./unwind.ts";
import { verifyCommand } from "./verify.ts";

/** What a command comes to. */
export interface Outcome {
  readonly text: string;
  /** Whether the exit status is 0. */
  readonly ok: boolean;
  /** Of commands that tell more by it. */
  readonly status?: number;
}

/** Does it; throws where it cannot be done. */
export async function execute(command: Command): Promise<Outcome> {
  switch (command.command) {
    case "verify":
      return verifyCommand(command);
    case "doctor":
      return await doctorCommand(command);
    case "bench":
      return await benchCommand(command);
    default:
      return { text: await printed(command), ok: true };
  }
}

/** Of commands that go well, or throw. */
function printed(
  command: Exclude<Command, { command: "verify" | "doctor" | "bench" }>,
): string | Promise<string> {
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
    case "jitter":
      return jitterCommand(command);
  }
}
