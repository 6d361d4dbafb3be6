/**
 * Prepares Deno, Bun and Node for aarch64, to be run by qemu-user on any machine: the very versions
 * of package-lock.json, for the other CPU. Says what it does, and does nothing a second time.
 *
 *   node scripts/setup.mjs scripts/aarch64.ts
 *
 * Takes 0.8 GB below node_modules/.cache, and these packages of Debian: qemu-user-static,
 * libc6-arm64-cross, libstdc++6-arm64-cross, libgcc-s1-arm64-cross, libatomic1-arm64-cross.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "./runtimes.ts";

/** Where the other CPU's node_modules is. */
export const AARCH64 = join(ROOT, "node_modules/.cache/aarch64");

const STAMP = join(AARCH64, "package-lock.sha256");

/** Debian's libraries of the other CPU. */
const SYSROOT = "/usr/aarch64-linux-gnu";
const LIBRARIES = ["ld-linux-aarch64.so.1", "libstdc++.so.6", "libgcc_s.so.1", "libatomic.so.1"];

const EMULATOR = ["qemu-aarch64-static", "-L", SYSROOT];

/** A runtime for aarch64. */
export interface AArch64Runtime {
  readonly name: string;
  /** The FFI that the library should find. */
  readonly ffi: "deno" | "bun" | "addon";
  /** What comes before the file to run. */
  readonly command: readonly string[];
}

const bin = (path: string) => join(AARCH64, "node_modules", path);

export const AARCH64_RUNTIMES: readonly AArch64Runtime[] = [
  {
    name: "Deno",
    ffi: "deno",
    command: [...EMULATOR, bin("@deno/linux-arm64-glibc/deno"), "run", "--no-check", "--allow-all"],
  },
  { name: "Bun", ffi: "bun", command: [...EMULATOR, bin("@oven/bun-linux-aarch64/bin/bun")] },
  { name: "Node 26", ffi: "addon", command: [...EMULATOR, bin("node26-arm64/bin/node")] },
  { name: "Node 24", ffi: "addon", command: [...EMULATOR, bin("node24-arm64/bin/node")] },
  { name: "Node 22", ffi: "addon", command: [...EMULATOR, bin("node22-arm64/bin/node")] },
];

/** What is missing here, or undefined where everything is there. */
export function missing(): string | undefined {
  if (spawnSync("qemu-aarch64-static", ["--version"]).status !== 0) {
    return "qemu-aarch64-static is not installed (Debian: qemu-user-static)";
  }
  for (const library of LIBRARIES) {
    if (!existsSync(join(SYSROOT, "lib", library))) {
      return `${library} for aarch64 is not installed (Debian: the packages *-arm64-cross)`;
    }
  }
  if (!isPrepared()) return "aarch64 is not prepared: node scripts/setup.mjs scripts/aarch64.ts";
  return undefined;
}

function lockHash(): string {
  return createHash("sha256").update(readFileSync(join(ROOT, "package-lock.json"))).digest("hex");
}

function isPrepared(): boolean {
  return existsSync(STAMP) && readFileSync(STAMP, "utf8") === lockHash();
}

/** npm itself fetches another CPU's packages, and checks them against the lock. */
function prepare(): void {
  mkdirSync(AARCH64, { recursive: true });
  rmSync(STAMP, { force: true });
  for (const file of ["package.json", "package-lock.json", "tests/std_assert"]) {
    cpSync(join(ROOT, file), join(AARCH64, file), { recursive: true });
  }
  const platform = ["--cpu=arm64", "--os=linux", "--libc=glibc"];
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  execFileSync("npm", ["ci", ...platform, ...quiet], { cwd: AARCH64, stdio: "inherit" });
  writeFileSync(STAMP, lockHash());
}

if (import.meta.main) {
  if (isPrepared()) {
    console.log("aarch64: prepared already");
  } else {
    console.log(`aarch64: installing the locked runtimes into ${AARCH64} (npm ci --cpu=arm64) ...`);
    prepare();
  }
  const lack = missing();
  console.log(`aarch64: ${lack ?? "everything is there"}`);
  if (lack) process.exitCode = 1;
}
