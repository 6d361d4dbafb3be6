/**
 * `vdso verify`: the vDSO against the system calls.
 *
 * @module
 */
import progress from "cli-progress";
import process from "node:process";
import { verify } from "../verify/mod.ts";
import { columns, toJson } from "./output.ts";

/** Checks for so many seconds; the text, and whether all held. */
export function verifyCommand(
  { duration, json }: { duration: number; json: boolean },
): { text: string; ok: boolean } {
  const bar = process.stderr.isTTY && !json
    ? new progress.SingleBar({
      format: "{bar} {percentage} %",
      clearOnComplete: true,
      stream: process.stderr,
    })
    : undefined;
  bar?.start(100, 0);
  const results = verify(
    duration * 1000,
    (part) => bar?.update(Math.round(100 * Math.min(part, 1))),
  );
  bar?.stop();
  const failures = results.reduce((sum, result) => sum + result.failures, 0);
  if (json) return { text: toJson({ failures, results }), ok: failures === 0 };
  const rows = results.map((result) => [
    result.name,
    result.source,
    String(result.comparisons),
    String(result.failures),
    result.failure ?? "",
  ]);
  const table = columns(["check", "by", "comparisons", "failures", "first failure"], rows);
  const verdict = failures === 0 ? "All comparisons hold" : `${failures} comparisons fail`;
  return { text: `${table}\n\n${verdict}`, ok: failures === 0 };
}
