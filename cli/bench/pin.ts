/**
 * Keeps a process on one CPU, by taskset(1) of util-linux.
 *
 * @module
 */
import { spawnSync } from "node:child_process";

/** The same words, pinned if a CPU is given. */
export function pinned(
  cpu: number | undefined,
  words: [program: string, ...args: string[]],
): [program: string, ...args: string[]] {
  return cpu === undefined ? words : ["taskset", "--cpu-list", String(cpu), ...words];
}

/** @throws {Error} if that cannot be done here */
export function checkPinning(cpu: number): void {
  const [program, ...args] = pinned(cpu, ["true"]);
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status === 0) return;
  const { code } = (error ?? {}) as { code?: string };
  const reason = code === "ENOENT"
    ? "taskset(1) of util-linux is not installed"
    : error?.message ?? stderr.trim();
  throw new Error(`Cannot pin to CPU ${cpu}: ${reason}`);
}
