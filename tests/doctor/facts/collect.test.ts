/** Facts are collected wherever the kernel's files may be, and hold nothing private. */
import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { collectFacts } from "../../../doctor/facts/collect.ts";
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
