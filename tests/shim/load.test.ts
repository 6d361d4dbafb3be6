/**
 * shim/load.ts among its traps: section 6 of the design, one test or more for each sentence. In Node it
 * is not the first way: these tests take it where no addon can be loaded; tests/addon.test.ts is for that.
 */
// npm test: deno, bun, node24, node26 (koffi is for Node before 26)
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { imageBytes } from "../../shim/load.ts";
import { copySources, inDirectory, plantKoffi } from "../fixtures/bundle_project.ts";
import { ownImage } from "../fixtures/load_libraries.ts";
import type { Report } from "../fixtures/load_report.ts";
import { denying, mounted, OWN_MOUNTS, TEMPORARY } from "../launchers.ts";
import { nativeProgram, skipWithoutGcc } from "../native.ts";
import {
  expectedSources,
  libraryFfi,
  nodeMajor,
  ROOT,
  run,
  type RunOptions,
  runtime,
  skipUnless,
} from "../support.ts";

const timeout = 60_000;

const skipWithoutStrace = skipUnless(
  spawnSync("strace", ["--version"]).status === 0,
  "strace is not installed",
  "REQUIRE_STRACE",
);
const image = ownImage();

/** Runs a program that prints JSON, and nothing else, on either stream. */
function json<T>(file: string, args: readonly string[] = [], options: RunOptions = {}): T {
  const result = run(file, args, { addon: false, ...options });
  assertEquals({ ...result, stdout: "" }, { code: 0, signal: null, stdout: "", stderr: "" });
  return JSON.parse(result.stdout);
}

function report(options: RunOptions = {}, args: readonly string[] = []): Report {
  return json("tests/fixtures/load_report.ts", args, options);
}

/** The vDSO answers through this runtime's FFI, and every group of functions could be had. */
function assertVdso({ sources, now, step, later, symbols, resolution }: Report): void {
  assertEquals(sources, {
    ffi: libraryFfi,
    timeline: "machine",
    entries: { ...sources.entries, clock_gettime: "vdso" },
  });
  assert(step >= 0 && BigInt(now) <= BigInt(later), "now() and nowBigInt() are on one timeline");
  assertEquals(resolution, "1");
  assert(symbols !== undefined && symbols > 0);
}

/** The runtime's clock answers, with the reason. */
function assertRuntimeClock({ sources, step }: Report, reason: RegExp): void {
  assertEquals(sources.ffi, "none");
  assertEquals(sources.timeline, runtime === "node" ? "machine" : "context");
  assertEquals([...new Set(Object.values(sources.entries))], ["runtime"]);
  assertMatch(sources.reason ?? "", reason);
  assert(step >= 0);
}

// ---- The name of a memfd. ----

interface Loaded {
  readonly fd: number;
  readonly buildId: number;
}
interface LoadedWithCare {
  readonly paths: readonly string[];
  readonly buildId: number;
}

function collision<T>(scene: string): T {
  return json("tests/fixtures/load_collision.ts", [scene]);
}

/** The descriptor at the end of a path of the loader. */
function descriptor(path: string | undefined): number {
  const [, fd] = /^\/proc\/self\/fd(?:\/\.?)*\/(\d+)$/.exec(path ?? "") ?? [];
  return Number(fd);
}

test("load() gets its own library when another one has had its memfd's number", {
  skip: skipWithoutGcc,
  timeout,
}, () => {
  const { earlier, plain, careful } = collision<
    { earlier: Loaded; plain: Loaded; careful: LoadedWithCare }
  >("stranger");
  // The trap is there: the name /proc/self/fd/N gives the library that had it first.
  assertEquals(plain, earlier);
  assertEquals(careful.paths.map(descriptor), [earlier.fd]);
  assertEquals(careful.buildId, image.buildId);
});

