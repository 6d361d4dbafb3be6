/**
 * Refuses a release whose tag, manifests, changelog and workflows do not say the same.
 *
 *   node scripts/setup.mjs scripts/release/check.ts v1.2.3
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { releaseProblems } from "./versions.ts";
import { ROOT } from "../runtimes.ts";

const [tag, ...rest] = process.argv.slice(2);
if (tag === undefined || rest.length > 0) {
  console.error("Usage: release/check.ts TAG");
  process.exit(2);
}

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const { version } = JSON.parse(read("deno.json")) as { version: string };
const problems = releaseProblems({ tag, version, changelog: read("CHANGELOG.md") });
for (const problem of problems) console.error(problem);

const checks = [["scripts/check/manifests.ts"], ["scripts/check/workflows.ts", "--release"]];
const failed = checks.filter((words) => {
  const { status, error } = spawnSync(process.execPath, words, { cwd: ROOT, stdio: "inherit" });
  if (error) throw error;
  return status !== 0;
});

if (problems.length > 0 || failed.length > 0) {
  console.error(`${tag} cannot be released`);
  process.exit(1);
}
console.log(`${tag} can be released`);
