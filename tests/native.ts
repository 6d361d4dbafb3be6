/** Compiles the C programs of the tests, each once for every state of its sources. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ROOT, skipUnless } from "./support.ts";

const FLAGS = ["-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror"];

// Below the checkout, where nobody else writes: the tests run what lies here.
const CACHE = join(ROOT, "node_modules/.cache/native");

/** Empty without a gcc. */
const gccVersion = spawnSync("gcc", ["-dumpfullversion"], { encoding: "utf8" }).stdout?.trim() ??
  "";

/** The `skip` option of a test that takes {@link nativeProgram}. */
export const skipWithoutGcc: string | false = skipUnless(
  gccVersion !== "",
  "gcc is not installed",
  "REQUIRE_GCC",
);

/** What compiles C, and for which CPU. */
export interface Compiler {
  readonly command: string;
  /** Of which state: what another one has made is not taken. */
  readonly version: string;
  readonly flags: readonly string[];
}

const GCC: Compiler = { command: "gcc", version: `${gccVersion} ${process.arch}`, flags: [] };

/** The same gcc, for musl (Debian: musl-tools). */
export const MUSL_GCC: Compiler = { ...GCC, command: "musl-gcc" };

/** What a program is made of, headers as well: the files of its folder, or one file. */
function filesOf(name: string): string[] {
  const folder = join(ROOT, "tests/native", name);
  if (!existsSync(folder)) return [`${folder}.c`];
  return readdirSync(folder).sort().map((file) => join(folder, file));
}

/**
 * Compiles `tests/native/NAME.c`, or what is in a folder NAME, unless that has been done, and
 * returns the program's path.
 *
 * @param flags what the compiler takes besides, `["-shared", "-fPIC"]` or `["-lpthread"]`
 * @param compiler gcc, or another
 */
export function nativeProgram(
  name: string,
  flags: readonly string[] = [],
  { command, version, flags: own }: Compiler = GCC,
): string {
  const files = filesOf(name);
  const options = [...FLAGS, ...own, ...flags];
  const texts = files.map((file) => [file, readFileSync(file, "utf8")]);
  const hash = createHash("sha256")
    .update(JSON.stringify([command, version, options, texts]))
    .digest("hex");
  const program = join(CACHE, `${name}-${hash.slice(0, 16)}`);
  if (existsSync(program)) return program;
  mkdirSync(CACHE, { recursive: true });
  // Other test processes may be about the same: whoever is last puts an equal file there at once.
  const unfinished = `${program}.${process.pid}`;
  // The libraries among the flags come after what needs them.
  const sources = files.filter((file) => file.endsWith(".c"));
  execFileSync(command, ["-o", unfinished, ...sources, ...options], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  renameSync(unfinished, program);
  return program;
}
