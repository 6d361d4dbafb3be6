/** native/vsyscall.c, from which docs/vdso.md has its figures: the vDSO's predecessor still answers. */
// both tiers: node26 (it is the same, whatever runs the test)
import { assert, assertEquals, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { nativeProgram, skipWithoutGcc } from "../native.ts";

const skip = process.arch === "x64" ? skipWithoutGcc : "only x86_64 has vsyscalls";

interface Line {
  readonly call: string;
  readonly path: string;
  readonly ns: number;
  readonly value: string;
}

const CALLS = ["gettimeofday", "time", "getcpu"];
const PATHS = ["vdso", "system-call", "vsyscall"];

/** It takes 50 ms; a call that never comes back must not keep everybody waiting. */
function run(args: readonly string[]) {
  return spawnSync(nativeProgram("vsyscall"), args, { encoding: "utf8", timeout: 3_000 });
}

/** What it says of the page, and of each call by each path. */
function vsyscall(...args: string[]): { page: string; lines: Line[] } {
  const { status, signal, stdout, stderr } = run(args);
  assertEquals({ status, signal, stderr }, { status: 0, signal: null, stderr: "" });
  const [page = "", head = "", ...rows] = stdout.trimEnd().split("\n");
  assertMatch(head, /^call +path +ns per call +value$/);
  const lines = rows.map((row) => {
    const [call = "", path = "", ns = "", value = ""] = row.split(/\s+/);
    return { call, path, ns: Number(ns), value };
  });
  assertEquals(
    lines.map(({ call, path }) => [call, path]),
    CALLS.flatMap((call) => PATHS.map((path) => [call, path])),
  );
  return { page, lines };
}

/** The values of one call, as numbers, those that SIGSEGV met left out. */
function values(lines: readonly Line[], call: string): number[] {
  return lines.filter((line) => line.call === call && line.value !== "SIGSEGV")
    .map(({ value }) => Number(value));
}

test("vsyscall reports each call by each path, and all paths agree", { skip }, () => {
  const before = Date.now();
  const { page, lines } = vsyscall();
  const after = Date.now();
  const mapped = /^\S+ (\S+) .*\[vsyscall\]$/m.exec(readFileSync("/proc/self/maps", "utf8"))?.[1];
  assertEquals(page, `[vsyscall] ${mapped ?? "not mapped"}`);

  const micros = values(lines, "gettimeofday");
  assertEquals(micros, micros.toSorted((a, b) => a - b));
  for (const value of micros) {
    assert(before <= value / 1000 && value / 1000 < after + 1, `${value}`);
  }
  for (const value of values(lines, "time")) {
    // A timer tick behind the fine clock, 10 ms at most.
    assert(before - 10 < (value + 1) * 1000 && value * 1000 <= after, `${value}`);
  }
  assertEquals(new Set(values(lines, "getcpu")).size, 1);

  for (const { path, ns, value } of lines) {
    // The kernel answers vsyscalls unless it was started with vsyscall=none; the others always.
    const answers = path !== "vsyscall" || mapped !== undefined;
    assertEquals(value === "SIGSEGV", !answers);
    assertEquals(ns > 0, answers);
  }
});

test("vsyscall survives SIGSEGV and says so where there is no page", { skip }, () => {
  // Never mapped, and an address in the page that is no vsyscall.
  for (const page of ["0", "ffffffffff600c00"]) {
    for (const { path, ns, value } of vsyscall(page).lines) {
      assertEquals(value === "SIGSEGV", path === "vsyscall");
      assertEquals(Number.isNaN(ns), path === "vsyscall");
    }
  }
});

test("vsyscall says how it is used", { skip }, () => {
  for (const args of [["page"], ["0", "0"]]) {
    const { status, stderr } = run(args);
    assertEquals([status, stderr], [2, "usage: vsyscall [PAGE]\n"]);
  }
});
