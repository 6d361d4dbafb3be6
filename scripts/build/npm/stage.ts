/** The builders: each makes a directory of modules laid out as the sources are, .js and .d.ts. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT, RUNTIMES } from "../../runtimes.ts";

export const BUILDERS = ["pack", "dnt"] as const;
export type Builder = typeof BUILDERS[number];

const deno = RUNTIMES.find(({ name }) => name === "deno")?.bin ?? "deno";

/** Returns the directory of the modules, somewhere below `stage`. */
export function makeStage(builder: Builder, stage: string): string {
  mkdirSync(stage, { recursive: true });
  return builder === "pack" ? pack(stage) : dnt(stage);
}

/** `deno pack` makes a tarball, with declarations of what can be reached from outside. */
function pack(stage: string): string {
  const tarball = join(stage, "pack.tgz");
  run(deno, ["pack", "--quiet", "--allow-dirty", "--output", tarball]);
  execFileSync("tar", ["-xzf", tarball, "-C", stage]);
  return join(stage, "package");
}

/**
 * dnt runs in Deno, without deno.json: that one says that packages come from node_modules alone,
 * and dnt's own come from JSR.
 */
function dnt(stage: string): string {
  run(deno, [
    "run",
    "--allow-all",
    "--no-config",
    "--no-lock",
    "--node-modules-dir=none",
    "scripts/build/npm/dnt.ts",
    stage,
  ]);
  return join(stage, "esm");
}

/** Runs a builder, which has no news unless it fails; its exit status is then this program's. */
function run(program: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  if (status === 0) return;
  console.error(`${stdout}${stderr}${error ?? ""}`.trimEnd());
  process.exit(status ?? 1);
}
