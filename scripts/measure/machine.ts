/** Which machine was measured, and when: no figure means anything without. */
import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, loadavg, release } from "node:os";
import { gccVersion } from "./native.ts";

export interface Machine {
  /** The day, YYYY-MM-DD. */
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  /** Load average of the minute before: what else was running. */
  readonly load: number;
  readonly arch: string;
  readonly kernel: string;
  readonly clocksource: string;
  /** What sets the CPU's frequency; null where that cannot be seen, as in most virtual machines. */
  readonly governor: string | null;
  readonly libc: string | null;
  /** What compiled native C; null where gcc is missing. */
  readonly gcc: string | null;
}

export function machine(): Machine {
  const sys = "/sys/devices/system";
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    load: loadavg()[0] as number,
    arch: arch(),
    kernel: release(),
    clocksource: text(`${sys}/clocksource/clocksource0/current_clocksource`) ?? "unknown",
    governor: text(`${sys}/cpu/cpu0/cpufreq/scaling_governor`),
    libc: libcVersion(),
    gcc: gccVersion() ?? null,
  };
}

function text(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return null;
  }
}

function libcVersion(): string | null {
  const { header } = process.report.getReport() as {
    header: { glibcVersionRuntime?: string };
  };
  return header.glibcVersionRuntime ? `glibc ${header.glibcVersionRuntime}` : null;
}
