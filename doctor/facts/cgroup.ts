/**
 * The CPU quota of this process's cgroup, version 1 or 2, and how often it stopped the group.
 *
 * @module
 */
import type { Reader } from "./files.ts";

/** What a group counts since it is there. */
export interface Counters {
  readonly periods: number;
  /** In how many of them it was stopped. */
  readonly throttled: number;
  /** For how long, summed over CPUs. */
  readonly throttledNs: number;
}

/** By a group's directory. */
export type GroupCounters = ReadonlyMap<string, Counters>;

/** The groups that a process is in, each of which may stop it. */
export interface Quota {
  readonly version: 1 | 2;
  /** The least one in CPUs; undefined without any. */
  readonly cpus: number | undefined;
  readonly counters: GroupCounters;
}

const CHECK = "cgroup quota";

/** Undefined where nothing can be read of it. */
export function readQuota(reader: Reader): Quota | undefined {
  return readGroups(reader, findGroups(reader));
}

/** A directory of a group, and what is in it. */
export interface Group {
  readonly version: 1 | 2;
  readonly directory: string;
}

/** The group of this process and those above it, as far as they can be seen and count anything. */
export function findGroups(reader: Reader): Group[] {
  const groups = reader.expected(CHECK, "/proc/self/cgroup") ?? "";
  const [, v1] = /^\d+:(?:[\w,=]+,)?cpu(?:,[\w,=]+)?:(.*)$/m.exec(groups) ?? [];
  const [, v2] = /^0::(.*)$/m.exec(groups) ?? [];
  const version = v1 !== undefined ? 1 : 2;
  const mounts = version === 1 ? ["/cpu", "/cpu,cpuacct"] : [""];
  const path = v1 ?? v2;
  if (path === undefined) return [];
  return levels(path)
    .flatMap((level) => mounts.map((mount) => `/sys/fs/cgroup${mount}${level}`))
    .filter((directory) => reader.text(CHECK, `${directory}/cpu.stat`)?.includes("nr_periods"))
    .map((directory) => ({ version, directory }));
}

/** The same where the groups are known. */
export function readGroups(reader: Reader, groups: readonly Group[]): Quota | undefined {
  const counters = readCounters(reader, groups);
  const [group] = groups;
  if (counters.size === 0 || !group) return undefined;
  const quotas = groups.flatMap((each) => readCpus(reader, each) ?? []);
  const cpus = quotas.length > 0 ? Math.min(...quotas) : undefined;
  return { version: group.version, cpus, counters };
}

/** The counters alone: one file for each group. */
export function readCounters(reader: Reader, groups: readonly Group[]): GroupCounters {
  const counters = new Map<string, Counters>();
  for (const { version, directory } of groups) {
    const stat = reader.text(CHECK, `${directory}/cpu.stat`);
    if (stat === undefined) continue;
    counters.set(directory, {
      periods: field(stat, "nr_periods"),
      throttled: field(stat, "nr_throttled"),
      throttledNs: version === 1
        ? field(stat, "throttled_time")
        : 1000 * field(stat, "throttled_usec"),
    });
  }
  return counters;
}

/** What was counted between two moments for the group that was stopped most; undefined of none. */
export function mostStopped(before: GroupCounters, after: GroupCounters): Counters | undefined {
  const differences = Array.from(after, ([directory, last]) => {
    const first = before.get(directory);
    return first && {
      periods: last.periods - first.periods,
      throttled: last.throttled - first.throttled,
      throttledNs: last.throttledNs - first.throttledNs,
    };
  }).filter((counters) => counters !== undefined);
  // The kernel adds the time when it is over.
  return highest(differences, ({ throttledNs, throttled }) => throttledNs + throttled);
}

/** The group that was stopped in most of its periods since it is there. */
export function oftenestStopped(groups: GroupCounters): Counters | undefined {
  return highest(
    [...groups.values()],
    ({ periods, throttled }) => throttled / Math.max(1, periods),
  );
}

function highest<T>(items: readonly T[], by: (item: T) => number): T | undefined {
  return items.toSorted((a, b) => by(b) - by(a))[0];
}

/** Undefined where there is no quota. */
function readCpus(reader: Reader, { version, directory }: Group): number | undefined {
  const read = (name: string) => reader.text(CHECK, `${directory}/${name}`);
  const [quota, period] = version === 1
    ? [read("cpu.cfs_quota_us"), read("cpu.cfs_period_us")]
    : (read("cpu.max") ?? "max").split(" ");
  const cpus = Number(quota) / Number(period); // of "max" NaN, of -1 negative
  return cpus > 0 && cpus < Infinity ? cpus : undefined;
}

/** The group, and those above it: each of them may have a quota. The last one has an empty path. */
function levels(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== "..");
  return Array.from(
    { length: parts.length + 1 },
    (_, i) => ["", ...parts.slice(0, parts.length - i)].join("/"),
  );
}

/** 0 where the group has no such line: the root has none. */
function field(stat: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(stat)?.[1] ?? 0);
}
