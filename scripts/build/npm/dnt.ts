/**
 * The dnt half of scripts/build/npm.ts; runs in Deno.
 *
 *   deno run --allow-all --no-config scripts/build/npm/dnt.ts OUTPUT
 */
import { mkdirSync, readFileSync } from "node:fs";
import process from "node:process";

// Not a literal below: whatever checks this file would have to fetch it.
const DNT = "jsr:@deno/dnt@0.43";
const JSR = process.env["JSR_URL"] ?? "https://jsr.io/";
const EX_UNAVAILABLE = 69; // sysexits.h

/** The part of dnt that is used here. */
interface Dnt {
  build(options: {
    entryPoints: { name: string; path: string }[];
    outDir: string;
    importMap: string;
    shims: Record<string, never>;
    test: false;
    scriptModule: false;
    declaration: "inline";
    skipSourceOutput: true;
    typeCheck: "single";
    compilerOptions: { target: "Latest"; lib: ["ESNext"]; noUncheckedIndexedAccess: true };
    package: { name: string; version: string; devDependencies: Record<string, string> };
  }): Promise<void>;
}

interface Manifest {
  name: string;
  version: string;
  exports: Record<string, string>;
  devDependencies: Record<string, string>;
}

const outDir = process.argv[2];
if (!outDir) {
  console.error("Usage: deno run --allow-all --no-config scripts/build/npm/dnt.ts OUTPUT");
  process.exit(2);
}

const { build } = await importDnt();
const read = (file: string) => JSON.parse(readFileSync(file, "utf8")) as Manifest;
const { name, version, exports } = read("deno.json");
const types = read("package.json").devDependencies["@types/node"];
if (types === undefined) throw new Error("package.json names no @types/node");
mkdirSync(outDir, { recursive: true });
await build({
  // As exports, the command too: as a "bin" it would get its #! line here, and another one later.
  entryPoints: Object.entries(exports).map(([name, path]) => ({ name, path })),
  outDir,
  importMap: "deno.json",
  shims: {},
  test: false,
  scriptModule: false,
  declaration: "inline",
  skipSourceOutput: true,
  typeCheck: "single",
  // For an older target dnt adds a polyfill of findLast, which patches global types.
  compilerOptions: { target: "Latest", lib: ["ESNext"], noUncheckedIndexedAccess: true },
  // For its type check alone: the package's own package.json is made by scripts/build/npm/manifest.ts.
  package: { name, version, devDependencies: { "@types/node": types } },
});

/** dnt itself. That JSR cannot be reached is told apart from everything else that may be wrong. */
async function importDnt(): Promise<Dnt> {
  try {
    return await import(DNT) as Dnt;
  } catch (error) {
    if (await isReachable(JSR)) throw error;
    console.error(
      `Building with dnt needs JSR, which is out of reach: ${JSR} does not answer, and ${DNT} ` +
        "is not in Deno's cache",
    );
    process.exit(EX_UNAVAILABLE);
  }
}

async function isReachable(registry: string): Promise<boolean> {
  try {
    const url = new URL("@deno/dnt/meta.json", registry);
    return (await fetch(url, { signal: AbortSignal.timeout(10_000) })).ok;
  } catch {
    return false;
  }
}
