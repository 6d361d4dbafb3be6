/**
 * Bun on musl, the C library of Alpine: Bun's own build for it, from npm, on Debian's musl. Debian has
 * no C++ library for musl, of which this Bun takes about 40 functions: they are linked from the pieces
 * of the one for glibc.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { ROOT, type RuntimeCommand } from "../runtimes.ts";
import { CACHE, once, output } from "./place.ts";

/** Debian's packages that this takes. */
export const MUSL_PACKAGES: readonly string[] = [
  "binutils",
  "gcc",
  "libc6-dev",
  "libstdc++-12-pic",
  "musl-tools",
];

/** The very version that package.json has of Bun for glibc. */
const VERSION: string = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"))
  .devDependencies.bun;

const LIBC = "/lib/x86_64-linux-musl/libc.so";
const SYMBOLS = join(ROOT, "tests/native/musl_cxx.c");

/** Bun on musl for x86_64, as scripts/runtimes.ts has the others. */
export function muslBun(): Promise<Pick<RuntimeCommand, "bin" | "run">> {
  return once("Bun for musl", async () => {
    const directory = join(CACHE, `musl/bun-${VERSION}`);
    if (!existsSync(directory)) await prepare(directory);
    return { bin: join(directory, "bun"), run: [] };
  });
}

export async function muslTitle(): Promise<string> {
  const { bin } = await muslBun();
  return `Bun ${(await output([bin, "--version"])).trim()} for musl`;
}

/** Finds the libraries beside it. */
const LAUNCHER = `#!/bin/sh
here=$(dirname "$0")
LD_LIBRARY_PATH=$here/lib exec "$here/package/bin/bun" "$@"
`;

async function prepare(directory: string): Promise<void> {
  mkdirSync(dirname(directory), { recursive: true });
  // Complete, or not there at all.
  const unfinished = mkdtempSync(`${directory}.`);
  try {
    const wanted = `@oven/bun-linux-x64-musl@${VERSION}`;
    console.log(`Downloading ${wanted} ...`);
    const archive = (await output(["npm", "pack", "--silent", wanted], { cwd: unfinished })).trim();
    await output(["tar", "-xf", archive], { cwd: unfinished });
    rmSync(join(unfinished, archive));
    mkdirSync(join(unfinished, "lib"));
    symlinkSync(LIBC, join(unfinished, "lib/libc.musl-x86_64.so.1")); // Alpine's name
    await linkCxx(join(unfinished, "package/bin/bun"), join(unfinished, "lib/libstdc++.so.6"));
    const bun = join(unfinished, "bun");
    writeFileSync(bun, LAUNCHER);
    chmodSync(bun, 0o755);
    renameSync(unfinished, directory);
  } catch (error) {
    rmSync(unfinished, { recursive: true });
    throw error;
  }
}

/** Links what `program` takes of C++, and all that this takes, for musl. */
async function linkCxx(program: string, library: string): Promise<void> {
  const relocations = await output(["readelf", "--wide", "--relocs", program]);
  const names = relocations.matchAll(/ (_Z\w+|__cxa_\w+|__dynamic_cast|__once_proxy)( |$)/gm);
  const wanted = new Set(Array.from(names, ([, name = ""]) => name));
  const [start, end, cxx, unwinder, builtins] = await Promise.all([
    "crtbeginS.o",
    "crtendS.o",
    "libstdc++_pic.a",
    "libgcc_eh.a",
    "libgcc.a",
  ].map(async (name) => (await output(["gcc", `-print-file-name=${name}`])).trim()));
  await output([
    ...["gcc", "-O2", "-fPIC", "-shared", "-nostdlib", "-Wl,-soname,libstdc++.so.6"],
    ...["-o", library, ...Array.from(wanted, (name) => `-Wl,--undefined=${name}`)],
    ...[start ?? "", SYMBOLS, cxx ?? "", unwinder ?? "", builtins ?? "", LIBC, end ?? ""],
  ]);
}
