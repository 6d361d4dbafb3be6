/**
 * Debian's packages: installed here, or, for other CPUs and releases, downloaded and taken apart.
 *
 * apt checks what it downloads against Debian's signatures. It gets a state of its own for each
 * release and CPU, so that this machine's stays as it is, and so that one index that the mirror
 * cannot serve does not stand in the way of the others.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { CACHE, once, output, reason, run, Unreachable } from "./place.ts";

export const BOOKWORM: readonly string[] = ["bookworm"];
export const TRIXIE: readonly string[] = ["trixie", "stable"]; // the same, except what mirrors serve

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * Installs what is missing of these packages, which takes root, or sudo without a password; throws if
 * some cannot be installed, and has installed the others.
 */
export async function install(packages: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const name of packages) {
    const { stdout } = await run(["dpkg-query", "--show", "--showformat=${Status}", name]);
    if (!stdout.endsWith(" installed")) missing.push(name);
  }
  if (missing.length === 0) return;
  console.log(`Installing ${missing.join(", ")} ...`);
  await aptGet("update");
  const together = await aptGet("install", ...missing);
  if (together === undefined) return;
  // One that cannot be had must not stand in the way of the others.
  const failures: string[] = [];
  for (const name of missing) {
    const failure = await aptGet("install", name);
    if (failure !== undefined) failures.push(`${name} cannot be installed: ${failure}`);
  }
  if (failures.length > 0) throw new Unreachable(failures.join("; "));
}

/** Returns what was wrong. */
async function aptGet(
  command: string,
  ...packages: readonly string[]
): Promise<string | undefined> {
  const root = process.getuid?.() === 0 ? [] : ["sudo", "--non-interactive"];
  const options = ["-qq", "--yes", "--no-install-recommends"];
  try {
    const env = ["env", "DEBIAN_FRONTEND=noninteractive"];
    await output([...root, ...env, "apt-get", ...options, command, ...packages]);
    return undefined;
  } catch (error) {
    return reason(error);
  }
}

/** A package of some release and CPU. */
export interface DebianPackage {
  readonly name: string;
  /** By Debian's name: amd64, arm64, ... */
  readonly architecture: string;
  /** The releases that may have it: the first whose index can be had and verified. */
  readonly releases: readonly string[];
}

/**
 * Downloads a package, or the one that it depends on if it is a metapackage such as
 * `linux-image-arm64`, and extracts the files that match `pattern` into `directory`; nothing, if
 * that is there already.
 *
 * @returns the paths below `directory`
 */
