/**
 * The library on aarch64, on any machine: the real runtimes for that CPU, run by qemu-user, which
 * gives a program this machine's kernel and clocks, and no vDSO. Whether the vDSO's own code is
 * called right there takes a whole machine: that is not shown here.
 *
 * Each runtime starts once. Nothing is tried a second time: a crash fails the test.
 */
// both tiers: node26 (it is the same, whatever runs the test)
import { test } from "node:test";
import { assertEquals, assertGreater, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { CLOCK_AUX } from "../../mod.ts";
import ADDONS from "../../shim/node_images.json" with { type: "json" };
import { AARCH64, AARCH64_RUNTIMES, missing } from "../../scripts/aarch64.ts";
import { type ClockReading, readClocks } from "../fixtures/env_clocks.ts";
import { assertBetween, assertSameClocks } from "../fixtures/env_compare.ts";
import {
  allFrom,
  copySources,
  decodeOutcomes,
  returned,
  STEPS,
  thrown,
  withDirectory,
} from "../fixtures/env_run.ts";
import { nodeMajor, ROOT, skipUnless } from "../support.ts";

/** Runs the steps in a copy of the sources that finds koffi for aarch64. */
function runSteps(command: readonly string[], steps: readonly string[]): string {
  return withDirectory((root) => {
    copySources(root);
    symlinkSync(join(AARCH64, "node_modules"), join(root, "node_modules"));
    const [program = "", ...words] = command;
    const { status, signal, stdout, stderr, error } = spawnSync(
      program,
      [...words, join(root, STEPS), ...steps],
      { cwd: root, encoding: "utf8", timeout: 80_000, env: { ...process.env, NO_COLOR: "1" } },
    );
    if (error) throw error;
    assertEquals({ status, signal, stderr }, { status: 0, signal: null, stderr: "" });
    return stdout;
  });
}

/**
 * The clocks without the auxiliary ones, 16 to 23: qemu-user reads clocks through the C library, and
 * Linux 6.18's vDSO tells that a resolution of those even where the kernel has none of them.
 */
function comparable(readings: readonly ClockReading[]): ClockReading[] {
  return readings.filter(({ clock }) => clock < CLOCK_AUX || clock >= CLOCK_AUX + 8);
}

// The other runtimes would start the very same programs.
const lack = nodeMajor === 26 ? missing() : undefined;
const skip = nodeMajor !== 26
  ? "run once, by Node 26"
  : skipUnless(lack === undefined, lack ?? "", "REQUIRE_AARCH64");

for (const { name, ffi, command } of AARCH64_RUNTIMES) {
  test(`sources() says "syscall" in ${name} when qemu-user runs it on aarch64`, {
    skip,
    timeout: 90_000,
  }, () => {
    const before = comparable(readClocks());
    assertBetween(() => {
      const steps = ["sources", "clocks", "callNow 20000", "clockCost", "inspect", "now"] as const;
      const [sources, clocks, backwards, cost, inspected, time] = decodeOutcomes<typeof steps>(
        runSteps(command, steps),
      );
      const said = returned(sources);
      assertEquals([said.ffi, said.timeline, said.entries], [ffi, "machine", allFrom("syscall")]);
      assertMatch(said.reason ?? "", /^The kernel maps no vDSO into this process$/);
      assertSameClocks(before, comparable(returned(clocks)), comparable(readClocks()));
      assertEquals(returned(backwards), 0);
      const { nativeNs, syscallNs } = returned(cost);
      assertGreater(nativeNs, 0);
      assertGreater(syscallNs, 0);
      assertEquals(thrown(inspected).name, "UnsupportedError");
      return returned(time);
    });
  });
}

for (const { name, ffi, command } of AARCH64_RUNTIMES) {
  if (ffi !== "addon") continue;

  test(`the addon's calls are V8's fast ones, and right, in ${name} on aarch64`, {
    skip,
    timeout: 90_000,
  }, () => {
    withDirectory((directory) => {
      const addon = join(directory, "aarch64.node");
      writeFileSync(addon, Buffer.from(ADDONS.aarch64, "base64"));
      const [program = "", ...words] = command;
      const fixture = join(ROOT, "tests/fixtures/addon_v8.ts");
      const { status, stdout, stderr } = spawnSync(program, [...words, fixture, addon], {
        cwd: ROOT,
        encoding: "utf8",
        timeout: 80_000,
      });
      assertEquals([status, stdout], [0, '[{"fast":true,"wrong":[]}]\n'], stderr);
    });
  });
}

const ONE_NODE = AARCH64_RUNTIMES.find(({ name }) => name.startsWith("Node"));

test("the addon's functions take any arguments on aarch64, where C makes 0 of NaN", {
  skip,
  timeout: 90_000,
}, () => {
  const [program = "", ...words] = ONE_NODE?.command ?? [];
  const fixture = join(ROOT, "tests/fixtures/addon_odd_calls.ts");
  const { status, stdout, stderr } = spawnSync(program, [...words, fixture], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 80_000,
  });
  assertEquals([status, stdout], [0, "as expected\n"], stderr);
});
