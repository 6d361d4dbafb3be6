/**
 * `bunx @x/vdso`: it starts Node, since the command's first line names that, and Node hands over to
 * the Bun that started it. Runs in whatever Node there is.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs this process's command line in Bun, and ends as that does. */
export function handOver(otherwise: () => void): void {
  const bun = parent();
  if (bun === undefined) return otherwise();
  const child = spawn(bun, process.argv.slice(1), { stdio: "inherit" });
  const forget = passOn(child);
  child.on("error", () => {
    forget();
    otherwise(); // it could not be started
  });
  child.on("exit", (code, signal) => {
    forget();
    process.exitCode = code === null ? 1 : code;
    if (signal !== null) process.kill(process.pid, signal);
  });
}

const BUN = /\/bun[^/]*$/;

/**
 * The Bun that bunx is, if it is what started this process: programs that bunx starts pass the
 * variables of the environment on to whatever they start themselves, and so does npm to bunx.
 */
function parent(): string | undefined {
  const told = process.env["npm_execpath"];
  let started: string | undefined;
  try {
    started = readlinkSync(`/proc/${process.ppid}/exe`);
    if (!isBunx(readFileSync(`/proc/${process.ppid}/cmdline`, "utf8").split("\0"))) {
      return undefined;
    }
  } catch {
    started = told; // there is no /proc, or somebody else's: the variables have to do
  }
  return started !== undefined && BUN.test(started) ? started : undefined;
}

/** Of `bunx`, `bun x` and `bun run`: a program that runs in Bun, and starts Node, wants Node. */
function isBunx([program = "", ...words]: readonly string[]): boolean {
  const command = words.find((word) => !word.startsWith("-"));
  return basename(program) === "bunx" || command === "x" || command === "run";
}

/** Whoever stops this process means that one. Returns what ends it. */
function passOn(child: ChildProcess): () => void {
  const handlers = SIGNALS.map((signal) => () => void child.kill(signal));
  SIGNALS.forEach((signal, i) => process.on(signal, handlers[i] as () => void));
  return () => SIGNALS.forEach((signal, i) => process.off(signal, handlers[i] as () => void));
}
