/** The projects that the package is installed into. */
import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { ROOT } from "../../scripts/runtimes.ts";

/** By name: what is installed beside the package. */
export const PROJECTS = {
  plain: [],
  koffi: [`koffi@${koffiVersion()}`],
  oldestKoffi: ["koffi@2.16.0"], // the first that package.json's peerDependencies allow
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Makes every project in `directory`: what `npm install` makes of an empty one, and our programs. */
export function installProjects(directory: string, tarball: string): void {
  for (const [name, beside] of Object.entries(PROJECTS)) {
    const project = join(directory, name);
    mkdirSync(project);
    // With scripts allowed for the plain one: nothing of ours may run, and contents.test.ts asks.
    const scripts = `--ignore-scripts=${name !== "plain"}`;
    npmInstall(project, [scripts, tarball, ...beside]);
    for (const file of globSync("tests/fixtures/package_*", { cwd: ROOT })) {
      cpSync(join(ROOT, file), join(project, basename(file).replace(/^package_/, "")));
    }
  }
}

/** In a process that knows nothing of the one that `npm run` started this in. */
export function npmInstall(project: string, args: readonly string[]): void {
  const quiet = ["--no-audit", "--no-fund", "--prefer-offline"];
  execFileSync("npm", ["install", ...quiet, ...args], {
    cwd: project,
    env: environment(project),
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** The environment of what is started: caches go where everything else goes that is made here. */
export function environment(directory: string): Record<string, string | undefined> {
  const env: Record<string, string | undefined> = {
    ...process.env,
    NO_COLOR: "1",
    npm_config_loglevel: "error",
    DENO_DIR: join(directory, ".deno"),
    DENO_NO_UPDATE_CHECK: "1",
  };
  delete env["NODE_OPTIONS"];
  delete env["npm_config_local_prefix"];
  return env;
}

function koffiVersion(): string {
  const file = join(ROOT, "package.json");
  const { devDependencies: { koffi } } = JSON.parse(readFileSync(file, "utf8")) as {
    devDependencies: { koffi: string };
  };
  return koffi;
}
