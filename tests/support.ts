/** What the tests share: which runtime this is, and how to start it again on another file. */
import { spawnSync } from "node:child_process";
import os from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext, type TestOptions } from "node:test";
import type { Sources } from "../mod.ts";

export const ROOT = join(import.meta.dirname, "..");

interface Versions {
  deno?: string;
  bun?: string;
  node: string;
}
const versions = process.versions as unknown as Versions;

/** The runtime that these tests run in. */
export const runtime: "deno" | "bun" | "node" = versions.deno
  ? "deno"
  : versions.bun
  ? "bun"
  : "node";

/** 22, 24, 26; 0 in Deno and Bun, which pretend to some version. */
export const nodeMajor: number = runtime === "node" ? parseInt(versions.node) : 0;

/** The FFI that the library should find here. */
export const expectedFfi: "deno" | "bun" | "addon" = runtime === "node" ? "addon" : runtime;

/** The FFI that can open the shim as a library: `bind({ shim })`. */
export const libraryFfi: "deno" | "bun" | "node" | "koffi" = runtime !== "node"
  ? runtime
  : nodeMajor >= 26
  ? "node"
  : "koffi";

const x86 = process.arch === "x64";
const [major = 0, minor = 0] = os.release().split(".").map(Number);
/** Whether Linux has it in the vDSO: from 6.11 (x86_64) or 6.12 (aarch64) on. */
const hasGetrandom = major > 6 || (major === 6 && minor >= (x86 ? 11 : 12));

/** What sources() must say here of the entries, and of why some are system calls. */
export const expectedSources: Pick<Sources, "reason" | "entries"> = {
  ...(x86 && hasGetrandom ? {} : {
    reason: `This vDSO has no ${
      [...(x86 ? [] : ["time", "getcpu"]), ...(hasGetrandom ? [] : ["getrandom"])].join(", ")
    }`,
  }),
  entries: {
    clock_gettime: "vdso",
    clock_getres: "vdso",
    gettimeofday: "vdso",
    time: x86 ? "vdso" : "syscall",
    getcpu: x86 ? "vdso" : "syscall",
    getrandom: hasGetrandom ? "vdso" : "syscall",
  },
};

/** Whether this is `npm run test:full`, where sizes may be large. */
export const full: boolean = process.env["TEST_TIER"] === "full";

/**
 * A test whose outcome is a matter of chance, or of what else the machine does: it fails if it fails
 * twice in a row. `npm test` lists those that needed the second try.
 */
export function statisticalTest(
  name: string,
  options: TestOptions,
  fn: (context: TestContext) => void | Promise<void>,
): void {
  test(`${name} (statistical)`, options, async (context) => {
    try {
      await fn(context);
    } catch (error) {
      const [reason] = String(error).split("\n");
      console.log(`Second try: ${name}: ${reason}`); // scripts/test/run.ts looks for this line
      await fn(context);
    }
  });
}

export interface RunOptions {
  /** Deno's permissions, in place of --allow-all. */
  readonly deno?: readonly string[];
  /** Node's options. */
  readonly node?: readonly string[];
  /** False: Node cannot load the shim as an addon, and takes {@link libraryFfi}. */
  readonly addon?: boolean;
  /** A program that starts the runtime, and its arguments. */
  readonly launcher?: readonly string[];
  readonly cwd?: string;
  /** Milliseconds; a minute if left out. */
  readonly timeout?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** There is no FFI then, in Deno and Node. Bun has no permissions: it is without an FFI nowhere. */
export const WITHOUT_FFI: RunOptions = {
  deno: ["--no-prompt"],
  node: ["--permission", "--allow-fs-read=*"],
};

export interface RunResult {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * This runtime's program. Spelt in another way, since Deno's node:child_process looks for Deno's own
 * path among the words, takes what follows for Node's options, and adds --allow-all.
 */
const PROGRAM = process.execPath.replace(/\/([^/]+)$/, "/./$1");

const NO_ADDON = join(ROOT, "tests/fixtures/no_addon.ts");

/** The words that run `file` in this very runtime. */
export function command(
  file: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): string[] {
  const flags = runtime === "deno"
    ? ["run", "--no-check", "--quiet", ...(options.deno ?? ["--allow-all"])]
    : runtime === "node"
    ? [...(options.addon === false ? ["--import", NO_ADDON] : []), ...(options.node ?? [])]
    : [];
  const launcher = [
    ...(runtime === "deno" ? DENO_WITHOUT_COVERAGE : []),
    ...(options.launcher ?? []), // last: what it does to a process ends with the next exec
  ];
  return [...launcher, PROGRAM, ...flags, file, ...args];
}

/**
 * Takes away what asks the child to measure coverage where it cannot: Deno's Workers never end then,
 * and Node says so where a launcher lets it write nothing. Both pass it on by themselves, Node unless
 * it is there as undefined, Deno whatever is there.
 */
function withoutCoverage({ launcher }: RunOptions): Record<string, undefined> {
  return launcher ? { NODE_V8_COVERAGE: undefined } : {};
}
const DENO_WITHOUT_COVERAGE = ["env", "-u", "DENO_COVERAGE_DIR"];

/** Runs `file` (below the root, or absolute) in this very runtime, to its end. */
export function run(
  file: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): RunResult {
  const [program = "", ...rest] = command(
    join(file.startsWith("/") ? "" : ROOT, file),
    args,
    options,
  );
  const { status, signal, stdout, stderr, error } = spawnSync(program, rest, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, NO_COLOR: "1", ...withoutCoverage(options), ...options.env },
    encoding: "utf8",
    timeout: options.timeout ?? 60_000,
  });
  if (error) throw error;
  return { code: status, signal, stdout, stderr };
}

/**
 * The `skip` option of a test: the reason where something is missing, unless the environment
 * variable `required` says that nothing may be missing here, as it does in CI.
 */
export function skipUnless(present: boolean, reason: string, required: string): string | false {
  if (present) return false;
  if (process.env[required]) throw new Error(`${required} is set, but: ${reason}`);
  return reason;
}
