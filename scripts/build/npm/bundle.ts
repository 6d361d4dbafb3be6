/** Bundles the modules of a stage: one file for each entry point, and for what they share. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, posix, relative, resolve } from "node:path";
import { build, type BuildOptions, type Metafile, type Plugin, transform } from "esbuild";
import { keepImagesApart, requireImages } from "./addon.ts";
import type { EntryPoint } from "./manifest.ts";
import { type Minified, minify } from "./minify.ts";
import { portableMap } from "./source_map.ts";

/** A package whose code became part of ours. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  readonly directory: string;
}

export interface Bundle {
  /** Relative to the output directory. */
  readonly files: readonly string[];
  readonly packages: readonly BundledPackage[];
}

const PACKAGE = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//;

// Stands before an entry point's path until it is known from where it is imported.
const ENTRY = "entry-point:";

/**
 * What takes a package of CommonJS modules. It is bundled by itself: otherwise every entry point would
 * import what esbuild needs for those.
 */
const APART = { module: "cli/jitter/hdr.js", file: "chunks/cli_jitter_hdr.js" };

/** What tools take of the library beyond its API. */
const INTERNALS = "core/internals.js";

/**
 * Bundles `entries`, modules below `stage`, into `output`.
 *
 * The library is one file, since each that a program imports costs it milliseconds. What it shares
 * with ./elf is in both: that keeps no state. Its tools take its internals through an export that no
 * declaration tells of.
 */
export async function bundle(
  stage: string,
  output: string,
  entries: readonly EntryPoint[],
): Promise<Bundle> {
  const library = entries.filter(({ name }) => name === ".");
  const others = entries.filter(({ name }) => name !== ".");
  const options = (
    entryPoints: string[] | Record<string, string>,
  ): BuildOptions & { write: false; metafile: true } => ({
    absWorkingDir: stage,
    entryPoints,
    outdir: output,
    outbase: stage,
    bundle: true,
    splitting: true, // what two entry points share exists once
    chunkNames: "chunks/[hash]",
    format: "esm",
    platform: "node",
    target: "esnext", // these are the modules that the tests run in every runtime
    tsconfigRaw: {},
    legalComments: "none", // THIRD_PARTY_LICENSES has them all
    sourcemap: "external",
    write: false,
    metafile: true,
    logLevel: "error",
  });
  const internals = await namesOf(join(stage, INTERNALS));
  const bundles = [
    await build({
      ...options(library.map(({ js }) => js)),
      plugins: [exportInternals(stage, library, internals), keepImagesApart()],
    }),
    await build({
      ...options(others.map(({ js }) => js)),
      plugins: [
        keepEntriesApart(stage, entries),
        importInternals(stage, library, internals),
        minifyPackages(),
      ],
    }),
    await build({
      ...options({ [APART.file.slice(0, -".js".length)]: APART.module }),
      plugins: [replaceModules(), minifyPackages()],
    }),
  ];
  const files: string[] = [];
  const packages: BundledPackage[] = [];
  for (const { outputFiles, metafile } of bundles) {
    rejectImports(metafile, entries);
    const names = chunkNames(metafile);
    const maps = new Map(outputFiles.map(({ path, text }) => [path, text]));
    for (const { path, text } of outputFiles) {
      if (path.endsWith(".map")) continue;
      const { file, code } = settle(relative(output, path), text, names);
      const map = portableMap(maps.get(`${path}.map`) as string, path, file);
      files.push(...write(output, file, await minify(file, requireImages(code), map), entries));
    }
    packages.push(...packagesOf(metafile, stage));
  }
  return { files: files.sort(), packages };
}

/** What a module of re-exports exports. */
async function namesOf(file: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [file],
    bundle: true,
    format: "esm",
    platform: "node",
    write: false,
    metafile: true,
    logLevel: "error",
  });
  return Object.values(metafile.outputs).flatMap(({ exports }) => exports);
}

/** Adds them to the library's file, by a function: a namespace would cost each start 0.2 ms. */
function exportInternals(
  stage: string,
  library: readonly EntryPoint[],
  names: readonly string[],
): Plugin {
  const paths = new Set(library.map(({ js }) => join(stage, js)));
  const list = `{ ${names.join(", ")} }`;
  return {
    name: "export-internals",
    setup({ onLoad }) {
      onLoad({ filter: /\.js$/ }, ({ path }) => {
        if (!paths.has(path)) return undefined;
        const more = `\nimport ${list} from "./${INTERNALS}";\n` +
          `export const internals = () => (${list});\n`;
        return { contents: readFileSync(path, "utf8") + more, resolveDir: dirname(path) };
      });
    },
  };
}

/** Takes them from there. */
function importInternals(
  stage: string,
  library: readonly EntryPoint[],
  names: readonly string[],
): Plugin {
  const file = join(stage, INTERNALS);
  const [entry] = library;
  return {
    name: "import-internals",
    setup({ onLoad }) {
      onLoad({ filter: /\binternals\.js$/ }, ({ path }) =>
        path !== file ? undefined : {
          contents: `import { internals } from "../${entry?.js}";\n` +
            `export const { ${names.join(", ")} } = internals();\n`,
          resolveDir: dirname(path),
        });
    },
  };
}

/**
 * What stands in for parts of hdr-histogram-js: it has itself a second time, as WebAssembly, which nobody
 * asks it for, and brings a compressor that every runtime has.
 */
