// npm test: node26 (data in, data out)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { cpuStatFiles, parseThrottling } from "../../jitter/cgroup.ts";

const V2 = "36 25 0:31 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
const V1 = "40 32 0:33 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n" +
  "41 32 0:34 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

test("cpuStatFiles() has the group and those above it, in cgroup v2", () => {
  assertEquals(cpuStatFiles("0::/system.slice/a.service\n", V2), [
    { path: "/sys/fs/cgroup/cpu.stat", version: 2 },
    { path: "/sys/fs/cgroup/system.slice/cpu.stat", version: 2 },
    { path: "/sys/fs/cgroup/system.slice/a.service/cpu.stat", version: 2 },
  ]);
  assertEquals(cpuStatFiles("0::/\n", V2), [{ path: "/sys/fs/cgroup/cpu.stat", version: 2 }]);
});

test("cpuStatFiles() takes the hierarchy that has the cpu controller, in both versions at once", () => {
  const cgroup = "5:memory:/m\n3:cpu,cpuacct:/docker/a\n0::/unified\n";
  const mounts = V1 + V2.replace("/sys/fs/cgroup ", "/sys/fs/cgroup/unified ");
  assertEquals(cpuStatFiles(cgroup, mounts), [
    { path: "/sys/fs/cgroup/cpu,cpuacct/cpu.stat", version: 1 },
    { path: "/sys/fs/cgroup/cpu,cpuacct/docker/cpu.stat", version: 1 },
    { path: "/sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.stat", version: 1 },
  ]);
});

test("cpuStatFiles() takes no group of cpuset, nor of cpuacct alone", () => {
  assertEquals(cpuStatFiles("3:cpuset:/a\n2:cpuacct:/b\n", V1), []);
});

test("cpuStatFiles() knows what of a hierarchy is mounted in a container", () => {
  const mounts = V1.replace("0:33 / ", "0:33 /docker/a ");
  const path = "/sys/fs/cgroup/cpu,cpuacct";
  assertEquals(cpuStatFiles("3:cpu,cpuacct:/docker/a/b\n", mounts), [
    { path: `${path}/cpu.stat`, version: 1 },
    { path: `${path}/b/cpu.stat`, version: 1 },
  ]);
  // Another group than the one that is mounted, and one outside of the namespace.
  assertEquals(cpuStatFiles("3:cpu,cpuacct:/docker/ab\n", mounts), []);
  assertEquals(cpuStatFiles("0::/../other\n", V2), []);
});

test("cpuStatFiles() has none where nothing is mounted or can be read", () => {
  assertEquals(cpuStatFiles("0::/\n", ""), []);
  assertEquals(cpuStatFiles("", V2), []);
});

test("parseThrottling() reads nanoseconds of both versions", () => {
  const v1 = "nr_periods 10\nnr_throttled 3\nthrottled_time 57658378\n";
  const v2 = "usage_usec 1\nnr_periods 10\nnr_throttled 3\nthrottled_usec 57658\n";
  assertEquals(parseThrottling(v1, 1), { periods: 3, ns: 57658378 });
  assertEquals(parseThrottling(v2, 2), { periods: 3, ns: 57658000 });
});

test("parseThrottling() has nothing where no quota is counted", () => {
  assertEquals(parseThrottling("usage_usec 1\nuser_usec 1\nsystem_usec 0\n", 2), undefined);
  assertEquals(parseThrottling("", 1), undefined);
});
