import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, relative } from "node:path";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ROOT } from "../../scripts/runtimes.ts";
import { installed, output, project, runtimeBin, tarball, tool } from "./support.ts";

const timeout = 60_000;
const LIBRARY_BYTES = 160_000;
const PACKAGE_BYTES = 1_200_000;
const MAPS_BYTES = 1_100_000;
const LIBRARY_FILES = 1;

const files: readonly string[] = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" })
  .trim().split("\n").map((file) => file.replace("package/", "")).sort();
const size = (names: readonly string[]) =>
  names.reduce((sum, name) => sum + statSync(join(installed, name)).size, 0);
const read = (name: string) => readFileSync(join(installed, name), "utf8");

interface PackageJson {
  name: string;
  version: string;
  exports: Record<string, string | { types: string; default: string }>;
  main: string;
  types: string;
  typesVersions: Record<string, Record<string, string[]>>;
  bin: Record<string, string>;
  files: string[];
}
const manifest = JSON.parse(read("package.json")) as PackageJson;
const targets = Object.values(manifest.exports).filter((target) => typeof target === "object");

/** The files of the package that import and first call load in Node. */
function loadedFiles(): string[] {
  const urls = JSON.parse(
    output(project("plain"), [runtimeBin("node26"), "loads.mjs"]),
  ) as string[];
  return urls.map((url) => relative(installed, fileURLToPath(url))).sort();
}

/** The declarations that a program which imports the package makes TypeScript read. */
function loadedTypes(): string[] {
  const cwd = project("plain");
  writeFileSync(join(cwd, "only.mts"), 'import { now } from "@x/vdso";\nexport { now };\n');
  const options = ["--module", "nodenext", "--target", "es2024", "--types", "", "--noEmit"];
  return output(cwd, [tool("tsc"), ...options, "--listFilesOnly", "only.mts"]).split("\n")
    .map((file) => relative(installed, file)).filter((file) => files.includes(file)).sort();
}

test("the tarball has JavaScript, its maps and types, addons and documents, and nothing else", () => {
  const documents = [
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "THIRD_PARTY_LICENSES",
    "package.json",
  ];
  const addons = ["node_images.json", "shim_aarch64.node", "shim_x86_64.node"];
  const others = files.filter((file) => !/\.(js|js\.map|d\.ts)$/.test(file));
  const folders = ["bench", "doctor", "elf", "jitter", "otel", "server"]
    .map((folder) => `${folder}/package.json`);
  assertEquals(others, [...addons, ...documents, ...folders].sort());
  const scripts = files.filter((file) => file.endsWith(".js") && !file.startsWith("chunks/"));
  assertEquals(scripts, targets.map((target) => target.default.replace("./", "")).sort());
  for (const document of documents) assert(size([document]) > 0, `${document} is empty`);
});

test("the tarball has every file that package.json lists", () => {
  assertEquals([...manifest.files, "package.json"].sort(), files);
});

