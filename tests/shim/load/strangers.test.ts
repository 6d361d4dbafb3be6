/**
 * Strangers' files in the current directory: shim/load.ts runs none of them, whatever Deno is
 * granted, and nobody is asked for a grant.
 */
// npm test: deno, bun, node24, node26 (koffi is for Node before 26)
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { imageBytes } from "../../../shim/load.ts";
import { copySources, inDirectory, plantKoffi } from "../../fixtures/bundle_project.ts";
import { ownImage } from "../../fixtures/load_libraries.ts";
import { denying } from "../../launchers.ts";
import { nativeProgram, skipWithoutGcc } from "../../native.ts";
import { full, libraryFfi, nodeMajor, run, type RunOptions, skipUnless } from "../../support.ts";
import { assertRuntimeClock, assertVdso, onlyDeno, report, timeout } from "../reports.ts";

const image = ownImage();

/** Runs `work` with a directory in which strangers have put every name that is ever opened. */
function amongStrangers(work: (cwd: string) => void): void {
  const planted = nativeProgram("planted", ["-shared", "-fPIC"]);
  inDirectory((cwd) => {
    const names = ["libc.so.6", basename(image.soname)];
    for (const name of names) copyFileSync(planted, join(cwd, name));
    work(cwd);
    // Exactly the strangers: no marker, and nothing of ours either.
    assertEquals(readdirSync(cwd).sort(), names.sort());
  });
}

/** Node 24 is here for its koffi, at the end of this file. */
const skipTwin = skipWithoutGcc ||
  !full && nodeMajor === 24 && "in the full tier; in Node 26 always";

test("load() runs no library of the current directory", { skip: skipTwin, timeout }, () => {
  amongStrangers((cwd) => assertVdso(report({ cwd })));
});

test("load() runs no library of the current directory when memfd_create(2) is denied", {
  skip: skipTwin,
  timeout,
}, () => {
  const launcher = denying("memfd_create");
  amongStrangers((cwd) => assertVdso(report({ cwd, launcher })));
});

const partialGrants = (cwd: string): readonly (readonly string[])[] => [
  ["--allow-ffi=/nonexistent/library.so"],
  [`--allow-ffi=${cwd}`], // strangers and all
  ["--allow-ffi", "--deny-ffi=/nonexistent/library.so"],
  ["--allow-all", "--deny-ffi=/nonexistent/library.so"],
];

test("Deno.dlopen() runs a library of the current directory under a partial grant: the trap", {
  skip: onlyDeno || skipWithoutGcc,
  timeout,
}, () => {
  // Not under the first: that one refuses whatever it does not name.
  for (const grant of partialGrants("/").slice(2)) {
    inDirectory((cwd) => {
      copyFileSync(nativeProgram("planted", ["-shared", "-fPIC"]), join(cwd, "libc.so.6"));
      const result = run("tests/fixtures/load_planted_trap.ts", [], { cwd, deno: grant });
      assertEquals(result, { code: 0, signal: null, stdout: "", stderr: "" });
      assert(existsSync(join(cwd, "libc.so.6.loaded")), grant.join(" "));
    });
  }
});

test("load() runs no library of the current directory under any of Deno's grants", {
  skip: onlyDeno || skipWithoutGcc,
  timeout,
}, () => {
  amongStrangers((cwd) => {
    for (const deno of [["--allow-ffi"], ["--allow-all"]]) assertVdso(report({ cwd, deno }));
    for (const deno of [[], ...partialGrants(cwd)]) {
      assertRuntimeClock(report({ cwd, deno }), /^Deno grants no FFI to every library/);
    }
  });
});

test("bind({ shim }) runs no library of the current directory under a grant for its file", {
  skip: onlyDeno || skipWithoutGcc,
  timeout,
}, () => {
  inDirectory((directory) => {
    const shim = join(directory, "shim.so");
    writeFileSync(shim, imageBytes(image));
    amongStrangers((cwd) => {
      for (
        const deno of [
          [`--allow-ffi=${shim}`],
          [`--allow-ffi=${shim},${cwd}`],
          ["--allow-ffi", "--deny-ffi=/nonexistent/library.so"],
        ]
      ) assertVdso(report({ cwd, deno }, [shim]));
    });
  });
});

const onTerminal: RunOptions = {
  // script(1) makes a terminal: without one Deno never prompts.
  launcher: ["bash", "-c", 'exec script -qec "${*@Q}" /dev/null', "bash"],
};
const skipPrompts = onlyDeno || skipUnless(
  spawnSync("script", ["--version"]).status === 0,
  "script(1) is not installed",
  "REQUIRE_SCRIPT",
);

test("now() does not prompt on a terminal under any of Deno's grants", {
  skip: skipPrompts,
  timeout,
}, () => {
  const grants = [[], ...partialGrants("/")];
  // The others are those of tests/whole/permissions.test.ts.
  for (const deno of full ? grants : grants.filter((_, i) => i === 2 || i === 4)) {
    const { code, stdout } = run("tests/fixtures/load_report.ts", [], { ...onTerminal, deno });
    assertEquals(code, 0, stdout); // a terminal has both
    assertRuntimeClock(JSON.parse(stdout), /^Deno grants no FFI to every library/);
  }
});

test("nowBigInt() does not prompt when Deno's permission was dropped after binding", {
  skip: skipPrompts,
  timeout,
}, () => {
  const deno = ["--allow-ffi"];
  const { code, stdout } = run("tests/fixtures/load_revoked.ts", [], { ...onTerminal, deno });
  assertEquals(code, 0, stdout); // a terminal has both
  assertMatch(stdout, /^Deno grants no FFI to every library: run with --allow-ffi, .*\r?\n$/);
});

const onlyKoffi = libraryFfi === "koffi" ? false : "this runtime does not use koffi";

test("load() runs no koffi of the current directory, nor beside an argument, when Node evaluates", {
  skip: onlyKoffi,
  timeout,
}, () => {
  inDirectory((directory) => {
    // A copy of the sources, since beside the original lies a koffi.
    const library = JSON.stringify(copySources(join(directory, "library")));
    const cwd = join(directory, "cwd");
    const markers = [cwd, join(directory, "data")].map(plantKoffi);
    const required = `console.log(JSON.stringify(require(${library}).sources()))`;
    const imported = `import(${library}).then((x) => console.log(JSON.stringify(x.sources())))`;
    writeFileSync(join(directory, "input.js"), required);
    const ways: readonly RunOptions[] = [
      { node: ["-e", required] },
      { node: ["--eval", imported] },
      { node: [`--eval=${imported}`] },
      { node: ["--input-type=module", "-e", imported] },
      { node: ["-pe", `${required}, ""`] },
      { node: ["-"], launcher: ["sh", "-c", 'exec "$@" <../input.js', "sh"] },
    ];
    for (const way of ways) {
      // A data file, not a program: as in node -e CODE /home/somebody/data.
      const { stdout, stderr } = run(join(directory, "data/file"), [], {
        ...way,
        cwd,
        addon: false,
      });
      assertEquals(stderr, "");
      const { ffi, reason } = JSON.parse(stdout);
      assertEquals(ffi, "none");
      assertStringIncludes(reason, "Cannot find module 'koffi'");
      for (const marker of markers) assert(!existsSync(marker), `${way.node}: ${marker}`);
    }
  });
});
