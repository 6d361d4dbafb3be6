/**
 * Runs a file of benchmarks in a process of its own.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import process from "node:process";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import { isGranted } from "../permissions.ts";
import { clearProgress } from "../progress.ts";
import { adviceFor, otherFramework } from "./advice.ts";
import { type ChildPlan, childUrl } from "./child.ts";
import { type MessageListener, MessageReader } from "./messages.ts";
import { type OnProgress, OutcomeBuilder, type ProcessOutcome } from "./outcome.ts";
import { isCommonJsScope, syntaxHookUrl } from "./package_scope.ts";
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
  /** What Deno is started with besides what {@link denoFlags} adds. */
  readonly denoArgs: readonly string[];
  readonly onProgress?: OnProgress;
}

/** What the measuring needs, and nothing that would ask; unless it is in `args`, or in conflict. */
export function denoFlags(args: readonly string[]): string[] {
  const all = args.some((word) => word === "--allow-all" || /^-[A-Za-z]*A/.test(word));
  return [
    ...(args.includes("--no-prompt") ? [] : ["--no-prompt"]),
    ...(all ? [] : ["--allow-ffi"]), // Deno takes one or the other
    ...args,
  ];
}

/** Frames of a stack that are the runtime's own. */
const RUNTIME_FRAME = /^\s+at .*\b(?:node:internal\/|ext:(?:core|runtime|deno|cli)[\w-]*\/)/;

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
  // A group of its own, so that what it starts can be ended with it.
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const forget = killWithUs(child);

  const outcome = new OutcomeBuilder(options.onProgress);
  const watchdog = setTimeout(() => {
    outcome.timeout(timeout);
    killGroup(child);
  }, timeout);
  let advice: string | undefined;
  const listener: MessageListener = {
    onMessage(message) {
      watchdog.refresh();
      outcome.take(message);
    },
    onLine(line) {
      advice ??= adviceFor(line, file);
      if (!RUNTIME_FRAME.test(line)) outcome.print(line);
      else if (line.endsWith(" {")) outcome.print("{"); // the error's properties follow
    },
    onBroken: (text) => outcome.takeBroken(text),
  };
  const standardOutput = new MessageReader(token, listener);
  const standardError = new MessageReader(token, listener); // where nothing is a message
  child.stdout.setEncoding("utf8").on("data", (text: string) => standardOutput.take(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => standardError.take(text));

  return new Promise((resolve) => {
    const finish = (how: string, status: number | null = null) => {
      clearTimeout(watchdog);
      forget();
      standardOutput.end();
      standardError.end();
      resolve(advised(outcome.end(how, status), file, advice));
    };
    child.on("error", (error) => finish(`Cannot be started: ${error.message}`));
    child.on("exit", (code, signal) => {
      const how = signal ? `Was killed by ${signal}` : `Ended with exit status ${code}`;
      killGroup(child); // what the file has started and not ended
      const pipes = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, PIPES_MS);
      child.on("close", () => {
        clearTimeout(pipes);
        finish(how, code);
      });
    });
  });
}

/** What came of it, and what to do about it. */
function advised(
  outcome: ProcessOutcome,
  file: string,
  advice: string | undefined,
): ProcessOutcome {
  const { results, declared, thrown, failure } = outcome;
  const isEmpty = declared === 0 && results.length === 0;
  const other = isEmpty ? otherFramework(readFileSync(file, "utf8"), file) : undefined;
  const what = failure ?? (other && `${basename(file)} declares no benchmark`);
  const more = other ?? advice;
  return {
    ...outcome,
    failure: more === undefined || what === undefined ? what : `${what}\n${more}`,
    thrown: thrown.map((one) => {
      const more = adviceFor(one.reason, file);
      return more === undefined ? one : { ...one, reason: `${one.reason}\n${more}` };
    }),
  };
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
      return [program, "run", "--quiet", ...denoFlags(denoArgs), "--preload", url, file];
    case "bun":
      return [program, "--preload", url, file];
    case "node": {
      // Of stripping types, and of a package.json without "type".
      const quiet = ["ExperimentalWarning", "MODULE_TYPELESS_PACKAGE_JSON"].map((name) =>
        `--disable-warning=${name}`
      );
      const types = /^22\.1[2-7]\./.test(version) ? ["--experimental-strip-types"] : [];
      const syntax = isCommonJsScope(file) ? ["--import", syntaxHookUrl()] : [];
      return [program, ...quiet, ...types, ...syntax, "--import", url, file];
    }
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/** Ends a child, and what it has started, unless that has made a group of its own. */
function killGroup(child: ChildProcess): void {
  child.kill("SIGKILL");
  if (child.pid === undefined || !isGranted({ name: "run" })) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nobody is left in it.
  }
}

/** A benchmark that hangs would outlive us. Returns what to call when it has ended. */
function killWithUs(child: ChildProcess): () => void {
  const handlers = SIGNALS.map((signal) => () => {
    killGroup(child);
    clearProgress();
    process.exit(128 + constants.signals[signal]);
  });
  SIGNALS.forEach((signal, i) => process.on(signal, handlers[i] as () => void));
  return () => SIGNALS.forEach((signal, i) => process.off(signal, handlers[i] as () => void));
}
