/** Facts are collected wherever the kernel's files may be, and hold nothing private. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { collectFacts, passingCollector } from "../../../doctor/facts/collect.ts";
import { fillFacts, parseFacts } from "../../../doctor/facts/shape.ts";
import { CLOCK_BOOTTIME, CLOCK_MONOTONIC, clockGettime } from "../../../mod.ts";
import { timeNamespace } from "../../launchers.ts";
import { run, skipUnless } from "../../support.ts";
import { fakeFiles } from "./fake_files.ts";

const timeout = 60_000;

test("collectFacts() measures where nothing can be read, and says so", { timeout }, async () => {
  const { measured, clocksource, skipped } = await collectFacts({
    files: { read: (path) => ({ reason: `not ${path}`, absent: false }) },
  });
  assert((measured.clocks?.["monotonic"]?.nativeNs ?? 0) > 0);
  assertEquals(clocksource, { current: null, available: null, parameters: null, log: null });
  const checks = skipped.map(({ check }) => check);
  for (const check of ["clocksource", "boot parameters", "kernel log", "steal", "tracer"]) {
    assert(checks.includes(check), check);
  }
  assertEquals(checks.length, new Set(checks).size);
});

test("collectFacts() keeps no name of host, user or directory", { timeout }, async () => {
  const json = JSON.stringify(
    await collectFacts({
      files: fakeFiles({
        "/proc/cmdline": "root=/dev/mapper/private ip=10.1.2.3 tsc=reliable secret=1",
        "/proc/self/cgroup": "0::/docker/private\n",
        "/proc/1/cgroup": "0::/docker/private\n",
      }),
    }),
  );
  for (const word of ["private", "10.1.2.3", "secret"]) assert(!json.includes(word), word);
  assert(json.includes("tsc=reliable"));
});

test("passingCollector() collects anew who takes CPU time, and the wall clock", () => {
  const collect = passingCollector(
    fakeFiles({ "/proc/pressure/cpu": "some avg10=2.50 avg60=1.00 avg300=0.10 total=5\n" }),
  );
  const known = fillFacts({
    machine: { arch: "x86_64", places: ["docker"] },
    cpu: { pressure: 80, steal: 0.5 },
    wall: { taiS: 1000, rtcS: 60 },
  });
  const { cpu, wall, ...others } = collect(known);
  const { cpu: _cpu, wall: _wall, ...same } = known;
  assertEquals(others, same);
  assertEquals([cpu.pressure, cpu.steal, wall.rtcS], [2.5, null, null]);
  assert((cpu.windowNs ?? 0) > 0 && (wall.taiS ?? 1000) < 1000 && wall.status !== null);
});

test("passingCollector() keeps nothing of the wall clock that can be asked no more", () => {
  const known = fillFacts({
    wall: { state: 5, status: 0x40, maxerrorUs: 16e6, freqPpm: 1, tickUs: 10_000, rtcS: 60 },
  });
  const { wall } = passingCollector(fakeFiles({}), () => ({}))(known);
  assertEquals(wall, { ...fillFacts({}).wall, taiS: wall.taiS });
});

const launcher = timeNamespace(86_400, 0);
const skip = skipUnless(
  spawnSync(launcher[0] ?? "", [...launcher.slice(1), "true"]).status === 0,
  "no time namespace can be made here: that takes root",
  "REQUIRE_ROOT",
);

test("collectFacts() has below 0 what a time namespace takes from sleep", { skip, timeout }, () => {
  const { stdout } = run("cli.ts", ["doctor", "--collect", "-"], { launcher });
  const { monotonicOffsetS, suspendedS } = parseFacts(stdout).time;
  assertEquals(monotonicOffsetS, 86_400);
  const sleptS = Number(clockGettime(CLOCK_BOOTTIME) - clockGettime(CLOCK_MONOTONIC)) / 1e9;
  assertLess(Math.abs((suspendedS ?? 0) + 86_400 - sleptS), 0.5);
});
