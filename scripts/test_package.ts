/**
 * `npm run test:package`: builds the npm package, installs its tarball into empty projects, and
 * uses it there in every way that it promises (tests/package/).
 *
 *   node scripts/setup.mjs scripts/test_package.ts [--builder pack|dnt] [FILE...]
 *
 * Both builders' packages are tested. Where JSR is out of reach there is no dnt: that is said, and
 * counts as a failure if REQUIRE_JSR is set.
 */
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { environment, installProjects } from "../tests/package/projects.ts";
import { tarballName } from "./build/npm/manifest.ts";
import { BUILDERS } from "./build/npm/stage.ts";
import { ROOT } from "./runtimes.ts";

const EX_UNAVAILABLE = 69; // what build_npm.ts says where JSR is out of reach

type Outcome = "passed" | "failed" | "not run";

/** Builds and tests in a directory of its own, of which nothing stays. */
function testPackage(builder: string, files: readonly string[]): Outcome {
  console.log(`\n== The npm package as built by ${builder} ==\n`);
  const directory = mkdtempSync(join(tmpdir(), "vdso-package-"));
  try {
    const build = node(["scripts/build/npm.ts", "--builder", builder, "--out", directory]);
    if (build === EX_UNAVAILABLE) return process.env["REQUIRE_JSR"] ? "failed" : "not run";
    if (build !== 0) return "failed";
    installProjects(directory, join(directory, tarballName()));
    const options = ["--test", "--test-reporter=spec", "--test-concurrency=2"];
    const env = { ...environment(directory), PACKAGE_TEST_DIRECTORY: directory };
    return node([...options, ...files], env) === 0 ? "passed" : "failed";
  } catch (error) {
    console.error(error);
    return "failed";
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function node(args: readonly string[], env: NodeJS.ProcessEnv = process.env): number {
  const { status, error } = spawnSync(process.execPath, args, { cwd: ROOT, env, stdio: "inherit" });
  if (error) throw error;
  return status ?? 1;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { builder: { type: "string", multiple: true, default: [...BUILDERS] } },
});
const files = positionals.length > 0
  ? positionals
  : globSync("tests/package/*.test.ts", { cwd: ROOT }).sort();

const outcomes = values.builder.map((builder) => ({ builder, is: testPackage(builder, files) }));
console.log();
for (const { builder, is } of outcomes) {
  const because = is === "not run" ? ": JSR is out of reach, so that nothing is known of it" : "";
  console.log(`The npm package as built by ${builder}: ${is}${because}`);
}
if (outcomes.some(({ is }) => is === "failed")) process.exitCode = 1;
