import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runProcess } from "../../../cli/bench/process.ts";
import type { ProcessOutcome } from "../../../cli/bench/outcome.ts";
import { findRuntimes, type FoundRuntime } from "../../../cli/bench/runtimes.ts";
import { ROOT } from "../../support.ts";

/** Where `npm init` writes that a package is of CommonJS, and where it writes nothing of it. */
export const COMMON_JS = JSON.stringify({ name: "p", version: "1.0.0", type: "commonjs" });
export const TYPELESS = JSON.stringify({ name: "p", version: "1.0.0" });

/** Makes files below `directory`, beside which this package is installed, as a link. */
export function makeProject(directory: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(directory, "node_modules/@x"), { recursive: true });
  symlinkSync(ROOT, join(directory, "node_modules/@x/vdso"));
  makeFiles(directory, files);
}

/** Makes files below `directory`. */
export function makeFiles(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = join(directory, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** One of this project's runtimes, which is asked for its version once. */
function runtimeOf(name: string): FoundRuntime {
  const { found: [runtime] } = findRuntimes([name], { directories: [ROOT], path: "" });
  if (runtime === undefined) throw new Error(`There is no ${name}`);
  known.set(name, runtime);
  return runtime;
}
const known = new Map<string, FoundRuntime>();

/** What comes of a file in one of them. */
export function runIn(
  name: string,
  file: string,
  denoArgs: readonly string[] = [],
): Promise<ProcessOutcome> {
  const options = { filter: null, time: 1, timeout: 60_000, cpu: undefined };
  return runProcess(known.get(name) ?? runtimeOf(name), file, { ...options, denoArgs });
}

/** The names of the benchmarks that have results. */
export function measured({ results }: ProcessOutcome): string[] {
  return results.filter(({ benchmark }) => "slices" in benchmark)
    .map(({ benchmark: { group, name } }) => [...group, name].join(" "));
}