test("load() gets each version its own library when two are loaded in one process", {
  skip: skipWithoutGcc,
  timeout,
}, () => {
  const { first, second } = collision<{ first: LoadedWithCare; second: LoadedWithCare }>(
    "versions",
  );
  assertEquals(first.paths.map(descriptor), second.paths.map(descriptor));
  assert(first.buildId !== image.buildId);
  assertEquals(second.buildId, image.buildId);
});

test("load() refuses another build and takes a file when even the path has been another's", {
  skip: skipWithoutGcc,
  timeout,
}, () => {
  const { path, earlier, error, careful } = collision<
    { path: string; earlier: Loaded; error: string; careful: LoadedWithCare }
  >("samePath");
  assertEquals(descriptor(path), earlier.fd);
  assertStringIncludes(
    error,
    `Expected the shim ${image.buildId.toString(16)}, ` +
      `dlopen(3) gave ${earlier.buildId.toString(16)}`,
  );
  assertEquals(careful.paths[0], path);
  assertMatch(careful.paths[1] ?? "", /^\/tmp\/x-vdso-\w{6}\/\w+\.so$/);
  assertEquals(careful.buildId, image.buildId);
});

test("load() gets all its functions from its own library when another one has its SONAME", {
  skip: skipWithoutGcc,
  timeout,
}, () => {
  const { earlier, soname, core, group } = collision<
    { earlier: Loaded; soname: number; core: number; group: number }
  >("sameSoname");
  assertEquals(soname, earlier.buildId); // the trap
  assertEquals({ core, group }, { core: image.buildId, group: image.buildId });
});

test("load() leaves one memfd open for all that follow when libc knows files alone, as musl", {
  timeout,
}, () => {
  const { left, paths, builds, swept, memfds } = json<
    { left: number[]; paths: string[]; builds: number[]; swept: number; memfds: string[] }
  >("tests/fixtures/load_musl.ts");
  assertEquals(builds, [image.buildId, image.buildId, image.buildId]);
  // What was not written to its end is passed over, and so is what a stranger has left.
  const opened = paths.filter((path) => path.startsWith("/proc/self/fd/")).map(descriptor);
  assertEquals(opened.length, 1);
  assertEquals(swept, 0);
  assertEquals(memfds.map(Number), [...left, ...opened]);
});

test("load() makes as many system calls with 3000 open descriptors as with ten", {
  skip: skipWithoutStrace,
  timeout,
}, () => {
  const calls = (descriptors: number) =>
    inDirectory((directory) => {
      const log = join(directory, "log");
      const strace = ["strace", "-f", "-o", log, "-e", "trace=readlink,readlinkat"];
      const launcher = ["prlimit", "--nofile=4096:4096", ...strace];
      const fixture = "tests/fixtures/many_descriptors.ts";
      const { code, stdout, stderr } = run(fixture, [String(descriptors)], {
        launcher,
        addon: false,
      });
      assertEquals([code, stdout], [0, `${libraryFfi}\n`], stderr);
      return readFileSync(log, "utf8").split("\n").length;
    });
  assertLess(calls(3000), calls(10) + 300);
});

// ---- Strangers' files in the current directory. ----

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

test("load() runs no library of the current directory", { skip: skipWithoutGcc, timeout }, () => {
  amongStrangers((cwd) => assertVdso(report({ cwd })));
});

test("load() runs no library of the current directory when memfd_create(2) is denied", {
  skip: skipWithoutGcc,
  timeout,
}, () => {
  const launcher = denying("memfd_create");
  amongStrangers((cwd) => assertVdso(report({ cwd, launcher })));
});

const onlyDeno = runtime === "deno" ? false : "a matter of Deno's permissions";

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
  for (const deno of [[], ...partialGrants("/")]) {
    const { code, stdout } = run("tests/fixtures/load_report.ts", [], { ...onTerminal, deno });
    assertEquals(code, 0);
    assertRuntimeClock(JSON.parse(stdout), /^Deno grants no FFI to every library/);
  }
});

