/**
 * Log lines with a unique timestamp: in nanoseconds, sorted as text in the order in which they were
 * written, and no two alike, also when many are written within a microsecond or the wall clock is
 * set back.
 *
 *   deno run --allow-ffi examples/log_line.ts [LINES]
 *   bun examples/log_line.ts [LINES]
 *   node examples/log_line.ts [LINES]
 *
 * Unique within a thread: name the thread as well where several write to one log.
 */
import process from "node:process";
import { timestampBigInt } from "@x/vdso";

/** RFC 3339 with nanoseconds, which Date does not have. */
function toRfc3339(ns: bigint): string {
  const seconds = ns / 1_000_000_000n;
  const fraction = String(ns % 1_000_000_000n).padStart(9, "0");
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}

function log(message: string, fields: Record<string, unknown> = {}): void {
  console.log(JSON.stringify({ time: toRfc3339(timestampBigInt()), message, ...fields }));
}

const lines = Number(process.argv[2] ?? 3);
for (let line = 1; line <= lines; line++) log("Hello", { line });
