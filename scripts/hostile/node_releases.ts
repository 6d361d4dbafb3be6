/** Releases of Node that package.json does not have, from npm: the first and the newest of each line. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { arch } from "node:os";
import { dirname, join } from "node:path";
import { CACHE, once, output, Unreachable } from "./place.ts";

const PACKAGE = `node-linux-${arch()}`;

/** A release by its number, or the newest of a line by that. */
export interface Release {
  readonly line: number;
  readonly which: "first" | "newest";
}

/** The first that package.json's "engines" allow. */
const FIRST: Readonly<Record<number, string>> = { 22: "22.12.0", 24: "24.0.0", 26: "26.0.0" };

export const RELEASES: readonly Release[] = Object.keys(FIRST).flatMap((line) => [
  { line: Number(line), which: "first" },
  { line: Number(line), which: "newest" },
]);

/** The program of a release. */
export async function nodeRelease({ line, which }: Release): Promise<string> {
  const version = which === "newest" ? await newestOf(line) : FIRST[line] ?? "";
  const directory = join(CACHE, "node-releases", `${arch()}-${version}`);
  if (!existsSync(directory)) await once(`Node ${version}`, () => install(version, directory));
  return join(directory, "node_modules", PACKAGE, "bin/node");
}

function newestOf(line: number): Promise<string> {
  return once(`the newest Node ${line}`, async () => {
    try {
      const text = await output(["npm", "view", `${PACKAGE}@${line}`, "version", "--json"]);
      const versions = [JSON.parse(text) as string | string[]].flat();
      const newest = versions.at(-1);
      if (newest === undefined) throw new Error(`npm knows no ${PACKAGE}@${line}`);
      return newest;
    } catch (cause) {
      throw new Unreachable(`The newest Node ${line} cannot be told`, { cause });
    }
  });
}

async function install(version: string, directory: string): Promise<void> {
  mkdirSync(dirname(directory), { recursive: true });
  // Complete, or not there at all.
  const unfinished = mkdtempSync(`${directory}.`);
  try {
    console.log(`Downloading Node ${version} ...`);
    const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    await output(["npm", "install", `--prefix=${unfinished}`, ...quiet, `${PACKAGE}@${version}`]);
    renameSync(unfinished, directory);
  } catch (cause) {
    throw new Unreachable(`Node ${version} cannot be had`, { cause });
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
