// npm test: node26 (data in, data out)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { parseSteal, type Reader, SignReader } from "../../jitter/signs.ts";

const SCHEDSTAT = "/proc/thread-self/schedstat";
const STATUS = "/proc/thread-self/status";

interface Machine extends Reader {
  readonly files: Record<string, string>;
  clock: number;
  cpu: number;
}

function machine(files: Record<string, string>): Machine {
  return {
    files,
    clock: 1e9,
    cpu: 1e6,
    file: (path) => files[path],
    now() {
      return this.clock;
    },
    cpuNs() {
      return this.cpu;
    },
  };
}

const FILES = {
  [SCHEDSTAT]: "100 2000 3\n",
  [STATUS]: "Name:\tx\nvoluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t7\n",
  "/proc/thread-self/cgroup": "0::/a\n",
  "/proc/self/mountinfo": "36 25 0:31 / /cg rw - cgroup2 cgroup2 rw\n",
  "/cg/cpu.stat": "usage_usec 1\n",
  "/cg/a/cpu.stat": "nr_throttled 1\nthrottled_usec 10\n",
  "/proc/stat": "cpu  1 2 3 4 5 6 7 8 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n",
};

test("SignReader has differences of all that it reads", () => {
  const reader = machine({ ...FILES });
  const found = new SignReader(reader);
  const signs = found.around(() => {
    reader.clock += 100e6;
    reader.cpu += 30e6;
    reader.files[SCHEDSTAT] = "100 40002000 5\n";
    reader.files[STATUS] = "voluntary_ctxt_switches:\t6\nnonvoluntary_ctxt_switches:\t9\n";
    reader.files["/cg/a/cpu.stat"] = "nr_throttled 3\nthrottled_usec 30010\n";
    reader.files["/proc/stat"] = "cpu  1 2 3 4 5 6 7 10 0 0\n";
  });
  assertEquals(signs, {
    runDelayNs: 40e6,
    involuntary: 2,
    voluntary: 1,
    throttledPeriods: 2,
    throttledNs: 30e6,
    stealNs: 20e6,
    offNs: 30e6,
  });
  assertEquals(found.unreadable, {});
});

test("SignReader says what it cannot read", () => {
  const found = new SignReader(machine({}));
  assertEquals(found.around(() => {}), {
    runDelayNs: null,
    involuntary: null,
    voluntary: null,
    throttledPeriods: null,
    throttledNs: null,
    stealNs: null,
    offNs: null,
  });
  assertEquals(Object.keys(found.unreadable).sort(), [
    "involuntary",
    "runDelayNs",
    "stealNs",
    "throttledNs",
    "throttledPeriods",
    "voluntary",
  ]);
  assertEquals(found.unreadable["runDelayNs"], `${SCHEDSTAT} is not there, or may not be read`);
});

test("SignReader reads again when the thread has waited between two readings of one moment", () => {
  const reader = machine({ ...FILES });
  let reads = 0;
  const waits: Reader = {
    ...reader,
    now: () => reader.clock,
    cpuNs: () => reader.cpu,
    file(path) {
      // From the second reading on, it has waited for 20 ms, and the clock says so a moment later.
      if (path === SCHEDSTAT && ++reads === 2) {
        reader.files[SCHEDSTAT] = "100 20002000 4\n";
        reader.clock += 20e6;
      }
      return reader.files[path];
    },
  };
  const signs = new SignReader(waits).around(() => {});
  assertEquals({ delay: signs.runDelayNs, off: signs.offNs }, { delay: 0, off: 0 });
});

test("parseSteal() reads the sum of all CPUs, in ticks of 10 ms", () => {
  assertEquals(parseSteal("cpu  1 2 3 4 5 6 7 8 0 0\ncpu0 1 2 3 4 5 6 7 9 0 0\n"), {
    stealNs: 8e7,
  });
  assertEquals(parseSteal("cpu  1 2 3\n"), {});
});
