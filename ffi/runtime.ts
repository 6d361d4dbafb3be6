/**
 * Which runtime this is, and what it offers by itself: its built-in modules, the kernel's files.
 * Nothing outside `ffi/` asks.
 *
 * @module
 */

/** A JavaScript runtime, as far as this library tells them apart. */
export type Runtime = "deno" | "bun" | "node" | "other";

/** What is read of the global object, in whichever runtime. */
export interface Globals {
  Deno?: {
    version?: unknown;
    dlopen?: unknown;
    build: { os: string; arch: string };
    permissions: { querySync(descriptor: { name: string; kind?: string }): { state: string } };
    readTextFileSync(path: string): string;
    osUptime(): number;
    unrefTimer?(id: number): void;
  };
  Bun?: { nanoseconds(): number };
  process?: Process;
  performance: { now(): number };
}

/** Microseconds of CPU time. */
interface CpuUsage {
  user: number;
  system: number;
}

/** `process`, in Node and Bun; Deno has one, too. */
export interface Process {
  platform: string;
  arch: string;
  argv: readonly string[];
  execArgv?: readonly string[];
  versions?: { node?: string; bun?: string; deno?: string };
  hrtime: { bigint(): bigint };
  cpuUsage(since?: CpuUsage): CpuUsage;
  threadCpuUsage?(): CpuUsage;
  getBuiltinModule?(id: string): unknown;
}

/** The global object as this library sees it. Taking it touches nothing on it. */
export const globals: Globals = globalThis as unknown as Globals;

/**
 * Tells the runtime by what only it has. Not by `process.versions.node`, which Bun and Deno have
 * too, nor by touching `process` before Deno is ruled out: there that loads Node's whole API.
 */
export function detectRuntime(g: Globals = globals): Runtime {
  if (isDeno(g)) return "deno";
  if (g.process?.versions?.bun) return "bun";
  if (g.process?.versions?.node) return "node";
  return "other";
}

/** Whether `Deno` is Deno's own: what a shim puts there, in Node, has no FFI. */
function isDeno(g: Globals): g is Globals & { Deno: object } {
  if (!g.Deno) return false;
  return typeof g.Deno.dlopen === "function" || g.process?.versions?.deno !== undefined;
}

/** Operating system and CPU by the kernel's names: `linux`, `x86_64`, `aarch64`, `ppc64le`. */
export function detectPlatform(g: Globals = globals): { os: string; arch: string } {
  if (isDeno(g)) return { os: g.Deno.build.os, arch: g.Deno.build.arch };
  const arch = g.process?.arch ?? "unknown";
  return { os: g.process?.platform ?? "unknown", arch: NODE_ARCHES[arch] ?? arch };
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Where Node's name is not the kernel's. Node has one name for both byte orders of PowerPC. */
const NODE_ARCHES: Readonly<Record<string, string>> = {
  x64: "x86_64",
  arm64: "aarch64",
  ...(LITTLE_ENDIAN && { ppc64: "ppc64le" }),
};

/** A module built into Bun or Node, synchronously and out of every bundler's sight. */
export function builtin(id: string): unknown {
  return globals.process?.getBuiltinModule?.(id);
}

const DENO_PERMISSIONS = ["read", "write", "net", "env", "sys", "run", "ffi"];

/**
 * Whether the kernel's files may be asked for. Deno gives those below /proc and /sys to `--allow-all`
 * alone, and would prompt.
 */
export function mayReadKernelFiles(g: Globals = globals): boolean {
  return !isDeno(g) ||
    DENO_PERMISSIONS.every((name) => g.Deno.permissions.querySync({ name }).state === "granted");
}

/**
 * The text of one of the kernel's files below /proc or /sys, or undefined where it may not be
 * read.
 */
export function readKernelFile(path: string, g: Globals = globals): string | undefined {
  try {
    if (!isDeno(g)) {
      const fs = builtin("node:fs") as { readFileSync(path: string, encoding: "utf8"): string };
      return fs.readFileSync(path, "utf8");
    }
    return mayReadKernelFiles(g) ? g.Deno.readTextFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}
