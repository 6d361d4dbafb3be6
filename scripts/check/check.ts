/** `npm run check`: everything that can be told without running the tests. */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { ROOT, RUNTIMES } from "../runtimes.ts";

const deno = RUNTIMES.find(({ name }) => name === "deno")?.bin ?? "deno";
const tsc = join(ROOT, "node_modules/.bin/tsc");

const EXAMPLES = [
  "deno_script",
  "workers",
  "log_line",
  "opentelemetry",
  "bench_copy",
  "bench_json",
  "bench_hash",
  "bench_http",
  "bench_clocks",
].map((name) => `examples/${name}.ts`);
const sources = (folder: string) => globSync(`${folder}/*.ts`, { cwd: ROOT }).sort();

const ENTRIES = [
  "mod.ts",
  "doctor/mod.ts",
  "elf/mod.ts",
  "jitter/mod.ts",
  "bench/mod.ts",
  "bench/tinybench.ts",
  "bench/mitata.ts",
  "otel/mod.ts",
  "server/mod.ts",
];

const CHECKS: readonly (readonly [program: string, ...args: string[]])[] = [
  [process.execPath, "scripts/check/imports.ts"],
  [process.execPath, "scripts/check/powers.ts"],
  [process.execPath, "scripts/check/manifests.ts"],
  [process.execPath, "scripts/check/workflows.ts"],
  [process.execPath, "scripts/check/tests.ts"],
  [process.execPath, "scripts/check/sizes.ts"],
  [process.execPath, "scripts/check/contributing.ts"],
  [process.execPath, "scripts/build/cli_docs.ts", "--check"],
  [process.execPath, "scripts/build/doctor_pages.ts", "--check"],
  [process.execPath, "scripts/build/doctor_schema.ts", "--check"],
  [deno, "fmt", "--check"],
  [deno, "lint"],
  [deno, "check", ...ENTRIES, "cli.ts", ...EXAMPLES],
  [tsc, "--project", "tsconfig.json"],
  [deno, "doc", "--lint", ...ENTRIES],
  [deno, "publish", "--dry-run", "--allow-dirty"],
  // Runs the examples of the docstrings.
  [
    deno,
    "test",
    "--doc",
    "--allow-all",
    "mod.ts",
    ...sources("core"),
    ...sources("doctor"),
    ...sources("elf"),
    ...sources("elf/unwind"),
    ...sources("jitter"),
    ...sources("bench"),
    ...sources("otel"),
    ...sources("server"),
  ],
];

for (const [program, ...args] of CHECKS) {
  const words = [program.slice(program.lastIndexOf("/") + 1), ...args].join(" ");
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: ROOT,
    encoding: "utf8",
  });
  console.log(`${status === 0 ? "ok" : "FAILED"}  ${words}`);
  if (status === 0) continue;
  console.log(stdout, stderr, error ?? "");
  process.exitCode = 1;
}
