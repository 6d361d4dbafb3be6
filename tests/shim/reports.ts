/** Reports of processes that load the shim as a library, and what the tests of that share. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import type { Report } from "../fixtures/load_report.ts";
import { libraryFfi, run, type RunOptions, runtime, skipUnless } from "../support.ts";

export const timeout = 60_000;

export const onlyDeno = runtime === "deno" ? false : "a matter of Deno's permissions";

export const skipWithoutStrace = skipUnless(
  spawnSync("strace", ["--version"]).status === 0,
  "strace is not installed",
  "REQUIRE_STRACE",
);

/** Runs a program that prints JSON, and nothing else, on either stream. */
export function json<T>(file: string, args: readonly string[] = [], options: RunOptions = {}): T {
  const result = run(file, args, { addon: false, ...options });
  assertEquals({ ...result, stdout: "" }, { code: 0, signal: null, stdout: "", stderr: "" });
  return JSON.parse(result.stdout);
}

export function report(options: RunOptions = {}, args: readonly string[] = []): Report {
  return json("tests/fixtures/load_report.ts", args, options);
}

/** The vDSO answers through this runtime's FFI, and every group of functions could be had. */
export function assertVdso({ sources, now, step, later, symbols, resolution }: Report): void {
  assertEquals(sources, {
    ffi: libraryFfi,
    timeline: "machine",
    entries: { ...sources.entries, clock_gettime: "vdso" },
  });
  assert(step >= 0 && BigInt(now) <= BigInt(later), "now() and nowBigInt() are on one timeline");
  assertEquals(resolution, "1");
  assert(symbols !== undefined && symbols > 0);
}

/** The runtime's clock answers, with the reason. */
export function assertRuntimeClock({ sources, step }: Report, reason: RegExp): void {
  assertEquals(sources.ffi, "none");
  assertEquals(sources.timeline, runtime === "node" ? "machine" : "context");
  assertEquals([...new Set(Object.values(sources.entries))], ["runtime"]);
  assertMatch(sources.reason ?? "", reason);
  assert(step >= 0);
}
