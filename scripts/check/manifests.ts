/** Holds deno.json, package.json, cli/version.ts and CHANGELOG.md to the same story. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { VERSION } from "../../cli/version.ts";
import { ROOT } from "../runtimes.ts";

interface Manifest {
  name: string;
  version: string;
  license: string;
  exports: Record<string, string>;
  /** In deno.json. */
  imports?: Record<string, string>;
  /** In package.json. */
  devDependencies?: Record<string, string>;
}

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const deno = JSON.parse(read("deno.json")) as Manifest;
const npm = JSON.parse(read("package.json")) as Manifest;
const changelog = /^## \[?(\d[^\s\]]*)/m.exec(read("CHANGELOG.md"))?.[1];

const problems: string[] = [];
function same(what: string, expected: unknown, found: unknown): void {
  const [a, b] = [JSON.stringify(expected), JSON.stringify(found)];
  if (a !== b) problems.push(`${what}: deno.json has ${a}, found ${b}`);
}
same("name in package.json", deno.name, npm.name);
same("version in package.json", deno.version, npm.version);
same("license in package.json", deno.license, npm.license);
same("exports in package.json", deno.exports, npm.exports);
same("version in cli/version.ts", deno.version, VERSION);
for (
  const [, name = "", version] of Object.values(deno.imports ?? {}).flatMap((
    target,
  ) => [...target.matchAll(/^npm:\/?((?:@[^/]+\/)?[^@/]+)@([^/]+)/g)])
) {
  same(`version of ${name} in package.json`, version, npm.devDependencies?.[name]);
}
same("newest version in CHANGELOG.md", deno.version, changelog);

if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log(`deno.json, package.json, cli/version.ts and CHANGELOG.md agree on ${VERSION}`);
