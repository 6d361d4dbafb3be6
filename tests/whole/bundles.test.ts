/**
 * Programs that a bundler has made one file of, and that then went elsewhere: they must still find
 * their FFI, and koffi nowhere but where they are installed themselves.
 */
// npm test: bun, node26 (one of each engine)
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import type { Sources } from "../../mod.ts";
import { RUNTIMES } from "../../scripts/runtimes.ts";
import { copySources, inDirectory, plantKoffi } from "../fixtures/bundle_project.ts";
import { expectedFfi, full, libraryFfi, ROOT, run, runtime, skipUnless } from "../support.ts";

const timeout = 60_000;
const bun = RUNTIMES.find(({ name }) => name === "bun")?.bin ?? "";
const deno = RUNTIMES.find(({ name }) => name === "deno")?.bin ?? "";

const PROGRAM = "tests/fixtures/bundle_program.ts";

interface Bundle {
  readonly name: string;
  /** The words that bundle, without the option for the result, and without the program. */
  readonly build: readonly string[];
  readonly output: "--outfile=" | "--output=";
  /** What the result is called. */
  readonly file: string;
}

const esbuild = [join(ROOT, "node_modules/.bin/esbuild"), "--bundle"];
const bunBuild = [bun, "build"];

const bundles: readonly Bundle[] = [
  {
    name: "esbuild's CommonJS",
    build: [...esbuild, "--platform=node", "--format=cjs", "--log-level=error"],
    output: "--outfile=",
    file: "bundle.cjs",
  },
  {
    name: "esbuild's ECMAScript",
    build: [...esbuild, "--platform=node", "--format=esm", "--log-level=error"],
    output: "--outfile=",
    file: "bundle.mjs",
  },
  {
    name: "esbuild's minified CommonJS",
    build: [...esbuild, "--platform=node", "--format=cjs", "--log-level=error", "--minify"],
    output: "--outfile=",
    file: "bundle.cjs",
  },
  {
    name: "Bun's CommonJS",
    build: [...bunBuild, "--target=node", "--format=cjs"],
    output: "--outfile=",
    file: "bundle.cjs",
  },
  {
    name: "Bun's ECMAScript",
    build: [...bunBuild, "--target=node", "--format=esm"],
    output: "--outfile=",
    file: "bundle.mjs",
  },
  {
    name: "Bun's own",
    build: [...bunBuild, "--target=bun"],
    output: "--outfile=",
    file: "bundle.js",
  },
];

/** Where a bundle is made, where it goes, where it is run. Strangers' koffis lie in wait. */
interface Places {
  readonly bundle: string;
  readonly home: string;
  readonly cwd: string;
  /** Files that are there once a stranger's koffi has run. */
  readonly markers: readonly string[];
}

/** Bundles in one directory, moves the bundle to another, and leaves a koffi at the first. */
function moved({ build, output, file }: Bundle, work: (places: Places) => void): void {
  inDirectory((directory) => {
    const [workshop, home, cwd] = ["workshop", "home", "cwd"].map((name) => join(directory, name));
    assert(workshop && home && cwd);
    for (const place of [workshop, home, cwd]) mkdirSync(place);
    copySources(workshop);
    mkdirSync(join(workshop, "tests/fixtures"), { recursive: true });
    copyFileSync(join(ROOT, PROGRAM), join(workshop, PROGRAM));
    execute([...build, `${output}${file}`, PROGRAM], workshop);
    const bundle = join(home, file);
    renameSync(join(workshop, file), bundle);
    const markers = [workshop, cwd].map(plantKoffi);
    work({ bundle, home, cwd, markers });
    for (const marker of markers) assert(!existsSync(marker), `${marker} says that it ran`);
  });
}

/** Runs a program to its end; returns what it printed. */
function execute(
  [program = "", ...args]: readonly string[],
  cwd: string,
  env?: Record<string, string>,
): string {
  const options = { cwd, encoding: "utf8", timeout, ...(env && { env }) } as const;
  const { status, stdout, stderr, error } = spawnSync(program, args, options);
  assertEquals(status, 0, error ? String(error) : stderr);
  return stdout;
}

