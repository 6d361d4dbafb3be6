/**
 * Holds the direction of imports: mod -> core -> { ffi, shim, elf }, tools -> mod, cli -> tools.
 * Types may come from anywhere: they are gone at run time, and this looks at what remains.
 */
import { build } from "esbuild";
import { ROOT } from "./runtimes.ts";

/** What a file may import: by folder, or by its own name. Everything may import its own folder. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "mod.ts": ["core"],
  core: ["ffi", "shim", "elf"],
  ffi: [],
  shim: ["ffi/types.ts"], // the signatures of what it loads
  elf: [],
  verify: ["mod.ts"],
  bench: ["mod.ts", "npm:simple-statistics"],
  cli: ["mod.ts", "elf/mod.ts", "verify", "bench", "npm:@optique/core", "npm:simple-ascii-chart"],
  "cli.ts": ["cli", "npm:@optique/core"],
};

/** Tools may use what is built into the runtimes; the library takes not even that. */
const BUILT_IN = /^(cli|bench)\b/;

const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: [
    "mod.ts",
    "cli.ts",
    "elf/mod.ts",
    "bench/mod.ts",
    "bench/tinybench.ts",
    "bench/mitata.ts",
  ],
  bundle: true,
  write: false,
  outdir: "/",
  metafile: true,
  format: "esm",
  platform: "node",
  packages: "external",
});

function area(file: string): string {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : file;
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
    const allowed = [area(file), ...(ALLOWED[area(file)] ?? [])];
    if (!allowed.includes(target) && !allowed.includes(area(target))) {
      problems.push(`${file} may not import ${path}`);
    }
    if (!external) local.push(path);
  }
  imports.set(file, local);
}

/** Depth first; a file met again on the way down is on a cycle. */
function findCycle(file: string, above: readonly string[], done: Set<string>): void {
  if (above.includes(file)) problems.push(`Cycle: ${[...above, file].join(" -> ")}`);
  if (above.includes(file) || done.has(file)) return;
  for (const next of imports.get(file) ?? []) findCycle(next, [...above, file], done);
  done.add(file);
}
for (const file of imports.keys()) findCycle(file, [], new Set());

if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log(`${imports.size} files import in one direction`);
