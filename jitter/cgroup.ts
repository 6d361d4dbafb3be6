/**
 * Which files tell how long a CPU quota has stopped this thread's control groups: cgroups(7).
 *
 * @module
 */

/** The file cpu.stat of a group, and the kind of cgroup that wrote it. */
export interface CpuStatFile {
  readonly path: string;
  readonly version: 1 | 2;
}

/** How often, and for how long, a quota has stopped a group. */
export interface Throttling {
  readonly periods: number;
  readonly ns: number;
}

interface Mount {
  /** What of the hierarchy is mounted there. */
  readonly root: string;
  readonly point: string;
  readonly version: 1 | 2;
}

/**
 * The files of this thread's group and of those above it, as far as they are mounted: a quota of any
 * of them stops the thread. The hierarchy is the one that has the cpu controller.
 *
 * @param cgroup /proc/thread-self/cgroup
 * @param mountinfo /proc/self/mountinfo
 */
export function cpuStatFiles(cgroup: string, mountinfo: string): CpuStatFile[] {
  const mounts = mountsOf(mountinfo);
  const groups = Array.from(
    cgroup.matchAll(/^\d+:([^:]*):(.*)$/gm),
    ([, names = "", path = ""]) => ({
      version: names === "" ? 2 : 1,
      hasCpu: names === "" || names.split(",").includes("cpu"),
      path,
    } as const),
  ).filter(({ hasCpu }) => hasCpu).sort((a, b) => a.version - b.version);
  for (const { version, path } of groups) {
    for (const { root, point } of mounts.filter((mount) => mount.version === version)) {
      const below = within(root, path);
      if (below === undefined) continue;
      const parts = below.split("/").filter((part) => part !== "");
      return Array.from({ length: parts.length + 1 }, (_, length) => ({
        path: [point, ...parts.slice(0, length), "cpu.stat"].join("/"),
        version,
      }));
    }
  }
  return [];
}

function mountsOf(mountinfo: string): Mount[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [fields = "", end = ""] = line.split(" - ");
    const [, , , root = "", point = ""] = fields.split(" ");
    const [type, , options = ""] = end.split(" ");
    if (type === "cgroup2") return { root, point, version: 2 };
    if (type === "cgroup" && options.split(",").includes("cpu")) return { root, point, version: 1 };
    return [];
  });
}

/** What is below `root`; undefined if the path is not, as where it begins with "/..". */
function within(root: string, path: string): string | undefined {
  if (root === "/") return path.startsWith("/..") ? undefined : path;
  return path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
}

/** What cpu.stat says; undefined where it tells of no quota, as that of a root does not in cgroup v2. */
export function parseThrottling(text: string, version: 1 | 2): Throttling | undefined {
  const of = (key: string) => {
    const value = new RegExp(`^${key} (\\d+)$`, "m").exec(text)?.[1];
    return value === undefined ? NaN : Number(value);
  };
  const periods = of("nr_throttled");
  const ns = version === 1 ? of("throttled_time") : 1000 * of("throttled_usec");
  return Number.isNaN(periods + ns) ? undefined : { periods, ns };
}
