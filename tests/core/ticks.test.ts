import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import process from "node:process";
import { test } from "node:test";
import { refusal, trustOf } from "../../core/ticks.ts";
import { clockCost } from "../../doctor/mod.ts";
import { now, nowRaw, ticks, ticksInfo, ticksToNs, UnsupportedError } from "../../mod.ts";
import { DISGUISES } from "../fixtures/disguises.ts";
import { wrongShim } from "../wrong_shims.ts";
import { skipWithoutGcc } from "../native.ts";
import { full, nodeMajor, run, skipUnless, statisticalTest } from "../support.ts";

/** Why there is no counter on this machine: the library says so itself. */
const skip: string | false = (() => {
  try {
    ticks();
    return false;
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    return error.message;
  }
})();

const isRoot = process.getuid?.() === 0;

test("ticks() counts on", { skip }, () => {
  let last = ticks();
  for (let i = 0; i < 100_000; i++) {
    const value = ticks();
    assert(Number.isSafeInteger(value) && value >= last, `${value} after ${last}`);
    last = value;
  }
});

statisticalTest(
  "ticksToNs() agrees with the kernel's clock within 20 ppm after 100 ms",
  { skip },
  () => {
    const start = moment();
    const until = now() + 1e8;
    while (now() < until) continue;
    const end = moment();
    const error = ticksToNs(end.ticks - start.ticks) / (end.ns - start.ns) - 1;
    assertLess(Math.abs(error), 20e-6);
  },
);

/** Counter and clock at one moment: the narrowest of many tries, which are slow at first. */
function moment(): { ticks: number; ns: number } {
  let best = { ticks: NaN, ns: NaN };
  let width = Infinity;
  for (let i = 0; i < 20_000; i++) {
    const before = ticks();
    const ns = nowRaw();
    const after = ticks();
    if (after - before >= width) continue;
    width = after - before;
    best = { ticks: (before + after) / 2, ns };
  }
  return best;
}

test("ticksInfo() and ticksToNs() agree on the rate", { skip }, () => {
  const hz = ticksInfo().ticksPerSecond;
  assert(hz > 1e6 && hz < 1e11);
  assert(Math.abs(ticksToNs(hz) / 1e9 - 1) < 100e-6);
});

test("ticksInfo() says what is read", { skip }, () => {
  const { instruction, trust, frequency, ticksPerSecond, jumps, reads } = ticksInfo();
  assertEquals(instruction, process.arch === "x64" ? "rdtsc" : "cntvct_el0");
  assert(["kernel", "guest", "unknown"].includes(trust));
  assert(frequency === "stated" || frequency === "measured");
  assert(ticksPerSecond > 1e6);
  assertEquals([jumps, reads], [0, "counter"]);
});

test("ticks() works where the vDSO spares the system call, whatever this runtime may read", () => {
  if (!clockCost().beatsSyscall) assertMatch(String(skip), /does not let programs read/);
  else if (skip !== false) assertMatch(skip, /does not state that its counter is constant/);
});

/** One of each trust in the quick tier. */
const SOME_DISGUISES = DISGUISES.filter(({ trust }, i) =>
  full || DISGUISES.findIndex((one) => one.trust === trust) === i
);

for (const { name, current, trust, launcher } of SOME_DISGUISES) {
  test(`ticks() gives the same answer where /sys says ${name}, and ticksInfo() reports that`, {
    skip: skipUnless(isRoot, "mounting takes root", "REQUIRE_ROOT") ||
      !full && nodeMajor === 22 && "in the full tier; in Node 26 always",
  }, () => {
    const { code, stdout, stderr } = run("tests/fixtures/print_counter.ts", [], { launcher });
    assertEquals([code, stderr], [0, ""]);
    const report = JSON.parse(stdout) as { refused?: string; trust?: string; clocksource?: string };
    assertEquals(report.refused?.split(":")[0], skip === false ? undefined : skip.split(":")[0]);
    if (skip !== false) return;
    assertEquals([report.trust, report.clocksource], [
      process.arch === "x64" ? trust : report.trust,
      current,
    ]);
  });
}

test("refusal() goes by what the CPU states and by what readings cost", () => {
  const costs = { counter: 10, entry: 25, syscall: 250 };
  assertEquals(refusal(0, costs), undefined);
  assertEquals(refusal(2.6e9, costs), undefined);
  assertEquals(refusal(0, { counter: 10, entry: 27, syscall: 1000 }), undefined); // kvm-clock
  assertMatch(refusal(-1, costs) ?? "", /constant and nonstop/);
  // hpet, acpi_pm, jiffies, xen; kvm-clock whose host no longer vouches for it; no vDSO.
  for (const entry of [250, 245, 190, 600]) {
    assertMatch(refusal(0, { ...costs, entry }) ?? "", /^The kernel does not let programs read/);
  }
  // Trapped, in a machine whose system calls are dearer still.
  assertMatch(
    refusal(0, { counter: 1500, entry: 1490, syscall: 3000 }) ?? "",
    /^Reading the counter is trapped: it costs 1\.01 times/,
  );
  assertMatch(refusal(0, { counter: NaN, entry: NaN, syscall: NaN }) ?? "", /^The kernel does not/);
});

test("ticks() does not go by costs that were disturbed", {
  skip: process.arch === "x64" ? skipWithoutGcc : "the shim is built for x86_64",
}, () => {
  const shim = wrongShim("disturbed");
  const { code, stdout, stderr } = run("tests/fixtures/print_counter.ts", [shim]);
  assertEquals([code, stderr], [0, ""]);
  const { refused = "it works" } = JSON.parse(stdout) as { refused?: string };
  // Where the CPU states no constant counter that is why.
  assertMatch(refused, /^The (kernel does not let programs read|CPU does not state)/);
});

test("trustOf() knows the kernel's own clock from a guest's", () => {
  assertEquals(trustOf("tsc", "tsc"), "kernel");
  assertEquals(trustOf("arch_sys_counter", "arch_sys_counter"), "kernel");
  for (const name of ["kvm-clock", "hyperv_clocksource_tsc_page", "xen"]) {
    assertEquals(trustOf("tsc", name), "guest");
  }
  for (const name of ["hpet", "tsc-early", "", undefined]) {
    assertEquals(trustOf("tsc", name), "unknown");
  }
});

const skipWithoutJumps = process.arch === "x64"
  ? skip || skipWithoutGcc
  : "the shim is built for x86_64";

statisticalTest("ticks() is driven by the kernel's clock once the counter has jumped twice", {
  // It waits for seconds to pass.
  skip: skipWithoutJumps || !full && nodeMajor !== 26 && "in the full tier; in Node 26 always",
}, () => {
  const { code, stdout, stderr } = run("tests/fixtures/ticks_that_jump.ts", [wrongShim("jumping")]);
  assertEquals([code, stderr], [0, ""]);
  const { ratio, ...rest } = JSON.parse(stdout) as Record<string, unknown>;
  assertEquals(rest, { reads: "CLOCK_MONOTONIC_RAW", jumps: 2, whole: true });
  assertLess(Math.abs(Number(ratio) - 1), 1e-3); // the rate is known from a moment alone
});
