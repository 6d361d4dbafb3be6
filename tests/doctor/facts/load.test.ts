/** What came to pass between two moments. */
// npm test: node26 (it only computes, on what is made up)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { Reader } from "../../../doctor/facts/files.ts";
import { loadBetween, readLoad } from "../../../doctor/facts/load.ts";
import { fakeFiles } from "./fake_files.ts";

const reader = (files: Readonly<Record<string, string>>) => new Reader(fakeFiles(files));
const moment = (steal: number, idle: number, delay: number, throttled: number) => ({
  "/proc/stat": `cpu  100 0 50 ${idle} 0 0 0 ${steal} 10 0\ncpu0 1 2 3\n`,
  "/proc/thread-self/schedstat": `1000 ${delay} 5\n`,
  "/proc/self/cgroup": "0::/\n",
  "/sys/fs/cgroup/cpu.max": "100000 100000\n",
  "/sys/fs/cgroup/cpu.stat": `nr_periods ${
    10 * throttled
  }\nnr_throttled ${throttled}\nthrottled_usec ${throttled}000\n`,
});

test("loadBetween() has the differences, and parts of the window", () => {
  const before = readLoad(reader(moment(10, 1000, 5000, 1)), 1e9);
  const last = reader({
    ...moment(30, 1080, 9000, 4),
    "/proc/pressure/cpu": "some avg10=12.50 avg60=1.00 avg300=0.10 total=5\n",
    "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave\n",
    "/sys/devices/system/cpu/cpu0/cpuidle/state0/latency": "0\n",
    "/sys/devices/system/cpu/cpu0/cpuidle/state1/latency": "2\n",
    "/sys/devices/system/cpu/cpu0/cpuidle/state2/latency": "133\n",
    "/sys/devices/system/cpu/cpu0/cpuidle/state3/latency": "900\n",
    "/sys/devices/system/cpu/cpu0/cpuidle/state3/disable": "1\n",
  });
  assertEquals(loadBetween(last, before, readLoad(last, 3e9)), {
    windowNs: 2e9,
    cgroup: 2,
    quotaCpus: 1,
    periods: 30,
    throttledPeriods: 3,
    throttledNs: 3e6,
    allPeriods: 40,
    allThrottledPeriods: 4,
    pressure: 12.5,
    steal: 0.2,
    runDelayNs: 4000,
    governor: "powersave",
    idleLatencyUs: 133,
  });
  assertEquals(last.skipped, []);
});

test("loadBetween() finds the group that was stopped, below one that was once stopped for longer", () => {
  const pod = {
    "/proc/self/cgroup": "0::/pod/app\n",
    "/sys/fs/cgroup/pod/cpu.stat": "nr_periods 90000\nnr_throttled 800\nthrottled_usec 60000000\n",
  };
  const app = (stat: string) => reader({ ...pod, "/sys/fs/cgroup/pod/app/cpu.stat": stat });
  const before = readLoad(app("nr_periods 10\nnr_throttled 0\nthrottled_usec 0\n"), 0);
  const last = app("nr_periods 30\nnr_throttled 20\nthrottled_usec 1400000\n");
  const facts = loadBetween(last, before, readLoad(last, 2e9));
  assertEquals(
    [facts.periods, facts.throttledPeriods, facts.throttledNs, facts.allPeriods],
    [20, 20, 1.4e9, 30],
  );
});

test("loadBetween() knows little where there is little", () => {
  const nothing = reader({});
  const facts = loadBetween(nothing, readLoad(nothing, 0), readLoad(nothing, 1));
  const { windowNs, ...others } = facts;
  assertEquals(windowNs, 1);
  assertEquals(new Set(Object.values(others)), new Set([null]));
  // schedstat, PSI, governor and idle states are not there in many kernels: no need to tell.
  assertEquals(nothing.skipped.map(({ check }) => check), ["cgroup quota", "steal"]);
});
