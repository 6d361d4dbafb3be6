import { formatMessage } from "@optique/core/message";
import { parseSync } from "@optique/core/parser";
import { execute, type Outcome } from "../../cli/execute.ts";
import { GRAMMAR } from "../../cli/grammar.ts";

/**
 * What comes of the command without a process, and what it says on standard error: of what this
 * throws, cli/main.ts prints the message.
 */
export async function inProcess(words: readonly string[]): Promise<Outcome & { said: string }> {
  const parsed = parseSync(GRAMMAR, words);
  if (!parsed.success) throw new RangeError(formatMessage(parsed.error));
  const { error } = console;
  let said = "";
  console.error = (line: string) => said += `${line}\n`;
  try {
    return { ...await execute(parsed.value), said };
  } finally {
    console.error = error;
  }
}