export async function extract(
  wanted: DebianPackage,
  pattern: string,
  directory: string,
): Promise<string[]> {
  if (!existsSync(directory)) {
    await once(`extract ${directory}`, () => unpack(wanted, pattern, directory));
  }
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

async function unpack(wanted: DebianPackage, pattern: string, directory: string): Promise<void> {
  mkdirSync(dirname(directory), { recursive: true });
  // Complete, or not there at all.
  const unfinished = mkdtempSync(`${directory}.`);
  try {
    const file = await download(wanted, unfinished);
    const script = 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --wildcards "$3"';
    await output(["sh", "-c", script, "extract", file, unfinished, pattern]);
    rmSync(file);
    renameSync(unfinished, directory);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

async function download(wanted: DebianPackage, directory: string): Promise<string> {
  const { architecture, releases } = wanted;
  const failures: unknown[] = [];
  for (const release of releases) {
    try {
      const apt = await aptOptions(release, architecture);
      const name = await concrete(wanted, apt);
      console.log(`Downloading ${name} of ${release}, ${architecture} ...`);
      await output(["apt-get", ...apt, "download", name], { cwd: directory });
      const file = readdirSync(directory).find((name) => name.endsWith(".deb"));
      if (file === undefined) throw new Error(`apt-get has not downloaded ${name}`);
      return join(directory, file);
    } catch (cause) {
      failures.push(cause);
      console.log(`${wanted.name} of ${release}, ${architecture}: ${reason(cause)}`);
    }
  }
  throw new Unreachable(
    `${wanted.name}:${architecture} cannot be had from ${releases.join(" or ")}`,
    { cause: failures[0] },
  );
}

/**
 * Downloads a package and all that it depends on, and extracts them into `directory`; nothing, if that
 * is there already.
 */
export async function extractAll(wanted: DebianPackage, directory: string): Promise<void> {
  if (existsSync(directory)) return;
  await once(`extract ${directory}`, () => unpackAll(wanted, directory));
}

async function unpackAll(
  { name, architecture, releases: [release = ""] }: DebianPackage,
  directory: string,
): Promise<void> {
  mkdirSync(dirname(directory), { recursive: true });
  const unfinished = mkdtempSync(`${directory}.`);
  try {
    const archives = join(unfinished, ".archives");
    mkdirSync(join(archives, "partial"), { recursive: true });
    const apt = await aptOptions(release, architecture);
    console.log(`Downloading ${name} of ${release}, ${architecture}, and what it depends on ...`);
    const install = ["install", "--yes", "--download-only", "--no-install-recommends", name];
    await output(["apt-get", ...apt, "-o", `Dir::Cache::archives=${archives}`, "-qq", ...install]);
    for (const file of readdirSync(archives).filter((file) => file.endsWith(".deb"))) {
      await output(["dpkg-deb", "--extract", join(archives, file), unfinished]);
    }
    rmSync(archives, { recursive: true });
    renameSync(unfinished, directory);
  } catch (cause) {
    throw new Unreachable(`${name}:${architecture} cannot be had from ${release}`, { cause });
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** The package that has the kernel of a metapackage; any other package is what it is. */
async function concrete(wanted: DebianPackage, apt: readonly string[]): Promise<string> {
  const suffix = `:${wanted.architecture}`;
  for (let name = wanted.name;;) {
    const depends = await output(["apt-cache", ...apt, "depends", "--important", name + suffix]);
    const next = /Depends: (linux-(?:image|binary)-\d[^\s:]*)/.exec(depends)?.[1];
    if (next === undefined) return name + suffix;
    name = next;
  }
}

/** Where this machine has Debian from. */
function mirror(): Promise<string> {
  return once("mirror", async () => {
    const format = ["--format", "$(REPO_URI)", "Created-By: Packages"];
    const found = (await output(["apt-get", "indextargets", ...format])).split("\n")
      .find((uri) => /\/debian\/?$/.test(uri));
    if (found === undefined) throw new Unreachable("apt has no mirror of Debian on this machine");
    return found;
  });
}

function aptOptions(release: string, architecture: string): Promise<readonly string[]> {
  const key = `${release}-${architecture}`;
  return once(`index ${key}`, () => updateIndex(join(CACHE, "apt", key), release, architecture));
}

async function updateIndex(
  state: string,
  release: string,
  architecture: string,
): Promise<readonly string[]> {
  mkdirSync(join(state, "lists/partial"), { recursive: true });
  mkdirSync(join(state, "cache/archives/partial"), { recursive: true });
  const sources = join(state, "sources.list");
  writeFileSync(
    sources,
    `deb [arch=${architecture} signed-by=${KEYRING}] ${await mirror()} ${release} main\n`,
  );
  writeFileSync(join(state, "status"), "");
  const options = [
    `Dir::Etc::sourcelist=${sources}`,
    "Dir::Etc::sourceparts=/dev/null",
    "Dir::Etc::preferences=/dev/null",
    "Dir::Etc::preferencesparts=/dev/null",
    `Dir::State=${state}`,
    `Dir::State::status=${join(state, "status")}`,
    `Dir::Cache=${join(state, "cache")}`,
    `APT::Architecture=${architecture}`,
    `APT::Architectures=${architecture}`,
    "APT::Sandbox::User=", // the user _apt may not write here
    "Acquire::Languages=none",
    "Acquire::Retries=3",
  ].flatMap((option) => ["-o", option]);
  await output(["apt-get", ...options, "-qq", "update"]);
  return options;
}
