/** The package's package.json, made from deno.json and package.json. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../runtimes.ts";

/** A module that users import, relative to the package. */
export interface EntryPoint {
  /** `"."`, `"./elf"`. */
  readonly name: string;
  readonly js: string;
  readonly types: string;
  /** The `vdso` command. */
  readonly bin: boolean;
  /** Not part of the library: may import what is built into Node. */
  readonly tool: boolean;
}

interface Manifest {
  name: string;
  version: string;
  description: string;
  license: string;
  exports: Record<string, string>;
}

const read = (file: string) => JSON.parse(readFileSync(join(ROOT, file), "utf8")) as Manifest;
const deno = read("deno.json");
const { description } = read("package.json");

const LIBRARY = [".", "./elf", "./otel", "./server"];
const COMMAND = "./cli";

/** What deno.json exports. */
export function entryPoints(): EntryPoint[] {
  return Object.entries(deno.exports).map(([name, source]) => {
    const base = source.replace(/^\.\//, "").replace(/\.ts$/, "");
    return {
      name,
      js: `${base}.js`,
      types: `${base}.d.ts`,
      bin: name === COMMAND,
      tool: !LIBRARY.includes(name),
    };
  });
}

/** What `npm pack` calls the tarball. */
export function tarballName(): string {
  return `${deno.name.replace("@", "").replace("/", "-")}-${deno.version}.tgz`;
}

/**
 * Writes a package.json into the folders of `./elf` and the like, for resolvers that do not know
 * "exports": eslint-plugin-import takes `@x/vdso/elf` for a folder. What was written, relative to
 * `output`.
 */
export function writeFolderManifests(output: string): string[] {
  const folders = entryPoints().filter(({ name, js }) => js === `${name.slice(2)}/mod.js`);
  return folders.map(({ name }) => {
    const file = `${name.slice(2)}/package.json`;
    const manifest = { type: "module", main: "./mod.js", types: "./mod.d.ts", sideEffects: false };
    writeFileSync(join(output, file), `${JSON.stringify(manifest, null, 2)}\n`);
    return file;
  });
}

/** Writes package.json into `output`. It has no scripts: nothing of ours runs at installation. */
export function writeManifest(output: string, files: readonly string[]): void {
  const entries = entryPoints();
  const command = entries.find(({ bin }) => bin);
  const library = entries.find(({ name }) => name === ".");
  const others = entries.filter((entry) => entry !== library);
  const repository = "https://github.com/x/vdso";
  const manifest = {
    name: deno.name,
    version: deno.version,
    description,
    keywords: ["vdso", "clock_gettime", "monotonic", "nanoseconds", "clock", "linux", "ffi", "elf"],
    homepage: `${repository}#readme`,
    bugs: { url: `${repository}/issues` },
    repository: { type: "git", url: `git+${repository}.git` },
    license: deno.license,
    type: "module",
    // "types" first: conditions are tried in order. "default" is for import and require() alike.
    exports: {
      ...Object.fromEntries(
        entries.map(({ name, js, types }) => [name, { types: `./${types}`, default: `./${js}` }]),
      ),
      "./package.json": "./package.json",
    },
    // For resolvers that do not know "exports": TypeScript's node10, eslint-plugin-import, browserify.
    main: `./${library?.js}`,
    types: `./${library?.types}`,
    typesVersions: {
      "*": Object.fromEntries(others.map(({ name, types }) => [name.slice(2), [`./${types}`]])),
    },
    bin: command && { vdso: command.js },
    sideEffects: entries.filter(({ bin }) => bin).map(({ js }) => `./${js}`),
    files: [...files].sort(),
    engines: { node: ">=22.12" },
    peerDependencies: { koffi: "^2.16.0 || ^3.0.0" },
    peerDependenciesMeta: { koffi: { optional: true } },
  };
  writeFileSync(join(output, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}