test("what entry points share is there once", () => {
  const having = (mark: RegExp) =>
    files.filter((file) => file.endsWith(".js") && mark.test(read(file)));
  // The library's state: two of it would be two bindings.
  assertEquals(having(/soname:\s*"\/proc\/self\/libxvdso-/), ["mod.js"]);
  // The parser has none. What it throws at whoever uses it is the class that ./elf exports.
  assertEquals(having(/name\s*=\s*"ElfError"/), ["elf/mod.js", "mod.js"]);
});

test("package.json tells resolvers that do not know exports where everything is", () => {
  assertEquals([manifest.main, manifest.types], ["./mod.js", "./mod.d.ts"]);
  const { "*": versions = {} } = manifest.typesVersions;
  assertEquals(
    Object.entries(versions).map(([name, [file]]) => [`./${name}`, file]),
    Object.entries(manifest.exports).flatMap(([name, target]) =>
      name === "." || typeof target === "string" ? [] : [[name, target.types]]
    ),
  );
});

test("resolvers that do not know exports find every module", () => {
  const { resolve } = createRequire(import.meta.url); // by paths, to which Node applies no exports
  for (const [name, target] of Object.entries(manifest.exports)) {
    if (typeof target === "string") continue;
    assertEquals(resolve(join(installed, name)), join(installed, target.default), name);
  }
});

test("package.json exports what deno.json exports, types first", () => {
  const deno = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8")) as PackageJson;
  assertEquals([manifest.name, manifest.version], [deno.name, deno.version]);
  assertEquals(Object.keys(manifest.exports), [...Object.keys(deno.exports), "./package.json"]);
  for (const target of targets) {
    assertEquals(Object.keys(target), ["types", "default"]);
    for (const file of Object.values(target)) assert(files.includes(file.replace("./", "")), file);
  }
});

test("nothing runs when the package is installed, and nothing comes along", () => {
  for (const key of ["scripts", "dependencies", "optionalDependencies", "gypfile"]) {
    assertEquals([key, key in manifest], [key, false]);
  }
  // npm's own view: it would note "hasInstallScript", and whatever else it had to fetch.
  const lock = JSON.parse(
    readFileSync(join(project("plain"), "node_modules/.package-lock.json"), "utf8"),
  ) as { packages: Record<string, Record<string, unknown>> };
  assertEquals(Object.keys(lock.packages), ["node_modules/@x/vdso"]);
  const entry = lock.packages["node_modules/@x/vdso"] ?? {};
  assertEquals("hasInstallScript" in entry, false);
  assertEquals(entry["peerDependenciesMeta"], { koffi: { optional: true } });
});

test("vdso is an executable file that env(1) starts with Node", () => {
  assertEquals(manifest.bin, { vdso: "cli.js" });
  assertMatch(read("cli.js"), /^#!\/usr\/bin\/env node\n(?!#!)/);
  const listing = execFileSync("tar", ["-tvzf", tarball, "package/cli.js"], { encoding: "utf8" });
  assertMatch(listing, /^-rwxr-xr-x/);
});

test("the licences of bundled packages are there", () => {
  const licenses = read("THIRD_PARTY_LICENSES");
  for (const name of ["@optique/core", "simple-statistics"]) {
    assertMatch(licenses, new RegExp(`^${name} [\\d.]+ \\(\\w+\\)$`, "m"));
  }
  assertStringIncludes(licenses, "Permission is hereby granted");
  // What the friends' clocks are for is the user's own.
  for (const name of ["tinybench", "mitata"]) assertEquals(licenses.includes(name), false);
});

test("no file names a path of the machine that built it", () => {
  const machine = [ROOT, homedir(), "/tmp/vdso"];
  for (const file of files) {
    // The sources themselves may speak of such directories.
    const words = file.endsWith(".map") ? machine : [...machine, "/node_modules/"];
    const [path] = new RegExp(words.join("|")).exec(read(file)) ?? [];
    assertEquals([file, path], [file, undefined]);
  }
});

test("import of the library loads few files, and no tool's", { timeout }, () => {
  const loaded = loadedFiles();
  assert(loaded.length >= 1 && loaded.length <= LIBRARY_FILES, loaded.join(", "));
  assertEquals(loaded.filter((file) => !files.includes(file) || /cli|bench/.test(file)), []);
  for (const file of loaded) {
    const [, specifier] = /(?:from|import|require\()\s*"([^."][^"]*)"/.exec(read(file)) ?? [];
    assertEquals([file, specifier], [file, undefined]);
  }
});

test("the library is small, and so is the package", { timeout }, () => {
  const library = [...loadedFiles(), ...loadedTypes()];
  assert(library.includes("mod.js") && library.includes("mod.d.ts"), library.join(", "));
  const isMap = (file: string) => file.endsWith(".map");
  const used = size(library);
  const [maps, rest] = [size(files.filter(isMap)), size(files.filter((file) => !isMap(file)))];
  console.log(`The library: ${library.length} files, ${used} bytes; all: ${rest}; maps: ${maps}`);
  assert(used <= LIBRARY_BYTES, `The library has ${used} bytes`);
  assert(rest <= PACKAGE_BYTES, `The package has ${rest} bytes without its maps`);
  assert(maps <= MAPS_BYTES, `The maps have ${maps} bytes`);
});

test("publint finds nothing", { timeout }, () => {
  assertMatch(output(project("plain"), [tool("publint"), "run", tarball, "--strict"]), /All good!/);
});

test("attw finds nothing in a package of ECMAScript modules", { timeout }, () => {
  const { status, stdout, stderr } = spawnSync(
    tool("attw"),
    [tarball, "--profile", "esm-only", "--format", "json"],
    { cwd: project("plain"), encoding: "utf8", maxBuffer: 1 << 26 },
  );
  assertEquals([stderr, status], ["", 0], stdout);
  const { analysis: { entrypoints } } = JSON.parse(stdout) as {
    analysis: { entrypoints: Record<string, unknown> };
  };
  assertEquals(Object.keys(entrypoints), Object.keys(manifest.exports));
});
