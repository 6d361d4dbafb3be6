/** What the tests of the package share. */
import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Sources } from "../../mod.ts";
import { tarballName } from "../../scripts/build/npm/manifest.ts";
import { ROOT, type RuntimeName, RUNTIMES } from "../../scripts/runtimes.ts";
import { environment, type PROJECTS } from "./projects.ts";

export const directory: string = process.env["PACKAGE_TEST_DIRECTORY"] ?? "";
if (!existsSync(directory)) throw new Error("These tests run in: npm run test:package");

export const tarball: string = join(directory, tarballName());

/** The directory of an installed project. */
export function project(name: keyof typeof PROJECTS): string {
  return join(directory, name);
}

/** The package as installed. */
export const installed: string = join(project("plain"), "node_modules/@x/vdso");

/** A development tool of this project. */
export function tool(name: string): string {
  return join(ROOT, "node_modules/.bin", name);
}

/** A runtime's program. */
export function runtimeBin(name: RuntimeName): string {
  const runtime = RUNTIMES.find((runtime) => runtime.name === name);
  if (!runtime) throw new Error(`No such runtime: ${name}`);
  return runtime.bin;
}

/** Runs a program that must succeed in silence; returns its standard output. */
export function output(
  cwd: string,
  [program = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    env: { ...environment(directory), ...env },
    timeout: 60_000,
  });
  if (error) throw error;
  const told = status === 0 ? stderr : `${stderr}${stdout}`;
  assertEquals([told, status], ["", 0], [program, ...args].join(" "));
  return stdout;
}

/** What the programs of tests/fixtures/package_*.mjs print. */
export interface Report {
  readonly now: number;
  readonly nowBigInt: string;
  readonly sources: Sources;
  readonly throwsElfError: boolean;
  readonly soname: string | null;
}

const SONAME = /^linux-vdso\.so\.1$/;

/** Runs such a program, and holds it to the FFI that it should find. */
export function assertReport(
  cwd: string,
  command: readonly string[],
  ffi: Sources["ffi"],
): void {
  const before = process.hrtime.bigint();
  const report = JSON.parse(output(cwd, command)) as Report;
  const after = process.hrtime.bigint();
  const { sources, throwsElfError, soname } = report;
  const source = ffi === "none" ? "runtime" : "vdso";
  assertEquals(
    { ffi: sources.ffi, timeline: sources.timeline, source: sources.entries.clock_gettime },
    { ffi, timeline: "machine", source },
  );
  assertEquals(throwsElfError, true);
  assertEquals(soname !== null && SONAME.test(soname), ffi !== "none");
  // One timeline for every process: this one's clock was read before and after.
  for (const stamp of [BigInt(report.now), BigInt(report.nowBigInt)]) {
    assertEquals([before <= stamp, stamp <= after], [true, true]);
  }
}