test("nowBigInt() does not prompt when Deno's permission was dropped after binding", {
  skip: skipPrompts,
  timeout,
}, () => {
  const deno = ["--allow-ffi"];
  const { code, stdout } = run("tests/fixtures/load_revoked.ts", [], { ...onTerminal, deno });
  assertEquals(code, 0);
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

// ---- Denied system calls and mounts. ----

function temporaryFiles(): Set<string> {
  const paths = TEMPORARY.filter((directory) => existsSync(directory)).flatMap((directory) =>
    readdirSync(directory).map((name) => join(directory, name))
  );
  return new Set(paths.filter((path) => path.includes("/x-vdso-")));
}

/** Runs `work`, then waits until nothing is left of it. Other tests' files come and go meanwhile. */
async function leavingNothing<T>(work: () => T): Promise<T> {
  const before = temporaryFiles();
  const result = work();
  let left = temporaryFiles().difference(before);
  for (let i = 0; i < 50 && left.size > 0; i++) {
    await setTimeout(100);
    left = left.intersection(temporaryFiles());
  }
  assertEquals([...left], []);
  return result;
}

test("deny makes a system call fail as it was told", { skip: skipWithoutGcc }, () => {
  const stderr = (...words: string[]) =>
    spawnSync(nativeProgram("deny"), words, { encoding: "utf8", env: { LC_ALL: "C" } }).stderr;
  assertStringIncludes(stderr("mkdir,mkdirat", "mkdir", "/tmp/x-vdso"), "not permitted");
  assertStringIncludes(
    stderr("mkdir:ENOSYS,mkdirat:ENOSYS", "mkdir", "/tmp/x-vdso"),
    "not implemented",
  );
  assertStringIncludes(stderr("mkdri", "true"), "unknown system call: mkdri");
  assertEquals(stderr("mkdir", "true"), "");
  // No program starts without its libraries; droppable memory nobody misses.
  assertStringIncludes(stderr("mmap_exec_file", "true"), "failed to map segment");
  assertStringIncludes(stderr("mkdir,mmap_exec_file:ENOSYS", "true"), "failed to map segment");
  assertEquals(stderr("mmap_droppable", "true"), "");
});

test("sources() says that getrandom is a system call when its state cannot be mapped", {
  skip: skipWithoutGcc || expectedSources.entries.getrandom !== "vdso" &&
      "this kernel's vDSO has no getrandom: no states",
  timeout,
}, () => {
  for (const error of ["EPERM", "ENOSYS"]) {
    const { reason, entries } = report({ launcher: denying(`mmap_droppable:${error}`) }).sources;
    assertEquals(entries, { ...expectedSources.entries, getrandom: "syscall" });
    assertMatch(reason ?? "", /The vDSO's getrandom has no memory for its state$/);
  }
});

for (const error of ["EPERM", "ENOSYS"]) {
  test(`load() takes a file and leaves nothing when memfd_create(2) gives ${error}`, {
    skip: skipWithoutGcc,
    timeout,
  }, async () => {
    const launcher = denying(`memfd_create:${error}`);
    assertVdso(await leavingNothing(() => report({ launcher })));
  });
}

test(
  "load() makes a private file, and unlinks it before anything is bound, when memfd_create(2) is denied",
  {
    skip: skipWithoutGcc || skipWithoutStrace,
    timeout,
  },
  () => {
    inDirectory((directory) => {
      const log = join(directory, "strace");
      const syscalls = "trace=?mkdir,mkdirat,?creat,openat,?unlink,unlinkat,?rmdir,pipe2";
      const strace = ["strace", "-f", "-o", log, "-e", syscalls];
      assertVdso(report({ launcher: [...strace, ...denying("memfd_create")] }));
      const lines = readFileSync(log, "utf8").split("\n").map((line) => line.replace(/^\d+ +/, ""));
      const [, path = ""] = /"(\/tmp\/x-vdso-\w{6})"/.exec(lines.join("\n")) ?? [];
      const ours = lines.filter((line) => line.includes(path));
      assertMatch(ours[0] ?? "", /^mkdir(at)?\(.*, 0700\) += 0$/);
      assertMatch(ours[1] ?? "", /^(creat|openat)\(.*shim\.so".*, 0600\) += \d+$/);
      assertMatch(ours.at(-2) ?? "", /^unlink(at)?\(.*shim\.so".*\) += 0$/);
      assertMatch(ours.at(-1) ?? "", /^(rmdir|unlinkat)\(.*\) += 0$/);
      // The vDSO's image, through a pipe, is the first that the shim is called for and shows.
      const calls = lines.slice(lines.indexOf(ours.at(-1) ?? "") + 1);
      assert(calls.some((line) => line.startsWith("pipe2(")), "it was called, and then only");
    });
  },
);

test("now() answers from the runtime's clock when neither memfds nor files can be made", {
  skip: skipWithoutGcc,
  timeout,
}, () => {
  const launcher = denying("memfd_create,mkdir,mkdirat");
  const reason = new RegExp(
    "memfd_create\\(2\\) was refused; " +
      TEMPORARY.map((directory) => `mkdtemp\\(3\\) failed in ${directory}`).join("; "),
  );
  assertRuntimeClock(report({ launcher }), reason);
});

for (const syscall of ["process_vm_readv", "process_vm_readv:ENOSYS", "clock_gettime"]) {
  test(`now() is answered by the vDSO when a filter denies ${syscall}`, {
    skip: skipWithoutGcc,
    timeout,
  }, () => assertVdso(report({ launcher: denying(syscall) })));
}

const skipMounts = skipWithoutGcc || skipUnless(
  spawnSync(OWN_MOUNTS[0] ?? "", [...OWN_MOUNTS.slice(1), "true"]).status === 0,
  "mounting takes root",
  "REQUIRE_ROOT",
);

for (const option of ["noexec", "ro"] as const) {
  test(`load() takes a memfd when every temporary directory is mounted ${option}`, {
    skip: skipMounts,
    timeout,
  }, async () => {
    const launcher = mounted(option, TEMPORARY);
    assertVdso(await leavingNothing(() => report({ launcher })));
  });

  test(`load() takes a file of /var/tmp when memfds are denied and /tmp is mounted ${option}`, {
    skip: skipMounts,
    timeout,
  }, async () => {
    const launcher = [...denying("memfd_create"), ...mounted(option, ["/tmp"])];
    assertVdso(await leavingNothing(() => report({ launcher })));
  });
}

test("now() answers from the runtime's clock when memfds are denied and files are noexec", {
  skip: skipMounts,
  timeout,
}, async () => {
  const launcher = [...denying("memfd_create"), ...mounted("noexec", TEMPORARY)];
  // dlopen(3): failed to map segment from shared object
  const reason = /memfd_create\(2\) was refused; .*failed to map segment/;
  assertRuntimeClock(await leavingNothing(() => report({ launcher })), reason);
});

test("now() answers from the runtime's clock when memfds are denied and files are read-only", {
  skip: skipMounts,
  timeout,
}, async () => {
  const launcher = [...denying("memfd_create"), ...mounted("ro", TEMPORARY)];
  const reason = /memfd_create\(2\) was refused; mkdtemp\(3\) failed in \/tmp; /;
  assertRuntimeClock(await leavingNothing(() => report({ launcher })), reason);
});

// ---- Import alone. ----

/** With node:ffi also listeners: see ffi/node_exit.ts. */
const onlyLibraries = {
  imported: [],
  bound: nodeMajor >= 26 ? ["on exit", "on beforeExit", "libraries"] : ["libraries"],
};

test("import changes nothing in the process, and bind() only what it loads", { timeout }, () => {
  assertEquals(json("tests/fixtures/load_import.ts"), onlyLibraries);
});

test("bind() leaves no descriptor open when it takes a file", {
  skip: skipWithoutGcc,
  timeout,
}, () => {
  const launcher = denying("memfd_create");
  assertEquals(json("tests/fixtures/load_import.ts", [], { launcher }), onlyLibraries);
});

test("import prints nothing and asks for nothing when Deno grants nothing", {
  skip: onlyDeno,
  timeout,
}, () => {
  const result = run("tests/fixtures/load_only.ts", [], { deno: ["--no-prompt"] });
  assertEquals(result, { code: 0, signal: null, stdout: "", stderr: "" });
});

test("bind() lets every warning pass but that of node:ffi", {
  skip: nodeMajor < 26 && "this runtime has no node:ffi",
  timeout,
}, () => {
  const { code, stdout, stderr } = run("tests/fixtures/load_warnings.ts", [], { addon: false });
  assertEquals({ code, stdout }, { code: 0, stdout: "node\n" });
  assertEquals(
    stderr.match(/^\(node:\d+\) .*$/gm)?.map((line) => line.replace(/^\S+ (\[\w+\] )?/, "")),
    [
      "Warning: before",
      "ExperimentalWarning: Something else is an experimental feature",
      "DeprecationWarning: FFI should pass",
      "Warning: after",
    ],
  );
});

test("bind() takes the real process where a test framework has put a copy in its place", {
  skip: nodeMajor < 26 && "this runtime has no node:ffi",
  timeout,
}, () => {
  const { code, stdout, stderr } = run("tests/fixtures/load_jest.ts", [], { addon: false });
  assertEquals({ code, stdout, stderr }, { code: 0, stdout: "node 1\n", stderr: "" });
});

/** What `file` makes this runtime open, execute and connect to: system calls, by strace(1). */
function traced(file: string): Set<string> {
  return inDirectory((directory) => {
    const log = join(directory, "strace");
    const syscalls = "trace=?open,openat,memfd_create,execve,socket,connect";
    const launcher = ["strace", "-f", "-s", "4096", "-o", log, "-e", syscalls];
    // The runtimes' own caches: Deno's is full by now, the others have none.
    const env = { BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0", NODE_DISABLE_COMPILE_CACHE: "1" };
    const result = run(file, [], { env, launcher });
    assertEquals({ ...result, stderr: "" }, { code: 0, signal: null, stdout: "", stderr: "" });
    const calls = readFileSync(log, "utf8").matchAll(/^\d+ +(\w+)\([^"\n]*(?:"([^"\n]*)")?/gm);
    return new Set(Array.from(calls, ([, syscall, path]) => `${syscall} ${path ?? ""}`));
  });
}

test("import opens modules and nothing else", { skip: skipWithoutStrace, timeout }, () => {
  // What the library does it does each time; the runtimes' own threads do this and that.
  const traces = (file: string) => {
    run(file); // fills Deno's cache
    return [1, 2].map(() => traced(file));
  };
  const without = traces("tests/fixtures/load_nothing.ts").reduce((a, b) => a.union(b));
  const extra = traces("tests/fixtures/load_only.ts").reduce((a, b) => a.intersection(b))
    .difference(without);
  assert(extra.has(`openat ${join(ROOT, "mod.ts")}`), "strace sees what is opened");
  const modules = new RegExp(`^open(at)? ${ROOT}/(core|elf|ffi|shim|tests/fixtures|mod\\.ts)(/|$)`);
  const runtimes = [
    /^openat .*\/gen\/file\/.*\.ts\.js$/, // Deno's cache of modules
    /^openat .*\/deno$/, // SQLite's way to keep what Deno has written there
    /^openat \/sys\/devices\/system\/cpu\//, // V8's garbage collector, when it waits for a lock
    /^openat \/proc\/sys\/vm\/overcommit_memory$/, // glibc's malloc, when it gives memory back
  ];
  const unexpected = [...extra].filter((call) =>
    ![modules, ...runtimes].some((expected) => expected.test(call))
  );
  assertEquals(unexpected, []);
});
