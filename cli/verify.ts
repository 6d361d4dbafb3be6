/**
 * `vdso verify`: the vDSO against the system calls.
 *
 * @module
 */
import process from "node:process";
import { verify } from "../verify/mod.ts";
import { columns, toJson } from "./output.ts";

/** Checks for so many seconds; the text, and whether all held. */
export function verifyCommand(
  { duration, json }: { duration: number; json: boolean },
): { text: string; ok: boolean } {
  const onProgress = process.stderr.isTTY && !json ? showProgress : undefined;
  const results = verify(duration * 1000, onProgress);
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

const WIDTH = 40;
const CLEAR_LINE = "\r\x1b[K"; // ECMA-48, EL

/** Draws a bar over the last one; none when all is done. */
function showProgress(part: number): void {
  const filled = Math.round(WIDTH * Math.min(part, 1));
  const bar = "█".repeat(filled) + "░".repeat(WIDTH - filled);
  process.stderr.write(part < 1 ? `${CLEAR_LINE}${bar} ${Math.floor(100 * part)} %` : CLEAR_LINE);
}
