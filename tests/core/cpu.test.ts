import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { toLocation } from "../../core/cpu.ts";
import { syscalls } from "../../doctor/mod.ts";
import { cpu, getcpu } from "../../mod.ts";
import { run, skipUnless } from "../support.ts";

test("getcpu() and cpu() name one of this machine's CPUs", () => {
  for (let i = 0; i < 1000; i++) {
    const { cpu: number, node } = getcpu();
    assert(Number.isInteger(number) && number >= 0 && number < 4096);
    assert(Number.isInteger(node) && node >= 0 && node < 1024);
    assert(Number.isInteger(cpu()));
  }
});

test("getcpu() is the system call's while the thread stays where it is", () => {
  let compared = 0;
  for (let i = 0; i < 2000; i++) {
    const before = syscalls.getcpu();
    const found = getcpu();
    const after = syscalls.getcpu();
    if (before.cpu !== after.cpu) continue; // moved meanwhile
    assertEquals(found, before);
    compared++;
  }
  assert(compared > 0);
});

const taskset = skipUnless(
  spawnSync("taskset", ["--version"]).status === 0,
  "taskset (util-linux) is not installed",
  "REQUIRE_TASKSET",
);

test("cpu() is the CPU that the thread is pinned to, for every CPU", {
  skip: taskset,
  timeout: 60_000,
}, () => {
  const allowed = spawnSync("taskset", ["-pc", String(process.pid)], { encoding: "utf8" }).stdout;
  const numbers = expandList(allowed.slice(allowed.lastIndexOf(":") + 1).trim());
  assert(numbers.length > 0, allowed);
  for (const number of numbers) {
    const { stdout, stderr } = run("tests/fixtures/cpu.ts", [], {
      launcher: ["taskset", "-c", String(number)],
    });
    assertEquals([stdout.trim(), stderr], [`${number} ${number}`, ""]);
  }
});

/** "0-2,4" */
function expandList(list: string): number[] {
  return list.split(",").flatMap((part) => {
    const [first = 0, last = first] = part.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

test("toLocation() splits the node from the CPU", () => {
  assertEquals(toLocation(0), { cpu: 0, node: 0 });
  assertEquals(toLocation(3 * 2 ** 32 + 7), { cpu: 7, node: 3 });
  assertEquals(toLocation(2 ** 32 - 1), { cpu: 2 ** 32 - 1, node: 0 });
});
