/** Two copies of the package in one process, as npm installs them at times, are one. */
// npm test: bun, node26 (one of each engine)
import { assert, assertEquals } from "@std/assert";
import { buildSync } from "esbuild";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { expectedFfi, nodeMajor, ROOT, run } from "../support.ts";

const [bundle] = buildSync({
  entryPoints: [join(ROOT, "mod.ts")],
  bundle: true,
  format: "esm",
  platform: "node",
  write: false,
}).outputFiles;

/** With copies of the library, each a file of its own. */
function withCopies<T>(names: readonly string[], use: (files: string[]) => T): T {
  // Below the checkout, where koffi is found.
  mkdirSync(join(ROOT, "node_modules/.cache"), { recursive: true });
  const directory = mkdtempSync(join(ROOT, "node_modules/.cache/copies-"));
  try {
    return use(names.map((name) => {
      const file = join(directory, `${name}.mjs`);
      writeFileSync(file, bundle?.contents ?? "");
      return file;
    }));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("many copies leave no listener at the end of a process", () => {
  const { code, stdout, stderr } = withCopies(
    ["one"],
    ([file]) => run("tests/fixtures/exit_listeners.ts", [file ?? ""]),
  );
  assertEquals([code, stderr], [0, ""]);
  assertEquals(JSON.parse(stdout), { exit: 0, warned: 0 });
});

test("many copies leave one listener at the end of a process that uses node:ffi", {
  skip: nodeMajor < 26 && "this runtime has no node:ffi",
}, () => {
  const { code, stdout, stderr } = withCopies(
    ["one"],
    ([file]) => run("tests/fixtures/exit_listeners.ts", [file ?? ""], { addon: false }),
  );
  assertEquals([code, stderr], [0, ""]);
  assertEquals(JSON.parse(stdout), { exit: 1, warned: 0 });
});

test("two copies have one timeline, one counter, and no timestamp twice", () => {
  const { code, stdout, stderr } = withCopies(
    ["one", "two"],
    (files) => run("tests/fixtures/two_copies.ts", files),
  );
  assertEquals([code, stderr], [0, ""]);
  const { ticks, ...rest } = JSON.parse(stdout) as Record<string, unknown>;
  assertEquals(rest, {
    apart: true,
    ffi: [expectedFfi, expectedFfi],
    increasing: true,
    now: true,
  });
  assert(ticks === true || ticks === "UnsupportedError", String(ticks));
});
