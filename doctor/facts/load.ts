/**
 * Who else takes CPU time: differences of the kernel's counters over a while.
 *
 * @module
 */
import { mostStopped, oftenestStopped, type Quota, readQuota } from "./cgroup.ts";
import type { Reader } from "./files.ts";
import type { CpuFacts } from "./types.ts";

/** A moment, to be compared with a later one. */
export interface LoadMoment {
  readonly ns: number;
  readonly quota: Quota | undefined;
  /** Of all CPUs, in ticks of USER_HZ: everything, and what the hypervisor took. */
  readonly stat: { readonly all: number; readonly steal: number } | undefined;
  /** Nanoseconds that this thread has waited for a CPU. */
  readonly runDelay: number | undefined;
}

/** Reads the counters. */
export function readLoad(reader: Reader, ns: number): LoadMoment {
  // Absent where the kernel was built without it; and gVisor has none.
  const schedstat = reader.text("run queue", "/proc/thread-self/schedstat");
  return {
    ns,
    quota: readQuota(reader),
    stat: parseStat(reader.expected("steal", "/proc/stat")),
    runDelay: number(schedstat?.split(" ")[1]),
  };
}

/** The first line of proc_stat(5): user has guest in it, nice guest_nice. */
function parseStat(text: string | undefined): LoadMoment["stat"] {
  const [, line] = /^cpu +([\d ]+)$/m.exec(text ?? "") ?? [];
  if (line === undefined) return undefined;
  const ticks = line.split(" ").slice(0, 8).map(Number);
  return { all: ticks.reduce((sum, value) => sum + value, 0), steal: ticks[7] ?? 0 };
}

/** What came to pass between two moments, and what does not depend on them. */
export function loadBetween(reader: Reader, before: LoadMoment, after: LoadMoment): CpuFacts {
  const quota = after.quota;
  const stopped = before.quota && quota && mostStopped(before.quota.counters, quota.counters);
  const ever = quota && oftenestStopped(quota.counters);
  const pressure = reader.text("pressure", "/proc/pressure/cpu"); // psi=0, or not built in
  const governor = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
  const ticks = before.stat && after.stat && after.stat.all - before.stat.all;
  return {
    windowNs: after.ns - before.ns,
    cgroup: quota?.version ?? null,
    quotaCpus: quota?.cpus ?? null,
    periods: stopped?.periods ?? null,
    throttledPeriods: stopped?.throttled ?? null,
    throttledNs: stopped?.throttledNs ?? null,
    allPeriods: ever?.periods ?? null,
    allThrottledPeriods: ever?.throttled ?? null,
    pressure: number(/^some avg10=([\d.]+)/.exec(pressure ?? "")?.[1]) ?? null,
    steal: ticks && before.stat && after.stat
      ? (after.stat.steal - before.stat.steal) / ticks
      : null,
    runDelayNs: before.runDelay === undefined || after.runDelay === undefined
      ? null
      : after.runDelay - before.runDelay,
    governor: reader.text("governor", governor) ?? null,
    idleLatencyUs: readIdleLatency(reader),
  };
}

const MOST_STATES = 16;

function readIdleLatency(reader: Reader): number | null {
  let most: number | null = null;
  for (let i = 0; i < MOST_STATES; i++) {
    const path = `/sys/devices/system/cpu/cpu0/cpuidle/state${i}`;
    const latency = number(reader.text("idle states", `${path}/latency`));
    if (latency === undefined) break;
    if (reader.text("idle states", `${path}/disable`) !== "1") most = Math.max(most ?? 0, latency);
  }
  return most;
}

function number(text: string | undefined): number | undefined {
  return text === undefined || text === "" || !Number.isFinite(Number(text))
    ? undefined
    : Number(text);
}
