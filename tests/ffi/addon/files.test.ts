/** The files that the addon comes from: where it is found, and what it must not touch. */
// npm test: node26 (it is Node's)
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { descriptorPath } from "../../../ffi/descriptor_path.ts";
import { addonBytes, doubleText, ownAddon, writeAddon } from "../../fixtures/addon_bytes.ts";
import { copySources, inDirectory } from "../../fixtures/bundle_project.ts";
import { denying, mounted, OWN_MOUNTS, TEMPORARY } from "../../launchers.ts";
import { nativeProgram, skipWithoutGcc } from "../../native.ts";
import { full, libraryFfi, ROOT, run, skipUnless } from "../../support.ts";
import { assertLoaded, inCopy, NAMELESS, onlyNode, timeout, where } from "../addons.ts";

// ---- Where it is loaded from. ----

/** Leaves no directory behind. */
function leavingNothing(work: () => void): void {
  const ours = () =>
    TEMPORARY.filter((parent) => existsSync(parent)).flatMap((parent) =>
      readdirSync(parent).filter((name) => name.startsWith("x-vdso-"))
    );
  const before = ours();
  work();
  assertEquals(ours().filter((name) => !before.includes(name)), []);
}

test("the addon comes from a file that never had a name when there is none beside", {
  skip: onlyNode,
  timeout,
}, () => leavingNothing(() => assertLoaded(where(), NAMELESS)));

test("the addon is the package's file, where that lies beside", { skip: onlyNode, timeout }, () => {
  inCopy((root) => {
    const file = writeAddon(join(root, "shim"));
    assertLoaded(where({}, root), file);
    // No text is read then, and nothing is written.
    writeFileSync(join(root, "shim/node_images.json"), "{}");
    assertLoaded(where({}, root), file);
  });
});

test("the addon is found beside in a directory of any name", { skip: onlyNode, timeout }, () => {
  inCopy((root) => {
    const file = writeAddon(join(root, "shim"));
    assertLoaded(where({}, root), file);
  }, "50 % of #1? \u00e9%20");
});

test("the addon beside is passed over when it is of another build, or none", {
  skip: onlyNode,
  timeout,
}, () => {
  inCopy((root) => {
    const other = addonBytes([doubleText(ownAddon().buildId), doubleText(0xbadc0ffee)]);
    for (const bytes of [other, Buffer.from("no ELF image")]) {
      writeAddon(join(root, "shim"), bytes);
      const { ffi, mapped } = where({}, root);
      assertEquals(ffi, "addon");
      assert(mapped.some((path) => NAMELESS.test(path)), mapped.join(", "));
    }
  });
});

test("the addon is its own version's when another's file has had its number", {
  skip: onlyNode,
  timeout,
}, () => {
  const { stdout, stderr } = run("tests/fixtures/addon_collision.ts");
  assertEquals(stderr, "");
  const { first, second, descriptors } = JSON.parse(stdout) as Record<string, unknown>;
  assertEquals([first, second], [0xbadc0ffee, ownAddon().buildId]);
  assertEquals((descriptors as number[])[0], (descriptors as number[])[1]);
});

test("descriptorPath() is spelt differently for each build", () => {
  assertEquals(descriptorPath(21, 0b101), "/proc/self/fd/.//./21");
  assertEquals(descriptorPath(21, 0b100), "/proc/self/fd/.///21");
});

test("the addon comes from a private file where there are no nameless ones", {
  skip: onlyNode || skipWithoutGcc,
  timeout,
}, () => {
  leavingNothing(() => {
    const found = where({ launcher: denying("open_tmpfile:EOPNOTSUPP") });
    assertLoaded(found, /^\/tmp\/x-vdso-\w{6}\/shim\.node \(deleted\)$/);
  });
});

