/** Quotas of both versions, from files that are made up. */
// npm test: node26 (it only computes, on what is made up)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { mostStopped, oftenestStopped, readQuota } from "../../../doctor/facts/cgroup.ts";
import { Reader } from "../../../doctor/facts/files.ts";
import { fakeFiles } from "./fake_files.ts";

const quota = (files: Readonly<Record<string, string | null>>) =>
  readQuota(new Reader(fakeFiles(files)));

test("readQuota() takes version 2's, in microseconds", () => {
  assertEquals(
    quota({
      "/proc/self/cgroup": "0::/app\n",
      "/sys/fs/cgroup/app/cpu.max": "50000 100000\n",
      "/sys/fs/cgroup/app/cpu.stat":
        "usage_usec 5\nnr_periods 100\nnr_throttled 7\nthrottled_usec 480000\nnr_bursts 0\n",
    }),
    {
      version: 2,
      cpus: 0.5,
      counters: new Map([
        ["/sys/fs/cgroup/app", { periods: 100, throttled: 7, throttledNs: 480_000_000 }],
      ]),
    },
  );
});

test("readQuota() takes version 1's, in nanoseconds, also where both are mounted", () => {
  const files = {
    "/proc/self/cgroup": "9:name=systemd:/\n2:cpuset:/\n4:cpu,cpuacct:/docker/1\n0::/\n",
    "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "200000\n",
    "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    "/sys/fs/cgroup/cpu,cpuacct/cpu.stat": "nr_periods 3\nnr_throttled 1\nthrottled_time 12345\n",
  };
  // A container sees its own group at the root of what is mounted there.
  assertEquals(quota(files), {
    version: 1,
    cpus: 2,
    counters: new Map([
      ["/sys/fs/cgroup/cpu,cpuacct", { periods: 3, throttled: 1, throttledNs: 12_345 }],
    ]),
  });
  const unlimited = { ...files, "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n" };
  assertEquals(quota(unlimited)?.cpus, undefined);
});

test("readQuota() looks at the groups above, which may have a quota of their own", () => {
  assertEquals(
    quota({
      "/proc/self/cgroup": "0::/pod/app\n",
      "/sys/fs/cgroup/pod/app/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/pod/app/cpu.stat": "nr_periods 0\nnr_throttled 0\nthrottled_usec 0\n",
      "/sys/fs/cgroup/pod/cpu.max": "30000 100000\n",
      "/sys/fs/cgroup/pod/cpu.stat": "nr_periods 9\nnr_throttled 4\nthrottled_usec 10\n",
      "/sys/fs/cgroup/cpu.stat": "usage_usec 1\n", // the root counts no periods
    }),
    {
      version: 2,
      cpus: 0.3,
      counters: new Map([
        ["/sys/fs/cgroup/pod/app", { periods: 0, throttled: 0, throttledNs: 0 }],
        ["/sys/fs/cgroup/pod", { periods: 9, throttled: 4, throttledNs: 10_000 }],
      ]),
    },
  );
});

const counted = (periods: number, throttled: number, throttledNs: number) => ({
  periods,
  throttled,
  throttledNs,
});

test("mostStopped() takes the differences of each group, whatever it counted before", () => {
  const before = new Map([["/pod", counted(90_000, 800, 6e10)], ["/app", counted(10, 0, 599e8)]]);
  const after = new Map([["/pod", counted(90_020, 801, 6.001e10)], [
    "/app",
    counted(30, 20, 61e9),
  ]]);
  assertEquals(mostStopped(before, after), counted(20, 20, 1.1e9));
  assertEquals(mostStopped(before, new Map([["/new", counted(5, 5, 1e9)]])), undefined);
  // Stopped, and not yet for how long.
  const stopping = new Map(after).set("/app", counted(31, 21, 61e9));
  assertEquals(mostStopped(after, stopping), counted(1, 1, 0));
});

test("oftenestStopped() goes by the part of a group's periods", () => {
  const groups = new Map([["/pod", counted(90_000, 800, 6e10)], ["/app", counted(30, 20, 1e9)]]);
  assertEquals(oftenestStopped(groups), counted(30, 20, 1e9));
  assertEquals(oftenestStopped(new Map([["/", counted(0, 0, 0)]])), counted(0, 0, 0));
  assertEquals(oftenestStopped(new Map()), undefined);
});

test("readQuota() knows nothing where there are no groups", () => {
  assertEquals(quota({}), undefined);
  assertEquals(quota({ "/proc/self/cgroup": "0::/\n" }), undefined);
});
