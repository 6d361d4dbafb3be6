/** The shim as an addon of Node: where it is found, what may be in its way, and what it must not touch. */
// npm test: deno, bun, node26 (one of each kind)
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
import { type Addon, addonFfi, fastCalls } from "../../ffi/addon.ts";
import { descriptorPath } from "../../ffi/descriptor_path.ts";
import { addonBytes, doubleText, ownAddon, writeAddon } from "../fixtures/addon_bytes.ts";
import type { Where } from "../fixtures/addon_where.ts";
import { copySources, inDirectory } from "../fixtures/bundle_project.ts";
import { doSteps, returned, thrown, writeShim } from "../fixtures/env_run.ts";
import { SHIM_ALL } from "../../shim/signatures.ts";
import { denying, mounted, OWN_MOUNTS, TEMPORARY } from "../launchers.ts";
import { nativeProgram, skipWithoutGcc } from "../native.ts";
import {
  libraryFfi,
  nodeMajor,
  ROOT,
  run,
  type RunOptions,
  runtime,
  skipUnless,
} from "../support.ts";

const timeout = 60_000;
const onlyNode = runtime !== "node" && "Node's addons";

// ---- The fast calls: taken, or not. ----

const PLAIN_V8 = { v8_enable_pointer_compression: 0, v8_enable_sandbox: 0 };

/** An addon whose clock stands still at 5. */
function addonWith(fast: ReturnType<Addon["fast"]>): Addon {
  return { vdso_now: () => 5, fast: () => fast } as unknown as Addon;
}

test("fastCalls() takes them where V8 is built as Node builds it, and no others", () => {
  const fast = { vdso_now: () => 5 };
  assertEquals(Object.keys(fastCalls(addonWith(fast), PLAIN_V8)), ["vdso_now"]);
  for (
    const variables of [
      undefined,
      {},
      { ...PLAIN_V8, v8_enable_pointer_compression: 1 },
      { ...PLAIN_V8, v8_enable_sandbox: true },
      { v8_enable_sandbox: 0 },
    ]
  ) assertEquals(fastCalls(addonWith(fast), variables), {});
  assertEquals(fastCalls(addonWith(undefined), PLAIN_V8), {});
});

test("fastCalls() takes none where the clock does not answer as by Node-API", () => {
  for (const now of [4, 6, NaN, undefined, "5"]) {
    assertEquals(fastCalls(addonWith({ vdso_now: () => now }), PLAIN_V8), {});
  }
});

test("fastCalls() reads from the cell what the calls leave there", () => {
  const cell = new Float64Array(1);
  const calls: unknown[] = [];
  const at = (name: string) => (...args: unknown[]) => {
    calls.push([name, ...args]);
    cell[0] = 5;
  };
  const names = [
    "vdso_build_id",
    "vdso_now",
    "vdso_clock",
    "vdso_gettimeofday",
    "vdso_time",
    "vdso_getcpu",
    "vdso_ticks",
    "vdso_random_u32",
    "vdso_random_f64",
  ];
  const fast = Object.fromEntries(names.map((name) => [name, at(name)]));
  const functions = fastCalls(addonWith({ ...fast, cell, cell_index: 7 }), PLAIN_V8) as Record<
    string,
    (...args: number[]) => number
  >;
  calls.length = 0;
  for (const name of names) {
    cell[0] = NaN;
    assertEquals(functions[name]?.(3), 5, name);
  }
  const oneArgument = ["vdso_clock", "vdso_random_u32", "vdso_random_f64"];
  assertEquals(calls, names.map((name) => [name, 7, ...(oneArgument.includes(name) ? [3] : [])]));
});

test("fastCalls() reads from no cell that is inherited", () => {
  const polluted = Object.prototype as { cell?: Float64Array };
  polluted.cell = new Float64Array(1);
  try {
    const functions = fastCalls(addonWith({ vdso_now: () => 5 }), PLAIN_V8);
    assertEquals((functions["vdso_now"] as () => number)(), 5);
  } finally {
    delete polluted.cell;
  }
});

// ---- Where it is loaded from. ----

/** Binds in a process of its own, from the sources below `root`. */
function where(options: RunOptions = {}, root = ROOT): Where {
  const before = Number(process.hrtime.bigint());
  const result = run(join(root, "tests/fixtures/addon_where.ts"), [], options);
  assertEquals({ ...result, stdout: "" }, { code: 0, signal: null, stdout: "", stderr: "" });
  const found = JSON.parse(result.stdout) as Where;
  assert(before <= found.now && found.now <= Number(process.hrtime.bigint()));
  return found;
}

/** A copy of the sources, in which the package's file may lie. */
function inCopy(work: (root: string) => void): void {
  inDirectory((root) => {
    copySources(root);
    mkdirSync(join(root, "tests/fixtures"), { recursive: true });
    const fixture = "tests/fixtures/addon_where.ts";
    copyFileSync(join(ROOT, fixture), join(root, fixture));
    work(root);
  });
}

