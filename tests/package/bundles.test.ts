/**
 * Bundles are built where there is no koffi, so that a bundler which went looking for it would say
 * so, and run elsewhere, alone: not where they were built.
 */
import { assert, assertEquals } from "@std/assert";
import { build, type BuildOptions } from "esbuild";
import { copyFileSync, mkdtempSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import type { Sources } from "../../mod.ts";
import type { RuntimeName } from "../../scripts/runtimes.ts";
import { assertReport, directory, output, project, runtimeBin } from "./support.ts";

const timeout = 60_000;
const plain = project("plain");

const EVERY: readonly [RuntimeName, Sources["ffi"]][] = [
  ["deno", "deno"],
  ["bun", "bun"],
  ["node22", "addon"],
  ["node24", "addon"],
  ["node26", "addon"],
];

/** Where a bundle comes to lie. */
function elsewhere(): string {
  return mkdtempSync(join(directory, "bundle-"));
}

function runs(
  runtime: RuntimeName,
  bundle: string,
  ffi: Sources["ffi"],
  flags: readonly string[] = runtime === "deno" ? ["run", "--no-prompt", "--allow-ffi"] : [],
): void {
  const place = elsewhere();
  const file = basename(bundle);
  copyFileSync(bundle, join(place, file));
  assertReport(place, [runtimeBin(runtime), ...flags, file], ffi);
}

/** Bundles the program that the runtimes run too; esbuild's warnings are failures here. */
async function esbuild(outfile: string, options: BuildOptions): Promise<string[]> {
  const { warnings, metafile } = await build({
    absWorkingDir: plain,
    entryPoints: ["main.mjs"],
    outfile,
    bundle: true,
    metafile: true,
    logLevel: "silent",
    ...options,
  });
  assertEquals(warnings, []);
  return Object.keys(metafile?.inputs ?? {});
}

test("an esbuild bundle works in every runtime", { timeout }, async () => {
  const bundle = join(directory, "esbuild.mjs");
  const inputs = await esbuild(bundle, { format: "esm", platform: "node" });
  assertEquals(inputs.filter((input) => /koffi|cli\.js/.test(input)), []);
  for (const [runtime, ffi] of EVERY) runs(runtime, bundle, ffi);
  runs("node22", bundle, "none", ["--no-addons"]);
});

test("an esbuild bundle in CommonJS works in Node", { timeout }, async () => {
  const bundle = join(directory, "esbuild.cjs");
  await esbuild(bundle, { format: "cjs", platform: "node" });
  for (const [runtime, ffi] of EVERY.slice(2)) runs(runtime, bundle, ffi);
  runs("node22", bundle, "none", ["--no-addons"]);
});

test("a bundle in CommonJS of every room can be loaded, and says what it has not", {
  timeout,
}, async () => {
  const rooms = ["", "/bench", "/doctor", "/elf", "/jitter", "/otel", "/server"];
  const contents = rooms.map((room, i) => `import * as m${i} from "@x/vdso${room}";`).join("\n") + `
    const delay = m4.loopDelay({ control: true });
    console.log(delay.snapshot().controlFailure, [${
    rooms.map((_, i) => `Object.keys(m${i}).length > 0`)
  }].every(Boolean));
    delay.close();`;
  const bundle = join(elsewhere(), "rooms.cjs");
  await build({
    stdin: { contents, resolveDir: plain },
    outfile: bundle,
    bundle: true,
    format: "cjs",
    platform: "node",
    logLevel: "silent", // it warns of import.meta
  });
  for (const runtime of ["node22", "node26", "bun"] as const) {
    const said = output(directory, [runtimeBin(runtime), bundle]).trim();
    assertEquals(said, "Error: A bundle in CommonJS has no Worker to start true", runtime);
  }
});

test(
  "esbuild bundles the library for browsers, where nothing of Node is",
  { timeout },
  async () => {
    const bundle = join(directory, "browser.mjs");
    await esbuild(bundle, { format: "esm", platform: "browser" });
    runs("node26", bundle, "addon");
  },
);

test("esbuild drops a library that is imported and not used", { timeout }, async () => {
  const { metafile } = await build({
    stdin: { contents: 'import { now } from "@x/vdso";', resolveDir: plain },
    bundle: true,
    write: false,
    metafile: true,
  });
  const [bundle] = Object.values(metafile.outputs);
  assert(bundle !== undefined && bundle.bytes < 100, `${bundle?.bytes} bytes are left`);
});

function bunBuild(outfile: string, ...options: string[]): string {
  const bundle = join(directory, outfile);
  const words = ["build", "main.mjs", `--outfile=${bundle}`, ...options];
  output(plain, [runtimeBin("bun"), ...words]);
  return bundle;
}

test("a bun build bundle for Bun works in Bun", { timeout }, () => {
  runs("bun", bunBuild("bun.js", "--target=bun"), "bun");
});

test("a bun build bundle for Node works in every runtime", { timeout }, () => {
  const bundle = bunBuild("bun.mjs", "--target=node");
  for (const [runtime, ffi] of EVERY) runs(runtime, bundle, ffi);
  runs("node22", bundle, "none", ["--no-addons"]);
});

test("a bun build bundle in CommonJS works in Node", { timeout }, () => {
  const bundle = bunBuild("bun.cjs", "--target=node", "--format=cjs");
  for (const [runtime, ffi] of EVERY.slice(2)) runs(runtime, bundle, ffi);
  runs("node22", bundle, "none", ["--no-addons"]);
});

test("bun build --compile makes one executable file that works", { timeout }, () => {
  const executable = bunBuild("executable", "--compile");
  assertReport(elsewhere(), [executable], "bun");
});
