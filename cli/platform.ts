/**
 * What this machine is.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import os from "node:os";
import process from "node:process";

/** What could not be read is null. */
export interface Platform {
  readonly os: string;
  readonly arch: string;
  readonly kernel: string | null;
  readonly cpu: string | null;
  readonly clocksource: string | null;
}

const CLOCKSOURCE = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

/** Of the machine that this runs on. */
export function platform(): Platform {
  return {
    os: process.platform,
    arch: process.arch,
    kernel: optionally(() => os.release()) ?? null,
    cpu: optionally(() => os.cpus()[0]?.model) ?? null,
    clocksource: optionally(() => readFileSync(CLOCKSOURCE, "utf8").trim()) ?? null,
  };
}

/** What Deno's permissions or a missing file may deny, and a report can do without. */
function optionally<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