const NAMELESS = /^\/tmp\/#\d+ \(deleted\)$/;

function assertLoaded({ ffi, mapped }: Where, path: RegExp | string): void {
  assertEquals([ffi, mapped.length], ["addon", 1], mapped.join(", "));
  if (typeof path === "string") assertEquals(mapped, [path]);
  else assertMatch(mapped[0] ?? "", path);
}

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

test("the addon has every function of the shim", { skip: onlyNode }, () => {
  const functions = addonFfi(ownAddon()).open("", SHIM_ALL);
  for (const name of Object.keys(SHIM_ALL) as (keyof typeof SHIM_ALL)[]) {
    assertEquals(typeof functions[name], "function", name);
  }
});

test("bind({ shim }) takes an addon's file, too, and refuses another build's", {
  skip: onlyNode,
  timeout,
}, () => {
  inDirectory((directory) => {
    const shim = writeAddon(directory);
    const other = addonBytes([doubleText(ownAddon().buildId), doubleText(0xbadc0ffee)]);
    const stranger = writeAddon(directory, other, "other.node");
    const [bound, sources, time] = doSteps([`bind {"shim": "${shim}"}`, "sources", "now"]);
    assertEquals(returned(bound), undefined);
    assertEquals(returned(sources).ffi, "addon");
    assert(returned(time) > 0);
    const library = writeShim(directory);
    const refusals = [
      [stranger, /^Expected the addon \w+, dlopen\(3\) gave badc0ffee$/],
      [library, /shim\.so is no addon, as the npm package's shim_CPU\.node is$/],
    ] as const;
    for (const [file, message] of refusals) {
      const [refused] = doSteps([`bind {"shim": "${file}", "ffi": "addon"}`]);
      assertEquals(thrown(refused).name, "UnsupportedError");
      assertMatch(thrown(refused).message, message);
    }
  });
});

// ---- What forbids it. ----

const PERMISSION = ["--permission", "--allow-fs-read=*", "--disable-warning=SecurityWarning"];

test("the addon is loaded when Node is permitted addons, and a file for it", {
  skip: onlyNode,
  timeout,
}, () => {
  const node = [...PERMISSION, "--allow-addons"];
  assertLoaded(where({ node: [...node, "--allow-fs-write=/tmp"] }), NAMELESS);
  inCopy((root) => {
    const file = writeAddon(join(root, "shim"));
    assertLoaded(where({ node }, root), file);
  });
});

test("another way is taken when Node is not permitted addons", { skip: onlyNode, timeout }, () => {
  const ways = [["--no-addons"], [...PERMISSION, ...(nodeMajor >= 26 ? ["--allow-ffi"] : [])]];
  for (const node of ways) {
    const { ffi, reason } = where({ node });
    assertEquals(ffi, nodeMajor >= 26 ? "node" : "none");
    if (ffi === "none") assertMatch(reason ?? "", /addons is disabled/);
  }
});

test(
  "bind() says why there is no addon when that alone is wanted",
  { skip: onlyNode, timeout },
  () => {
    const code = 'try { bind({ ffi: "addon" }) } catch (e) { console.log(e.name, e.cause.code) }';
    const program = `import { bind } from ${JSON.stringify(join(ROOT, "mod.ts"))}; ${code}`;
    const { stdout } = run("-e", [], {
      node: ["--no-addons", "--input-type=module", "-e", program],
    });
    assertEquals(stdout, "UnsupportedError ERR_DLOPEN_DISABLED\n");
  },
);

test("now() answers from the runtime's clock in a snapshot, and says so", {
  skip: onlyNode || nodeMajor < 24 && "Node 22 builds no snapshot that has an error in it",
  timeout,
}, () => {
  inDirectory((cwd) => {
    const entry = join(cwd, "entry.ts");
    writeFileSync(
      entry,
      `import { now, sources } from ${JSON.stringify(join(ROOT, "mod.ts"))};
      const before = now();
      const { setDeserializeMainFunction } = process.getBuiltinModule("node:v8").startupSnapshot;
      setDeserializeMainFunction(() => {
        const { ffi, reason } = sources();
        console.log(JSON.stringify({ ffi, reason, grows: now() >= before }));
      });`,
    );
    const bundle = join(cwd, "bundle.cjs");
    const esbuild = [join(ROOT, "node_modules/.bin/esbuild"), "--bundle", "--platform=node"];
    const execute = (program: string, ...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
      assertEquals(status, 0, stderr);
      return stdout;
    };
    const [program = "", ...words] = esbuild;
    execute(program, ...words, "--format=cjs", "--log-level=error", `--outfile=${bundle}`, entry);
    execute(process.execPath, "--snapshot-blob", "blob", "--build-snapshot", bundle);
    const said = JSON.parse(execute(process.execPath, "--snapshot-blob", "blob", "main.js"));
    assertEquals(said, {
      ffi: "none",
      reason: "Node can keep no native function in a snapshot",
      grows: true,
    });
  });
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
      ["--input-type=module", "-e", program],
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
