/**
 * Runs a file of benchmarks in a process of its own.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { constants } from "node:os";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { clearProgress } from "../progress.ts";
import { type ChildMessage, type ChildPlan, childUrl } from "./child.ts";
import { MessageReader } from "./messages.ts";
import { type OnProgress, OutcomeBuilder, type ProcessOutcome } from "./outcome.ts";
import { pinned } from "./pin.ts";
import type { FoundRuntime } from "./runtimes.ts";

/** How to run it. */
export interface ProcessOptions extends Pick<ChildPlan, "time"> {
  /** Which benchmarks to run; all if null. */
  readonly filter: RegExp | null;
  /** Milliseconds that may go by without a result, besides what `time` asks for. */
  readonly timeout: number;
  /** The one CPU to run on. */
  readonly cpu: number | undefined;
  /** What Deno is started with besides {@link DENO_FLAGS}. */
  readonly denoArgs: readonly string[];
  readonly onProgress?: OnProgress;
}

/** What the measuring needs, and nothing that would ask. */
export const DENO_FLAGS: readonly string[] = ["--no-prompt", "--allow-ffi"];

/** When a process has ended, another one may still hold its pipes. */
const PIPES_MS = 500;

/** Runs it to its end. */
export function runProcess(
  runtime: FoundRuntime,
  file: string,
  options: ProcessOptions,
): Promise<ProcessOutcome> {
  const token = randomUUID();
  const { time, filter, cpu } = options;
  const timeout = options.timeout + (time ?? 0);
  const plan: ChildPlan = {
    url: pathToFileURL(file).href,
    token,
    time,
    filter: filter && { source: filter.source, flags: filter.flags },
  };
  const [program, ...args] = pinned(cpu, command(runtime, file, plan, options.denoArgs));
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const forget = killWithUs(child);

  const outcome = new OutcomeBuilder(options.onProgress);
  const watchdog = setTimeout(() => {
    outcome.timeout(timeout);
    child.kill("SIGKILL");
  }, timeout);
  const take = (message: ChildMessage) => {
    watchdog.refresh();
    outcome.take(message);
  };
  const print = (line: string) => outcome.print(line);
  const standardOutput = new MessageReader(token, take, print);
  const standardError = new MessageReader(token, take, print); // where nothing is a message
  child.stdout.setEncoding("utf8").on("data", (text: string) => standardOutput.take(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => standardError.take(text));

  return new Promise((resolve) => {
    const finish = (how: string) => {
      clearTimeout(watchdog);
      forget();
      standardOutput.end();
      standardError.end();
      resolve(outcome.end(how));
    };
    child.on("error", (error) => finish(`Cannot be started: ${error.message}`));
    child.on("exit", (code, signal) => {
      const how = signal ? `Was killed by ${signal}` : `Ended with exit status ${code}`;
      const pipes = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, PIPES_MS);
      child.on("close", () => {
        clearTimeout(pipes);
        finish(how);
      });
    });
  });
}

/** The words that run a file with {@link childUrl} before it. */
function command(
  { kind, version, path }: FoundRuntime,
  file: string,
  plan: ChildPlan,
  denoArgs: readonly string[],
): [program: string, ...args: string[]] {
  // Spelt in another way: where this runs in Deno, its node:child_process would look for Deno's own
  // path among the words, take what follows for Node's options, and add --allow-all.
  const program = path.replace(/\/([^/]+)$/, "/./$1");
  const url = childUrl(plan);
  switch (kind) {
    case "deno":
      return [program, "run", "--quiet", ...DENO_FLAGS, ...denoArgs, "--preload", url, file];
    case "bun":
      return [program, "--preload", url, file];
    case "node": {
      // Of stripping types, and of a package.json without "type".
      const quiet = ["ExperimentalWarning", "MODULE_TYPELESS_PACKAGE_JSON"].map((name) =>
        `--disable-warning=${name}`
      );
      const types = /^22\.1[2-7]\./.test(version) ? ["--experimental-strip-types"] : [];
      return [program, ...quiet, ...types, "--import", url, file];
    }
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A benchmark that hangs would outlive us. Returns what to call when it has ended. */
function killWithUs(child: ChildProcess): () => void {
  const handlers = SIGNALS.map((signal) => () => {
    child.kill("SIGKILL");
    clearProgress();
    process.exit(128 + constants.signals[signal]);
  });
  SIGNALS.forEach((signal, i) => process.on(signal, handlers[i] as () => void));
  return () => SIGNALS.forEach((signal, i) => process.off(signal, handlers[i] as () => void));
}
