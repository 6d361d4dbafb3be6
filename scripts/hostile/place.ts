/** What the hostile suite is made of: places, and the rows that they add to docs/reach.md. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";
import { ROOT, type RuntimeCommand } from "../runtimes.ts";

/**
 * Whatever has been downloaded or built is here, and is not made a second time: beside node_modules,
 * which goes whenever the lock changes.
 */
export const CACHE = join(ROOT, ".cache/hostile");

/** A line of docs/reach.md, whose place and date the suite adds. */
export interface Row {
  /** As {@link runtimeTitle} tells it, or which program else. */
  readonly runtime: string;
  /** Which path the entries took, or what else was read. */
  readonly entries: string;
  /** Nanoseconds of now(), of the entry in C, and of the system call; or what the run took. */
  readonly cost: string;
  /** What was checked; or, where it does not hold, what was wrong. */
  readonly result: string;
  /** Left out where all is well. */
  readonly outcome?: "failed" | "skipped";
}

/** The short size is part of CI; the full one has all places, and takes longer in each. */
export type Size = "short" | "full";

/** Somewhere the library has to work. */
export interface Place {
  /** A word for the command line: what kind of place, then which. */
  readonly name: string;
  /** For people, and for docs/reach.md: the same in every run, no other place's. */
  readonly title: string;
  /** `"full"` if it is left out of the short size. */
  readonly size: Size;
  /** The one CPU from which it can be reached, by Node's name; any if left out. */
  readonly from?: string;
  /** Debian's packages that it takes. */
  readonly packages: readonly string[];
  /** Throws what cannot be a row: that it could not get there. */
  run(size: Size): Promise<readonly Row[]>;
}

/** The row that `make` comes to, or that of what it throws. */
export async function attempt(runtime: string, make: () => Row | Promise<Row>): Promise<Row> {
  try {
    return await make();
  } catch (error) {
    return lost(runtime, error);
  }
}

/** The row of what does not hold; or of what cannot be had here, unless REQUIRE_HOSTILE wants it. */
export function lost(runtime: string, error: unknown): Row {
  const skipped = error instanceof Unreachable && !process.env.REQUIRE_HOSTILE;
  const outcome = skipped ? "skipped" : "failed";
  return { runtime, entries: "", cost: "", result: `${outcome}: ${reason(error)}`, outcome };
}

/** The place cannot be had on this machine: no failure, unless REQUIRE_HOSTILE says so. */
export class Unreachable extends Error {}

/** What a program printed, and how it ended. */
export interface Ended {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What runs now ends with this process: QEMU would go on. */
const children = new Set<ChildProcess>();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    for (const child of children) child.kill("SIGKILL");
    process.exit(1);
  });
}

/** Runs a program to its end; SIGKILL after `timeout` milliseconds. */
export async function run(
  words: readonly string[],
  { timeout = 600_000, cwd = ROOT }: { timeout?: number; cwd?: string } = {},
): Promise<Ended> {
  const [program = "", ...args] = words;
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, LC_ALL: "C", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout,
    killSignal: "SIGKILL",
  });
  children.add(child);
  const texts = ["", ""];
  [child.stdout, child.stderr].forEach((stream, index) =>
    stream.setEncoding("utf8").on("data", (text: string) => texts[index] += text)
  );
  const [status, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.on("error", reject).on("close", (...how) => resolve(how));
  });
  children.delete(child);
  const [stdout = "", stderr = ""] = texts;
  return { status, signal, stdout, stderr };
}

/** Runs a program that must succeed; returns what it printed. */
export async function output(
  words: readonly string[],
  options: { timeout?: number; cwd?: string } = {},
): Promise<string> {
  const { status, signal, stdout, stderr } = await run(words, options);
  if (status === 0) return stdout;
  const said = (stderr.trim() || stdout.trim()).slice(-1000);
  throw new Error(`${words[0]} ended with ${signal ?? status}: ${said}`);
}

/** What an error says, in one line, without colours. */
export function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return stripVTControlCharacters(text).replace(/\s+/g, " ").trim().slice(0, 2000);
}

const begun = new Map<string, Promise<unknown>>();

/** Does it once in a run, however many places wait for it. */
export function once<T>(what: string, make: () => Promise<T>): Promise<T> {
  let made = begun.get(what) as Promise<T> | undefined;
  if (!made) begun.set(what, made = make());
  return made;
}

/** A runtime of this machine with its version: `Deno 2.9.5`, `Bun 1.4.5`, `Node 26.10.0`. */
export function runtimeTitle({ name, bin }: RuntimeCommand): Promise<string> {
  return once(`version of ${name}`, async () => {
    const version = /\d+\.\d+\.\d+/.exec(await output([bin, "--version"]))?.[0] ?? "";
    return `${name === "deno" ? "Deno" : name === "bun" ? "Bun" : "Node"} ${version}`;
  });
}
