/** What other tools make of the package. */
import { assertEquals } from "@std/assert";
import { createRequire } from "node:module";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { NODE_IMAGES } from "../../shim/images.ts";
import { installed, output, project, runtimeBin } from "./support.ts";

const require = createRequire(import.meta.url);

interface Babel {
  transformSync(code: string, options: Record<string, unknown>): { code: string };
}

const SONAME = NODE_IMAGES["x86_64"]?.soname;

/** The library's own files: what a set-up with a transform for node_modules runs. */
const FILES = ["mod.js", "elf/mod.js"];

test("what Babel makes of the package for old targets works", { timeout: 60_000 }, () => {
  const babel = require("@babel/core") as Babel;
  // No targets, as set-ups of jest and webpack have it: everything is transformed.
  const presets = [require.resolve("@babel/preset-env")];
  const directory = join(project("plain"), "babelled");
  for (const file of FILES) {
    const { code } = babel.transformSync(readFileSync(join(installed, file), "utf8"), {
      presets,
      configFile: false,
      babelrc: false,
      compact: false,
    });
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), code);
  }
  writeFileSync(join(directory, "package.json"), '{ "type": "commonjs" }');
  const program = join(directory, "program.js");
  // All of the parser has to run: what Babel breaks may throw only then.
  const shim = JSON.stringify(join(installed, "shim_x86_64.node"));
  writeFileSync(
    program,
    `const { now, clockGettime, sources, CLOCK_MONOTONIC } = require("./mod.js");
const { parseElf } = require("./elf/mod.js");
let refused = "";
try { parseElf(new Uint8Array(100)); } catch (error) { refused = error.name; }
const { soname } = parseElf(require("node:fs").readFileSync(${shim}));
console.log(now() > 0, typeof clockGettime(CLOCK_MONOTONIC), sources().timeline, refused, soname);
`,
  );
  for (const runtime of ["node22", "node24", "node26", "bun"] as const) {
    const text = output(directory, [runtimeBin(runtime), program]);
    assertEquals(text, `true bigint machine ElfError ${SONAME}\n`, runtime);
  }
});