const REPLACED: Readonly<Record<string, string>> = {
  "./wasm": "exports.webAssemblyAvailable = false;",
  pako: 'export { deflateSync as deflate, inflateSync as inflate } from "node:zlib";',
};

function replaceModules(): Plugin {
  const namespace = "replaced";
  return {
    name: "replace-modules",
    setup({ onLoad, onResolve }) {
      onResolve(
        { filter: /^(\.\/wasm|pako)$/ },
        ({ path, importer }) => importer.includes("/hdr-histogram-js/") ? { path, namespace } : {},
      );
      onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: REPLACED[path] ?? "" }));
    },
  };
}

/** Packages lose their names, too: nobody looks for these in a stack. */
function minifyPackages(): Plugin {
  return {
    name: "minify-packages",
    setup({ onLoad }) {
      onLoad({ filter: PACKAGE }, async ({ path }) => {
        if (!path.endsWith(".js")) return undefined;
        const text = readFileSync(path, "utf8");
        const { code } = await transform(text, { minifyIdentifiers: true, target: "esnext" });
        return { contents: code };
      });
    },
  };
}

/**
 * An entry point that another one imports stays a file of its own: otherwise esbuild would move its
 * code into a chunk, and everybody's import of "." would take one file more.
 */
function keepEntriesApart(stage: string, entries: readonly EntryPoint[]): Plugin {
  const paths = new Map(entries.map(({ js }) => [join(stage, js), js]));
  paths.set(join(stage, APART.module), APART.file);
  return {
    name: "keep-entries-apart",
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
        const entry = kind === "entry-point" ? undefined : paths.get(resolve(resolveDir, path));
        return entry === undefined ? {} : { path: `${ENTRY}${entry}`, external: true };
      });
    },
  };
}

/** Everything is bundled but what is built into Node, and the library takes not even that. */
function rejectImports({ outputs }: Metafile, entries: readonly EntryPoint[]): void {
  const library = entries.filter(({ tool }) => !tool).map(({ js }) => js);
  const isEntry = (path: string) => library.includes(outputs[path]?.entryPoint ?? "");
  // With the chunks that it takes: a Set may grow while it is iterated.
  const ofLibrary = new Set(Object.keys(outputs).filter(isEntry));
  for (const path of ofLibrary) {
    for (const { path: next, external } of outputs[path]?.imports ?? []) {
      if (!external) ofLibrary.add(next);
    }
  }
  for (const [output, { imports }] of Object.entries(outputs)) {
    for (const { path, external } of imports) {
      if (!external || path.startsWith(ENTRY)) continue;
      if (path.startsWith("node:") && !ofLibrary.has(output)) continue;
      throw new Error(`${basename(output)} may not import ${path}`);
    }
  }
}

/** By the name that esbuild gave it, each chunk's own: that of the module on top of it. */
function chunkNames(metafile: Metafile): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [path, { entryPoint, inputs }] of Object.entries(metafile.outputs)) {
    if (path.endsWith(".map")) continue;
    // Of those that are imported when they are needed, each is an entry point of its chunk.
    if (entryPoint !== undefined && !/(^|\/)chunks\//.test(path)) continue;
    const top = entryPoint ?? Object.keys(inputs).at(-1) ?? "helpers.js"; // of esbuild itself
    // A module that others import at once lies in a chunk of theirs, and this one leads there.
    const leads = entryPoint !== undefined && !((inputs[entryPoint]?.bytesInOutput ?? 0) > 0);
    const name = top.slice(0, -extname(top).length).replaceAll("/", "_") + (leads ? "_later" : "");
    if ([...names.values()].includes(name)) throw new Error(`Two chunks are called ${name}`);
    names.set(basename(path, ".js"), name);
  }
  return names;
}

/** Gives a file, and what it imports, the names that they have in the package. */
function settle(
  path: string,
  text: string,
  names: ReadonlyMap<string, string>,
): { file: string; code: string } {
  let file = path;
  let code = text.replaceAll(new RegExp(`"${ENTRY}([^"]+)"`, "g"), (_, entry: string) => {
    const from = posix.relative(dirname(path), entry);
    return JSON.stringify(from.startsWith(".") ? from : `./${from}`);
  });
  for (const [hash, name] of names) {
    file = file.replace(hash, name);
    code = code.replaceAll(`chunks/${hash}.js`, `chunks/${name}.js`);
    code = code.replaceAll(`"./${hash}.js"`, `"./${name}.js"`); // from one chunk to another
  }
  return { file, code };
}

/** Writes a file, and its map if it has one; returns their names. */
function write(
  output: string,
  file: string,
  { code, map }: Minified,
  entries: readonly EntryPoint[],
): string[] {
  // npm makes what package.json calls a "bin" executable.
  const isCommand = entries.some(({ js, bin }) => js === file && bin);
  const target = join(output, file);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, isCommand ? `#!/usr/bin/env node\n${code}` : code);
  if (map === undefined) return [file];
  writeFileSync(`${target}.map`, map);
  return [file, `${file}.map`];
}

/** Whose code is in it, by what was read from node_modules. */
function packagesOf(metafile: Metafile, stage: string): BundledPackage[] {
  const directories = new Set<string>();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const [, directory] = PACKAGE.exec(input) ?? [];
      if (directory !== undefined && bytesInOutput > 0) directories.add(resolve(stage, directory));
    }
  }
  return [...directories].sort().map((directory) => {
    const manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as {
      name: string;
      version: string;
    };
    return { name: manifest.name, version: manifest.version, directory };
  });
}
