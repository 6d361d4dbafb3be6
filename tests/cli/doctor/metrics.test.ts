// both tiers: node26 (data in, text out)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { printMetrics } from "../../../cli/doctor/metrics.ts";
import { fillFacts } from "../../../doctor/facts/shape.ts";
import { examineFacts } from "../../../doctor/mod.ts";

const vdso = { entries: { clock_gettime: "vdso" } };

test("printMetrics() gives samples by clock and path, in seconds", () => {
  const facts = fillFacts({
    vdso,
    measured: {
      clocks: { monotonic: { nativeNs: 25, syscallNs: 130.004 } },
      runtimeNs: { "now()": 26.5 },
    },
    counter: { jumps: 3, refusal: "" },
    wall: { taiS: 0 },
  });
  assertEquals(
    printMetrics(examineFacts(facts)),
    `# HELP vdso_clock_read_seconds What reading a clock takes: as programs in C read it, by the system call, in JavaScript.
# TYPE vdso_clock_read_seconds gauge
vdso_clock_read_seconds{clock="monotonic",path="native"} 2.5e-8
vdso_clock_read_seconds{clock="monotonic",path="syscall"} 1.3e-7
vdso_clock_read_seconds{clock="now()",path="javascript"} 2.65e-8
# HELP vdso_clock_user_space 1 if CLOCK_MONOTONIC is read without a system call.
# TYPE vdso_clock_user_space gauge
vdso_clock_user_space 1
# HELP vdso_counter_jumps_total How often the CPU's counter and CLOCK_MONOTONIC_RAW went apart at once.
# TYPE vdso_counter_jumps_total counter
vdso_counter_jumps_total 3
# HELP vdso_finding 1 for each finding of vdso doctor.
# TYPE vdso_finding gauge
vdso_finding{id="counter.jumped",severity="warning"} 1
vdso_finding{id="tai.unset",severity="information"} 1
`,
  );
});

test("printMetrics() tells nothing of what is not known, and escapes labels", () => {
  assertEquals(printMetrics(examineFacts(fillFacts({}))), "");
  const facts = fillFacts({ measured: { runtimeNs: { 'a"b\\c\nd': 1 } } });
  assertEquals(
    printMetrics(examineFacts(facts)).split("\n")[2],
    'vdso_clock_read_seconds{clock="a\\"b\\\\c\\nd",path="javascript"} 1e-9',
  );
});

test("printMetrics() says where clocks take system calls", () => {
  const userSpace = (entry: string, nativeNs: number) =>
    printMetrics(examineFacts(fillFacts({
      vdso: { entries: { clock_gettime: entry } },
      measured: { clocks: { monotonic: { nativeNs, syscallNs: 100 } } },
    }))).split("\n").find((line) => line.startsWith("vdso_clock_user_space"));
  assertEquals(userSpace("vdso", 74), "vdso_clock_user_space 1");
  assertEquals(userSpace("vdso", 75), "vdso_clock_user_space 0");
  assertEquals(userSpace("syscall", 70), "vdso_clock_user_space 0");
});
