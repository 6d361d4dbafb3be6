/**
 * `vdso verify`: the vDSO against the system calls.
 *
 * @module
 */
import { verify } from "../doctor/mod.ts";
import { columns, toJson } from "./output.ts";
import { clearProgress, showProgress } from "./progress.ts";

/** Checks for so many seconds; the text, and whether all held. */
export function verifyCommand(
  { duration, json }: { duration: number; json: boolean },
): { text: string; ok: boolean } {
  const results = verify(duration * 1000, json ? {} : { onProgress: showProgress });
  clearProgress();
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
