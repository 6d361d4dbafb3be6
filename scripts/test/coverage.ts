/** Line coverage, merged over the runtimes: a line counts as run if any runtime ran it. */
import { execFile } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { ROOT, type RuntimeCommand, RUNTIMES } from "../runtimes.ts";
import { onlyComputes } from "./plan.ts";

const LEAST_PERCENT = 95;

/** What is measured: the library, its tools and its command. */
const SOURCES = /^(mod|cli|(core|elf|ffi|shim|doctor|jitter|bench|otel|server|cli)\/.*)\.ts$/;
/** Data: no line of it is code. */
const GENERATED = "shim/images.ts";

/** Whether the lines of a file count. */
export function isSource(file: string): boolean {
  return SOURCES.test(file) && file !== GENERATED;
}

/**
 * Whether a test file is for what is measured. Bun alone is as fast where it counts: elsewhere what
 * takes the time would say something else.
 */
export function isMeasured(file: string, { name }: Pick<RuntimeCommand, "name">): boolean {
  if (file.startsWith("tests/scripts/")) return false;
  return !file.startsWith("tests/bench/") || name === "bun" || onlyComputes(file);
}

/** Where a runtime's raw data is collected. Bun writes lcov at once, for each unit. */
function rawData({ name }: RuntimeCommand, directory: string): string {
  return join(directory, "coverage", name);
}

/**
 * What starts a unit so that it leaves its coverage in `directory`.
 *
 * @param name of the unit
 */
export function coverageOptions(
  runtime: RuntimeCommand,
  directory: string,
  name: string,
): { options: string[]; env: Record<string, string> } {
  const raw = rawData(runtime, directory);
  if (runtime.name === "deno") {
    // Else it reads what other units are writing, and panics when that is gone.
    return { options: [`--coverage=${raw}`, "--coverage-raw-data-only"], env: {} };
  }
  if (runtime.name === "bun") {
    const place = `--coverage-dir=${join(raw, name)}`;
    return { options: ["--coverage", "--coverage-reporter=lcov", place], env: {} };
  }
  return { options: [], env: { NODE_V8_COVERAGE: raw } };
}

/** Prints the merged figure; false if it is too low. */
export async function reportCoverage(directory: string): Promise<boolean> {
  await Promise.all(RUNTIMES.map((runtime) => convert(runtime, rawData(runtime, directory))));
  const lines = new Map<string, Map<number, boolean>>();
  for (const file of globSync("coverage/**/*lcov*", { cwd: directory })) {
    merge(lines, readFileSync(join(directory, file), "utf8"));
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
  if (percent >= LEAST_PERCENT) return true;
  console.log(
    `FAILED  Expected a line coverage of ${LEAST_PERCENT} %, got ${percent.toFixed(1)} %`,
  );
  return false;
}

/** Makes lcov of what Deno or Node has left. */
async function convert({ name, bin }: RuntimeCommand, raw: string): Promise<void> {
  if (name === "bun" || !existsSync(raw)) return;
  const c8 = join(ROOT, "node_modules/c8/bin/c8.js");
  const [program, ...words] = name === "deno"
    ? [bin, "coverage", raw, "--lcov", `--output=${raw}.lcov`]
    : [
      process.execPath,
      c8,
      "report",
      ...["--reporter=lcovonly", `--reports-dir=${raw}`, `--temp-directory=${raw}`],
      "--exclude-after-remap",
    ];
  await promisify(execFile)(program, words, { cwd: ROOT });
}

/** Reads lcov's SF, DA and end_of_record lines: see geninfo(1), "FILES". */
function merge(lines: Map<string, Map<number, boolean>>, lcov: string): void {
  let hits: Map<number, boolean> | undefined;
  for (const line of lcov.split("\n")) {
    if (line.startsWith("SF:")) {
      const path = line.slice(3);
      const file = isAbsolute(path) ? relative(ROOT, path) : path;
      hits = undefined;
      if (!isSource(file)) continue;
      hits = lines.get(file) ?? new Map();
      lines.set(file, hits);
    } else if (line.startsWith("DA:") && hits) {
      const [number = 0, count = 0] = line.slice(3).split(",").map(Number);
      hits.set(number, count > 0 || hits.get(number) === true);
    }
  }
}
