/** A child process that answers each line on its standard input with a line. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface Child {
  /** The next line that it prints, after `request` has been sent, if there is one. */
  ask(request?: string): Promise<string>;
  /** Ends it, and waits for its end. */
  close(): Promise<void>;
}

/** Starts a program. Its standard error is ours. */
export function start(program: string, args: readonly string[] = []): Child {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  // A program that is gone is noticed by the line that it does not print.
  child.stdin.on("error", () => {});
  const reader = createInterface({ input: child.stdout });
  const ended = new Promise<string>((resolve) => {
    child.once("close", (code, signal) => resolve(`it ended with ${signal ?? code}`));
    // Not started at all: then Deno and Bun never end its output.
    child.once("error", (error) => {
      resolve(error.message);
      reader.close();
    });
  });
  const lines = reader[Symbol.asyncIterator]();
  return {
    async ask(request) {
      if (request !== undefined) child.stdin.write(`${request}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`No answer from ${[program, ...args].join(" ")}: ${await ended}`);
      return value;
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
