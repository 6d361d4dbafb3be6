// npm test: node26 (data in, data out)
import { assert, assertEquals, assertMatch } from "@std/assert";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { findAllRuntimes, findRuntimes, RUNTIME_WORD } from "../../../cli/bench/runtimes.ts";
import { ROOT, RUNTIMES } from "../../../scripts/runtimes.ts";

const timeout = 60_000;
const checkout = { directories: [join(ROOT, "tests")], path: "" };

/** A directory of its own, with a program that says what version it is. */
function withPrograms(
  programs: Readonly<Record<string, string>>,
  use: (directory: string) => void,
): void {
  const directory = mkdtempSync(join(tmpdir(), "runtimes-"));
  try {
    for (const [path, version] of Object.entries(programs)) {
      const file = join(directory, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `#!/bin/sh\necho '${version}'\n`);
      chmodSync(file, 0o755);
    }
    use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("findRuntimes() finds each of this project's runtimes in node_modules", { timeout }, () => {
  const names = RUNTIMES.map(({ name }) => name);
  const { found, missing } = findRuntimes(names, checkout);
  assertEquals(missing, []);
  assertEquals(
    found.map(({ name, path }) => [name, path]),
    RUNTIMES.map(({ name, bin }) => [name, bin]),
  );
  assertEquals(found.map(({ kind }) => kind), ["deno", "bun", "node", "node", "node"]);
});

test(
  "findRuntimes() takes what a project has installed before what is on PATH",
  { timeout },
  () => {
    const arch = process.arch === "arm64" ? "arm64" : "x64";
    withPrograms({
      "bin/node": "v24.1.0",
      "bin/deno": "deno 2.8.0 (stable)",
      [`project/node_modules/node22-${arch}/bin/node`]: "v22.22.0",
      "project/node_modules/.bin/deno": "deno 2.7.0 (stable)",
    }, (directory) => {
      const places = {
        directories: [join(directory, "project/deep/down")],
        path: [join(directory, "project/node_modules/.bin"), join(directory, "bin")].join(":"),
      };
      const { found, missing } = findRuntimes(
        ["node", "node22", "node24", "deno", "node23"],
        places,
      );
      assertEquals(found.map(({ name, version }) => [name, version]), [
        ["node", "24.1.0"],
        ["node22", "22.22.0"],
        ["node24", "24.1.0"],
        ["deno", "2.8.0"], // not the script in .bin
      ]);
      assertEquals(missing.map(({ name }) => name), ["node23"]);
    });
  },
);

test("findRuntimes() says what is wrong with what it finds", { timeout }, () => {
  withPrograms({
    "old/node": "v20.20.2",
    "old/deno": "deno 2.3.9 (stable)",
    "other/bun": "Bourne again",
  }, (directory) => {
    const words = ["old/node", "old/deno", "other/bun", "nowhere/deno"].map((path) =>
      join(directory, path)
    );
    const { found, missing } = findRuntimes(words, { directories: [], path: "" });
    assertEquals(found, []);
    const reasons = [
      /node 20\.20\.2, and 22\.12 is the oldest that can$/,
      /deno 2\.3\.9, and 2\.4 is the oldest that can$/,
      /is no runtime that is known here$/,
      /cannot be run: .*ENOENT/,
    ];
    assertEquals(missing.map(({ name }) => name), words);
    missing.forEach(({ reason }, i) => assertMatch(reason, reasons[i] ?? /^$/));
  });
});

/** Makes a program of a shell script. */
function script(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}

/** As asdf has one for each program, in a directory that comes first on PATH. */
const SHIM = "echo 'No version is set for command node' >&2\necho more >&2\nexit 126";

test("findRuntimes() names the shims that do not run, and what it takes instead", {
  timeout,
}, () => {
  withPrograms({ "bin/node": "v24.1.0" }, (directory) => {
    const shims = join(directory, "shims");
    script(join(shims, "node"), SHIM);
    script(join(shims, "deno"), "kill -9 $$");
    symlinkSync(join(directory, "removed"), join(shims, "bun")); // a link to nothing is no program
    const places = { directories: [], path: [shims, join(directory, "bin")].join(":") };
    const said = `${shims}/node cannot be run: exit status 126: No version is set for command node`;
    const instead = `${said}; ${directory}/bin/node is taken instead`;

    const { found, missing, useless } = findRuntimes(["node", "node24", "node23"], places);
    assertEquals(found.map(({ path }) => path), [1, 2].map(() => join(directory, "bin/node")));
    assertEquals(useless, [instead]);
    assertEquals(missing, [{ name: "node23", reason: said }]);

    // Also where nobody has asked for them by name.
    const all = findAllRuntimes({ directories: [], path: shims });
    const here = all.useless.filter((text) => text.startsWith(directory));
    // Whatever runs this test is found, and taken instead.
    for (const text of [`${shims}/deno cannot be run: killed by SIGKILL`, said]) {
      assert(here.some((one) => one.startsWith(text)), here.join("\n"));
    }
  });
});

test("findAllRuntimes() has each of the programs that one program stands for", { timeout }, () => {
  withPrograms({}, (directory) => {
    // As volta and mise have it: links that go by their names.
    const one = join(directory, "manager");
    script(one, 'case "$0" in */deno) echo "deno 2.9.0 (stable)";; */node) echo v26.1.0;; esac');
    mkdirSync(join(directory, "shims"));
    for (const name of ["deno", "node"]) symlinkSync(one, join(directory, "shims", name));
    const { found } = findAllRuntimes({ directories: [], path: join(directory, "shims") });
    const here = found.filter(({ path }) => path.startsWith(directory));
    assertEquals(here.map(({ name, version }) => [name, version]), [
      ["deno", "2.9.0"],
      ["node", "26.1.0"],
    ]);
  });
});

test("findAllRuntimes() tells of what is too old where there is no other", { timeout }, () => {
  withPrograms({ "bin/deno": "deno 2.3.9 (stable)" }, (directory) => {
    const { found, useless } = findAllRuntimes({ directories: [], path: join(directory, "bin") });
    const text = `${directory}/bin/deno is deno 2.3.9, and 2.4 is the oldest that can`;
    // Whatever runs this test is found, too.
    const isThere = found.some(({ kind }) => kind === "deno");
    assertEquals(useless.filter((one) => one.includes("2.3.9")), isThere ? [] : [text]);
  });
});

test("findRuntimes() gives each its own name", { timeout }, () => {
  withPrograms({ "a/node": "v24.1.0", "b/node": "v24.1.0" }, (directory) => {
    const words = ["a", "b", "a"].map((name) => join(directory, name, "node"));
    const { found } = findRuntimes(words, { directories: [], path: "" });
    assertEquals(found.map(({ name }) => name), ["node 24.1.0", words[1]]);
  });
});

test("findAllRuntimes() has each program once", { timeout }, () => {
  withPrograms({ "bin/node": "v24.1.0", "bin/bun": "1.4.0" }, (directory) => {
    mkdirSync(join(directory, "project/node_modules/node24/bin"), { recursive: true });
    symlinkSync(
      join(directory, "bin/node"),
      join(directory, "project/node_modules/node24/bin/node"),
    );
    const { found, missing } = findAllRuntimes({
      directories: [join(directory, "project")],
      path: join(directory, "bin"),
    });
    assertEquals(missing, []);
    const here = found.filter(({ path }) => path.startsWith(directory));
    assertEquals(here.map(({ name, version }) => [name, version]), [
      ["bun", "1.4.0"],
      ["node24", "24.1.0"],
    ]);
  });
});

test("RUNTIME_WORD takes names and paths, and nothing else", () => {
  for (const word of ["deno", "bun", "node", "node24", "./x", "/usr/bin/node"]) {
    assert(RUNTIME_WORD.test(word), word);
  }
  for (const word of ["", "nod", "node24x", "deno2", "quickjs"]) {
    assert(!RUNTIME_WORD.test(word), word);
  }
});
