/** Bundles the modules of a stage: one file for each entry point, and for what they share. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, posix, relative, resolve } from "node:path";
import { build, type Metafile, type Plugin, transform } from "esbuild";
import type { EntryPoint } from "./manifest.ts";

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

/** Bundles `entries`, modules below `stage`, into `output`. */
export async function bundle(
  stage: string,
  output: string,
  entries: readonly EntryPoint[],
): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: stage,
    entryPoints: entries.map(({ js }) => js),
    outdir: output,
    outbase: stage,
    bundle: true,
    // What two entry points share exists once: one state, one ElfError.
    splitting: true,
    chunkNames: "chunks/[hash]",
    format: "esm",
    platform: "node",
    target: "esnext", // these are the modules that the tests run in every runtime
    tsconfigRaw: {},
    legalComments: "none", // THIRD_PARTY_LICENSES has them all
    plugins: [keepEntriesApart(stage, entries)],
    write: false,
    metafile: true,
    logLevel: "error",
  });
  rejectImports(metafile, entries);
  const names = chunkNames(metafile);
  const files: string[] = [];
  for (const { path, text } of outputFiles) {
    const file = relative(output, path);
    const code = hasPackages(metafile, stage, path) ? await minify(text) : text;
    files.push(write(file, code, output, names, entries));
  }
  return { files: files.sort(), packages: packagesOf(metafile, stage) };
}

/**
 * Files with packages in them are minified, to a little more than half. The library is not: it
 * would start no sooner for it (less than 1 ms of CPU time, not to be told from noise), and its stack
 * traces stay readable.
 */
async function minify(text: string): Promise<string> {
  const { code } = await transform(text, { minify: true, format: "esm", legalComments: "none" });
  return code;
}

function hasPackages(metafile: Metafile, stage: string, path: string): boolean {
  const inputs = metafile.outputs[relative(stage, path)]?.inputs ?? {};
  return Object.keys(inputs).some((input) => PACKAGE.test(input));
}

/**
 * An entry point that another one imports stays a file of its own: otherwise esbuild would move its
 * code into a chunk, and everybody's import of "." would take one file more.
 */
function keepEntriesApart(stage: string, entries: readonly EntryPoint[]): Plugin {
  const paths = new Map(entries.map(({ js }) => [join(stage, js), js]));
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
    if (entryPoint !== undefined) continue;
    const top = Object.keys(inputs).at(-1) ?? path;
    const name = top.slice(0, -extname(top).length).replaceAll("/", "_");
    if ([...names.values()].includes(name)) throw new Error(`Two chunks are called ${name}`);
    names.set(basename(path, ".js"), name);
  }
  return names;
}

/** Writes one file, with every name settled; returns its own. */
function write(
  path: string,
  text: string,
  output: string,
  names: ReadonlyMap<string, string>,
  entries: readonly EntryPoint[],
): string {
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
  // npm makes what package.json calls a "bin" executable.
  const isCommand = entries.some(({ js, bin }) => js === file && bin);
  const target = join(output, file);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, isCommand ? `#!/usr/bin/env node\n${code}` : code);
  return file;
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
