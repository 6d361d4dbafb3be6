/** Line coverage, merged over the runtimes: a line counts as run if any runtime ran it. */
import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { ROOT, type RuntimeCommand } from "./runtimes.ts";

const DIRECTORY = join(ROOT, "coverage");
const LEAST_PERCENT = 95;

/** What is measured: the library and its command. */
const SOURCES = /^(mod|cli|(core|elf|ffi|shim|verify|cli)\/.*)\.ts$/;
/** Data: no line of it is code. */
const GENERATED = "shim/images.ts";

/** The words that run the tests of one runtime and leave lcov or raw data in coverage/NAME. */
export function coverageCommand(
  runtime: RuntimeCommand,
  files: readonly string[],
): [string, ...string[]] {
  const { name, bin, test } = runtime;
  const directory = join(DIRECTORY, name);
  if (name === "deno") return [bin, ...test, `--coverage=${directory}`, ...files];
  if (name === "bun") {
    const options = ["--coverage", "--coverage-reporter=lcov", `--coverage-dir=${directory}`];
    return [bin, ...test, ...options, ...files];
  }
  const c8 = join(ROOT, "node_modules/c8/bin/c8.js");
  const options = ["--reporter=lcovonly", `--reports-dir=${directory}`, "--exclude-after-remap"];
  return [bin, c8, ...options, `--temp-directory=${directory}/tmp`, bin, ...test, ...files];
}

/** Prints the merged figure; false if it is too low. */
export function reportCoverage(): boolean {
  const deno = join(DIRECTORY, "deno");
  if (existsSync(deno)) {
    const bin = globSync("node_modules/@deno/linux-*-glibc/deno", { cwd: ROOT })[0] ?? "deno";
    execFileSync(join(ROOT, bin), ["coverage", deno, "--lcov", `--output=${deno}.lcov`], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  }
  const lines = new Map<string, Map<number, boolean>>();
  for (const file of globSync("{*.lcov,*/lcov.info}", { cwd: DIRECTORY })) {
    merge(lines, readFileSync(join(DIRECTORY, file), "utf8"));
  }
  let run = 0;
  let all = 0;
  for (const [file, hits] of [...lines].sort(([a], [b]) => a < b ? -1 : 1)) {
    const missed = [...hits].filter(([, hit]) => !hit).map(([line]) => line).sort((a, b) => a - b);
    all += hits.size;
    run += hits.size - missed.length;
    if (missed.length > 0) console.log(`  ${file}: not run: ${missed.join(", ")}`);
  }
  const percent = all === 0 ? 0 : 100 * run / all;
  console.log(`Line coverage over all runtimes: ${percent.toFixed(1)} % (${run} of ${all})`);
  return percent >= LEAST_PERCENT;
}

/** Reads lcov's SF, DA and end_of_record lines: see geninfo(1), "FILES". */
function merge(lines: Map<string, Map<number, boolean>>, lcov: string): void {
  let hits: Map<number, boolean> | undefined;
  for (const line of lcov.split("\n")) {
    if (line.startsWith("SF:")) {
      const path = line.slice(3);
      const file = isAbsolute(path) ? relative(ROOT, path) : path;
      hits = undefined;
      if (!SOURCES.test(file) || file === GENERATED) continue;
      hits = lines.get(file) ?? new Map();
      lines.set(file, hits);
    } else if (line.startsWith("DA:") && hits) {
      const [number = 0, count = 0] = line.slice(3).split(",").map(Number);
      hits.set(number, count > 0 || hits.get(number) === true);
    }
  }
}
