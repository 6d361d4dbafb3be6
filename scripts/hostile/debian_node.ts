/** Node of Debian, for CPUs that npm has no Node of today for, as the file system of a machine. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { extractAll } from "./debian.ts";
import { CACHE, once, output, Unreachable } from "./place.ts";
import type { Files, FileSystem } from "./vm.ts";

/** With Node 24: the stable one has 20. */
const RELEASES = ["forky"];

/**
 * `bin/node` and its libraries.
 *
 * @param architecture Debian's name of the CPU
 * @param loader the path by which programs know the dynamic linker
 */
export function debianNode(architecture: string, loader: string): FileSystem {
  return { name: `${architecture}-node`, files: () => nodeFiles(architecture, loader) };
}

async function nodeFiles(architecture: string, loader: string): Promise<Files> {
  const root = join(CACHE, "node", architecture);
  await extractAll({ name: "nodejs", architecture, releases: RELEASES }, root);
  const libraries = readdirSync(join(root, "usr/lib"))
    .map((name) => join(root, "usr/lib", name))
    .find((directory) => existsSync(join(directory, "libc.so.6")));
  if (libraries === undefined) throw new Error(`The C library is missing in ${root}`);
  const found = readdirSync(libraries, { withFileTypes: true });
  // A library is there twice, by its version and by its SONAME, which is a link: that will do.
  const targets = new Set(
    found.filter((entry) => entry.isSymbolicLink()).map(({ name }) =>
      readlinkSync(join(libraries, name))
    ),
  );
  const names = found.map(({ name }) => name)
    .filter((name) => !targets.has(name) && statSync(join(libraries, name)).isFile());
  const files = new Map([
    ["bin/node", join(root, "usr/bin/node")],
    ["usr/share/nodejs", join(root, "usr/share/nodejs")],
    ...names.map((name) => [`lib/${name}`, join(libraries, name)] as const),
    [loader.slice(1), join(libraries, basename(loader))],
  ]);
  return [...files];
}

/**
 * koffi with its addon for another CPU: the directory node_modules.
 *
 * @param cpu Node's name of it
 */
export async function koffiOf(cpu: string, version: string): Promise<string> {
  const directory = join(CACHE, "koffi", `${cpu}-${version}`);
  if (!existsSync(directory)) {
    await once(`koffi ${cpu}`, () => installKoffi(cpu, version, directory));
  }
  return join(directory, "node_modules");
}

async function installKoffi(cpu: string, version: string, directory: string): Promise<void> {
  mkdirSync(dirname(directory), { recursive: true });
  const unfinished = mkdtempSync(`${directory}.`);
  try {
    const where = [`--prefix=${unfinished}`, `--cpu=${cpu}`, "--os=linux"];
    const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    await output(["npm", "install", ...where, ...quiet, `koffi@${version}`]);
    renameSync(unfinished, directory);
  } catch (cause) {
    throw new Unreachable(`koffi ${version} for ${cpu} cannot be had`, { cause });
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