test("the private file is its user's alone, and gone before anything is called", {
  skip: onlyNode || skipWithoutGcc || skipUnless(
    spawnSync("strace", ["--version"]).status === 0,
    "strace is not installed",
    "REQUIRE_STRACE",
  ),
  timeout,
}, () => {
  inDirectory((directory) => {
    const log = join(directory, "strace");
    const calls = "trace=?mkdir,mkdirat,openat,?unlink,unlinkat,?rmdir,pipe2";
    const strace = ["strace", "-f", "-o", log, "-e", calls];
    where({ launcher: [...strace, ...denying("open_tmpfile:EOPNOTSUPP")] });
    const lines = readFileSync(log, "utf8").split("\n").map((line) => line.replace(/^\d+ +/, ""));
    const [, path = ""] = /"(\/tmp\/x-vdso-\w{6})"/.exec(lines.join("\n")) ?? [];
    const ours = lines.filter((line) => line.includes(path));
    assertMatch(ours[0] ?? "", /^mkdir(at)?\(.*, 0700\) += 0$/);
    assertMatch(ours[1] ?? "", /^openat\(.*shim\.node", O_RDWR\|O_CREAT\|O_EXCL.*, 0600\) += \d+$/);
    assertMatch(ours.at(-2) ?? "", /^unlink(at)?\(.*shim\.node".*\) += 0$/);
    assertMatch(ours.at(-1) ?? "", /^(rmdir|unlinkat)\(.*\) += 0$/);
    // The vDSO's image, through a pipe, is the first that the shim is called for and shows.
    const after = lines.slice(lines.indexOf(ours.at(-1) ?? "") + 1);
    assert(after.some((line) => line.startsWith("pipe2(")));
  });
});

const skipMounts = onlyNode || skipWithoutGcc || skipUnless(
  spawnSync(OWN_MOUNTS[0] ?? "", [...OWN_MOUNTS.slice(1), "true"]).status === 0,
  "mounting takes root",
  "REQUIRE_ROOT",
);

for (const flaw of ["noexec", "ro", "full"] as const) {
  test(`the addon comes from /var/tmp when /tmp is mounted ${flaw}`, {
    skip: skipMounts,
    timeout,
  }, () => {
    const launcher = mounted(flaw, ["/tmp"]);
    leavingNothing(() => assertLoaded(where({ launcher }), /^\/var\/tmp\/#\d+ \(deleted\)$/));
  });

  test(`an FFI is taken when every temporary directory is mounted ${flaw}, with no file beside`, {
    skip: skipMounts,
    timeout,
  }, () => {
    const launcher = mounted(flaw, TEMPORARY);
    leavingNothing(() => assertEquals(where({ launcher }).ffi, libraryFfi));
  });
}

test("the addon beside is loaded when every temporary directory is noexec", {
  skip: skipMounts,
  timeout,
}, () => {
  // Below the checkout, which is mounted apart, and not in node_modules, where Node reads no TypeScript.
  const root = join(ROOT, ".cache/test", `addon-${process.pid}`);
  mkdirSync(root, { recursive: true });
  try {
    copySources(root);
    mkdirSync(join(root, "tests/fixtures"), { recursive: true });
    const fixture = "tests/fixtures/addon_where.ts";
    copyFileSync(join(ROOT, fixture), join(root, fixture));
    const file = writeAddon(join(root, "shim"));
    assertLoaded(where({ launcher: mounted("noexec", TEMPORARY) }, root), file);
  } finally {
    rmSync(root, { recursive: true });
  }
});

// ---- Strangers' files. ----

test("no stranger's addon or text is loaded from the current directory, nor by require()", {
  skip: onlyNode || skipWithoutGcc,
  timeout,
}, () => {
  inDirectory((directory) => {
    const library = join(directory, "library");
    const cwd = join(directory, "cwd");
    mkdirSync(cwd);
    const mod = copySources(library);
    const planted = nativeProgram("planted", ["-shared", "-fPIC"]);
    const base64 = readFileSync(planted, "base64");
    for (const place of [cwd, join(cwd, "shim")]) {
      mkdirSync(place, { recursive: true });
      for (const name of ["shim_x86_64.node", "shim_aarch64.node"]) {
        copyFileSync(planted, join(place, name));
      }
      const text = JSON.stringify({ x86_64: base64, aarch64: base64 });
      writeFileSync(join(place, "node_images.json"), text);
    }
    // A bundler that leaves the call where it is, under another name.
    const bundle = join(directory, "bundle.mjs");
    const esbuild = join(ROOT, "node_modules/.bin/esbuild");
    const options = ["--bundle", "--format=esm", "--platform=node", "--minify"];
    const apart = ["--external:./node_images.json", `--outfile=${bundle}`, "--log-level=error"];
    assertEquals(spawnSync(esbuild, [...options, ...apart, mod]).status, 0);
    copyFileSync(join(library, "shim/node_images.json"), join(directory, "node_images.json"));
    const markers = () =>
      readdirSync(cwd, { recursive: true }).filter((name) => String(name).endsWith(".loaded"));
    const programs = [mod, bundle].map((file) =>
      `import(${JSON.stringify(file)}).then((x) => console.log(x.sources().ffi))`
    );
    const ways = programs.flatMap((program) => [
      ["-e", program],
      ...(full ? [["--input-type=module", "-e", program]] : []),
      ["-pe", program],
    ]);
    for (const node of ways) {
      const { stdout, stderr } = run("argument", [], { node, cwd });
      assertEquals(stderr, "");
      assertStringIncludes(stdout, "addon\n");
      assertEquals(markers(), []);
    }
  });
});

test("the addon is one in a process, for copies of the library too", {
  skip: onlyNode,
  timeout,
}, () => {
  inDirectory((directory) => {
    const [one, two] = ["one", "two"].map((name) => copySources(join(directory, name)));
    const main = join(directory, "main.mjs");
    writeFileSync(
      main,
      `import * as one from ${JSON.stringify(one)};
      import * as two from ${JSON.stringify(two)};
      import { readFileSync } from "node:fs";
      const ticks = [one.now() && one.sources().ffi, two.now() && two.sources().ffi];
      const lines = readFileSync("/proc/self/maps", "utf8").split("\\n");
      const inodes = lines.filter((line) => /#\\d+ \\(deleted\\)/.test(line)).map((line) => line.split(/ +/)[4]);
      console.log(ticks.join(), new Set(inodes).size);`,
    );
    assertEquals(run(main).stdout, "addon,addon 1\n");
  });
});
