/**
 * `vdso jitter`: what takes the CPU away from programs.
 *
 * @module
 */
import { jitterPerCpu } from "../../jitter/mod.ts";
import { toJson } from "../output.ts";
import { platform } from "../platform.ts";
import { UsageError } from "../usage.ts";
import { checkWritable, isStandardOutput, writeWhole } from "../write_file.ts";
import type { JitterCommand } from "./grammar.ts";
import { Live } from "./live.ts";
import { type JitterReport, printJitter } from "./report.ts";

/** Watches, shows how far it is, and writes what is asked for; the text. */
export async function jitterCommand(command: JitterCommand): Promise<string> {
  const { duration, threshold, cpus, top, json, hdr } = command;
  const hdrIsText = hdr !== undefined && isStandardOutput(hdr);
  if (json && hdrIsText) {
    throw new UsageError("Expected --json or --hdr - on standard output, got both");
  }
  if (hdr !== undefined && !hdrIsText) checkWritable(hdr);
  const live = new Live();
  const startMs = Date.now();
  const threads = await jitterPerCpu({
    time: duration * 1000,
    threshold,
    top,
    ...(cpus && { cpus }),
    onProgress: (cpu, progress) => live.show(cpu, progress),
  }).finally(() => live.clear());
  const report: JitterReport = { version: 1, platform: platform(), threads };
  if (hdr !== undefined) {
    // Its packages are most of what this command would have to load.
    const { hdrLog } = await import("./hdr.ts");
    const log = hdrLog(threads, startMs);
    if (hdrIsText) return log.trimEnd();
    writeWhole(hdr, log);
  }
  return json ? toJson(report) : printJitter(report, top);
}
