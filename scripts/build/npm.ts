/**
 * Builds the npm package: dist/npm, and its tarball beside it.
 *
 *   node scripts/setup.mjs scripts/build/npm.ts [--builder pack|dnt] [--out dist]
 *
 * A builder makes JavaScript and declarations of the TypeScript, module by module: `deno pack`,
 * which is part of Deno, or dnt, which comes from JSR. The rest is the same for either: the modules
 * are bundled, with what they take from npm, into one file for each entry point, and package.json,
 * licences and documents are put beside them. Bundled, the library starts earlier than in its
 * eighteen modules: by 7 to 9 ms in Node, 3 in Bun, 1 in Deno.
 *
 * Exit status: 69 (EX_UNAVAILABLE of sysexits.h) if dnt was asked for where JSR is out of reach.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { writeAddons } from "./npm/addon.ts";
import { bundle } from "./npm/bundle.ts";
import { copyTypes } from "./npm/declarations.ts";
import { thirdPartyLicenses } from "./npm/licenses.ts";
import { entryPoints, tarballName, writeFolderManifests, writeManifest } from "./npm/manifest.ts";
import { type Builder, BUILDERS, makeStage } from "./npm/stage.ts";
import { ROOT } from "../runtimes.ts";

const DOCUMENTS = ["README.md", "CHANGELOG.md", "LICENSE"];

const { values } = parseArgs({
  options: {
    builder: { type: "string", default: "pack" },
    out: { type: "string", default: join(ROOT, "dist") },
  },
});
const builder = values.builder as Builder;
if (!BUILDERS.includes(builder)) {
  console.error(`Expected --builder to be one of ${BUILDERS.join(", ")}, got ${values.builder}`);
  process.exit(2);
}

const dist = resolve(values.out);
// Below the checkout, so that esbuild finds its node_modules.
const stage = join(ROOT, "dist", `stage-${builder}`);
const output = join(dist, "npm");
const tarball = join(dist, tarballName());

const removeStage = () => rmSync(stage, { recursive: true, force: true });
removeStage();
process.on("exit", removeStage);
const modules = makeStage(builder, stage);
const entries = entryPoints();
for (const old of [output, tarball]) rmSync(old, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
const { files, packages } = await bundle(modules, output, entries);
const types = copyTypes(modules, output, entries);
const addons = writeAddons(output);
thirdPartyLicenses(packages, join(output, "THIRD_PARTY_LICENSES"));
for (const document of DOCUMENTS) copyFileSync(join(ROOT, document), join(output, document));
const others = [...writeFolderManifests(output), ...DOCUMENTS, "THIRD_PARTY_LICENSES"];
writeManifest(output, [...files, ...types, ...addons, ...others]);
execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", dist], {
  cwd: output,
  stdio: ["ignore", "ignore", "inherit"],
});

console.log(`${tarball}: ${statSync(tarball).size} bytes, built by ${builder}`);
for (const file of [...files, ...addons]) {
  console.log(`  ${file}: ${statSync(join(output, file)).size} bytes`);
}
console.log(`  bundled: ${packages.map(({ name, version }) => `${name}@${version}`).join(", ")}`);
