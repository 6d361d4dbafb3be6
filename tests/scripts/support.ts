/** For the tests of scripts: programs that a script starts in several runtimes. */
import { spawnSync } from "node:child_process";
import { type RuntimeCommand, RUNTIMES } from "../../scripts/runtimes.ts";
import { full, ROOT, type RunResult } from "../support.ts";

export const ONE_OF_EACH: readonly RuntimeCommand[] = RUNTIMES.filter(({ name }) =>
  !["node22", "node24"].includes(name)
);

/** One of each kind in the quick tier. */
export const SOME_RUNTIMES: readonly RuntimeCommand[] = full ? RUNTIMES : ONE_OF_EACH;

/** Runs a file below the root, to its end. */
export function runIn(
  runtime: RuntimeCommand,
  file: string,
  args: readonly string[],
  input = "",
): RunResult {
  const { status, signal, stdout, stderr, error } = spawnSync(
    runtime.bin,
    [...runtime.run, file, ...args],
    { cwd: ROOT, encoding: "utf8", input, timeout: 60_000 },
  );
  if (error) throw error;
  return { code: status, signal, stdout, stderr };
}
