/**
 * Holds the direction of imports: mod -> core -> { ffi, shim, elf }, tools -> mod, cli -> tools.
 *
 * Types may come from any room, since nothing of them is left at run time. But no import makes a
 * circle, and that includes imports of types.
 */
import { globSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { build } from "esbuild";
import { ROOT } from "../runtimes.ts";

/**
 * What a room may import: other rooms, and single files of them. A room is a folder, or a file that
 * is named here. Every room may import itself.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "mod.ts": ["core"],
  core: ["ffi", "shim", "elf"],
  ffi: [],
  shim: [
    "ffi/types.ts",
    "ffi/error_message.ts",
    "ffi/descriptor_path.ts",
    "ffi/caller_file.ts",
    "ffi/runtime.ts",
  ],
  elf: [],
  "elf/unwind": ["elf"], // and nothing in elf/ imports that: programs that start do not need it
  "elf/mod.ts": ["elf", "elf/unwind"],
  doctor: ["mod.ts", "core/internals.ts", "bench"], // which measures
  server: ["mod.ts", "core/internals.ts"],
  bench: ["mod.ts", "core/internals.ts", "npm:simple-statistics"],
  otel: ["mod.ts", "core/internals.ts"],
  jitter: ["mod.ts", "core/internals.ts", "doctor/hop.ts"],
  cli: [
    "mod.ts",
    "elf/mod.ts",
    "doctor",
    "bench",
    "jitter",
    "npm:@optique/core",
    "npm:simple-ascii-chart",
    "npm:hdr-histogram-js",
  ],
  "cli.ts": ["cli", "npm:@optique/core"],
};

/** Tools may use what is built into the runtimes. The library does without. */
const BUILT_IN = /^(cli|bench|jitter)\b/;

/** Folders that still have circles of type imports. Take out those that have none any more. */
const WITH_CIRCLES = [] as readonly string[];

const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: [
    "mod.ts",
    "cli.ts",
    "doctor/mod.ts",
    "elf/mod.ts",
    "jitter/mod.ts",
    "jitter/vdso_jitter_worker.ts",
    "bench/mod.ts",
    "bench/tinybench.ts",
    "bench/mitata.ts",
    "otel/mod.ts",
    "server/mod.ts",
  ],
  bundle: true,
  write: false,
  outdir: "/",
  metafile: true,
  format: "esm",
  platform: "node",
  packages: "external",
});

function roomOf(file: string): string {
  const parts = file.split("/");
  for (let length = parts.length; length > 1; length--) {
    const room = parts.slice(0, length).join("/");
    if (Object.hasOwn(ALLOWED, room)) return room;
  }
  return parts[0] ?? file;
}

const problems: string[] = [];
const imports = new Map<string, string[]>();
for (const [file, input] of Object.entries(metafile.inputs)) {
  const local: string[] = [];
  for (const { path, external } of input.imports) {
    if (external && path.startsWith("node:") && BUILT_IN.test(file)) continue;
    const target = external
      ? `npm:${path.split("/").slice(0, path[0] === "@" ? 2 : 1).join("/")}`
      : path;
    const allowed = [roomOf(file), ...(ALLOWED[roomOf(file)] ?? [])];
    if (!allowed.includes(target) && !allowed.includes(roomOf(target))) {
      problems.push(`${file} may not import ${path}`);
    }
    if (!external) local.push(path);
  }
  imports.set(file, local);
}

/** What a file imports of ours, types included; documentation has imports too, in comments. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8").replaceAll(/\/\*[^]*?\*\//g, "");
  return Array.from(
    text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g),
    ([, specifier = ""]) => posix.join(posix.dirname(file), specifier),
  );
}

/** All that can be reached from a file; the file itself only if it is on a circle. */
function reachable(file: string, graph: ReadonlyMap<string, readonly string[]>): Set<string> {
  const found = new Set(graph.get(file));
  // A Set may grow while it is iterated.
  for (const next of found) graph.get(next)?.forEach((path) => found.add(path));
  return found;
}

/** The groups of files that can all be reached from each other. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const from = new Map([...graph.keys()].map((file) => [file, reachable(file, graph)]));
  const groups = new Map<string, string[]>();
  for (const [file, found] of from) {
    if (!found.has(file)) continue;
    const group = [...found].filter((other) => from.get(other)?.has(file)).sort();
    groups.set(group.join(), group);
  }
  return [...groups.values()];
}

for (const group of circles(imports)) problems.push(`Circle of imports: ${group.join(", ")}`);

const sources = globSync("**/*.ts", { cwd: ROOT, exclude: ["node_modules", "dist", ".cache"] });
const withCircles = new Set<string>();
for (const group of circles(new Map(sources.map((file) => [file, importsOf(file)])))) {
  const folder = WITH_CIRCLES.find((room) => group.every((file) => posix.dirname(file) === room));
  if (folder === undefined) problems.push(`Circle with type imports: ${group.join(", ")}`);
  else withCircles.add(folder);
}
for (const folder of WITH_CIRCLES) {
  if (!withCircles.has(folder)) problems.push(`${folder} has no circle: take it out of the list`);
}

if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log(`${imports.size} files import in one direction, ${sources.length} make no new circle`);
