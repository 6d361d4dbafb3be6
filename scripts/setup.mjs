/**
 * The first step of every command: makes sure that node_modules is what package-lock.json says,
 * then runs a script with the newest Node in it. Plain JavaScript, for the Node 20 that a newcomer
 * may have.
 *
 *   node scripts/setup.mjs [SCRIPT.ts ARGS...]
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { arch } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stamp = join(root, "node_modules/.package-lock.sha256");
const lock = createHash("sha256").update(readFileSync(join(root, "package-lock.json"))).digest(
  "hex",
);

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  console.error("Installing the runtimes and tools (npm ci) ...");
  // Without scripts: the runtimes come as packages for this platform, and nothing is compiled.
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
  writeFileSync(stamp, lock);
}

const [script, ...args] = process.argv.slice(2);
if (script) {
  run(join(root, `node_modules/node26-${arch()}/bin/node`), [join(root, script), ...args]);
}

function run(command, args) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(signal ? 1 : status);
}