/** The sources that `program` prints. */
function sourcesOf(program: string, cwd: string, addon = true): Sources {
  const { code, stdout, stderr } = run(program, [], { cwd, addon });
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const { step, sources } = JSON.parse(stdout) as { step: number; sources: Sources };
  assert(step >= 0);
  return sources;
}

function assertVdso({ ffi, timeline, entries }: Sources, expected: string = expectedFfi): void {
  assertEquals({ ffi, timeline, clock_gettime: entries.clock_gettime }, {
    ffi: expected,
    timeline: "machine",
    clock_gettime: "vdso",
  });
}

function installKoffi(home: string): void {
  mkdirSync(join(home, "node_modules"));
  symlinkSync(join(ROOT, "node_modules/koffi"), join(home, "node_modules/koffi"));
}

for (const bundle of bundles) {
  // Node's FFIs are files, which a bundle has to look for; Deno and Bun have theirs within.
  const skip = bundle.name === "Bun's own"
    ? runtime !== "bun" && "it is for Bun alone"
    : !full && runtime !== "node" && /minified|Bun's/.test(bundle.name) &&
      "in the full tier; in Node always";

  test(`${bundle.name} bundle finds its FFI when moved elsewhere`, { skip, timeout }, () => {
    moved(bundle, ({ bundle, home, cwd }) => {
      assertVdso(sourcesOf(bundle, cwd));
      // And as a part of another program, whose directory has a stranger's koffi.
      const program = join(cwd, "program.mjs");
      writeFileSync(program, `import ${JSON.stringify(bundle)};`);
      assertVdso(sourcesOf(program, cwd));
      if (libraryFfi !== "koffi") return;
      installKoffi(home);
      for (const file of [bundle, program]) assertVdso(sourcesOf(file, cwd, false), "koffi");
    });
  });

  test(`${bundle.name} bundle runs no stranger's koffi when there is none beside it`, {
    skip: skip || libraryFfi !== "koffi" && "this runtime does not use koffi",
    timeout,
  }, () => {
    moved(bundle, ({ bundle, cwd }) => {
      const { ffi, timeline, reason, entries } = sourcesOf(bundle, cwd, false);
      assertEquals({ ffi, timeline, clock_gettime: entries.clock_gettime }, {
        ffi: "none",
        timeline: "machine",
        clock_gettime: "runtime",
      });
      assertStringIncludes(reason ?? "", "Cannot find module 'koffi'");
    });
  });
}

test("require() gives the sources when a CommonJS program asks for them", { timeout }, () => {
  assertVdso(sourcesOf(join(ROOT, "tests/fixtures/bundle_required.cjs"), ROOT));
});

/** Runs what bundle_program.ts has been compiled to, alone in the world; returns its sources. */
function alone({ bundle, cwd }: Places): Sources {
  const { step, sources } = JSON.parse(execute([bundle], cwd, {}));
  assert(step >= 0);
  return sources;
}

test("bun build --compile makes a program that finds its FFI when moved elsewhere", {
  skip: runtime !== "bun" && "it is for Bun alone",
  timeout,
}, () => {
  const compile: Bundle = {
    name: "bun build --compile",
    build: [...bunBuild, "--compile"],
    output: "--outfile=",
    file: "program",
  };
  moved(compile, (places) => assertVdso(alone(places)));
});

test("deno compile makes a program that finds its FFI when moved elsewhere", {
  skip: runtime !== "deno" ? "it is for Deno alone" : skipUnless(
    Boolean(process.env["DENORT_BIN"]),
    "deno compile wants to download denort, unless DENORT_BIN is its path",
    "REQUIRE_DENORT",
  ),
  timeout,
}, () => {
  const compile: Bundle = {
    name: "deno compile",
    build: [deno, "compile", "--quiet", "--no-check", "--allow-ffi"],
    output: "--output=",
    file: "program",
  };
  moved(compile, (places) => assertVdso(alone(places)));
});
