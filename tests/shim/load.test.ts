/**
 * shim/load.ts among its traps: section 6 of the design, one test or more for each sentence. In Node
 * it is not the first way: these tests take it where no addon can be loaded; tests/ffi/addon.test.ts
 * is for that.
 */
// npm test: deno, bun, node24, node26 (koffi is for Node before 26)
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inDirectory } from "../fixtures/bundle_project.ts";
import { ownImage } from "../fixtures/load_libraries.ts";
import { denying } from "../launchers.ts";
import { skipWithoutGcc } from "../native.ts";
import { full, libraryFfi, nodeMajor, ROOT, run, runtime, WITHOUT_FFI } from "../support.ts";
import { json, onlyDeno, skipWithoutStrace, timeout } from "./reports.ts";

const image = ownImage();

/** Where koffi makes no difference. */
const skipTwin = !full && nodeMajor === 24 && "in the full tier; in Node 26 always";

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
  skip: skipTwin || skipWithoutStrace,
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

// ---- Import alone. ----

/** With node:ffi also listeners: see ffi/node_exit.ts. */
const onlyLibraries = {
  imported: [],
  bound: nodeMajor >= 26 ? ["on exit", "on beforeExit", "libraries"] : ["libraries"],
};

test("import changes nothing in the process, and bind() only what it loads", { timeout }, () => {
  assertEquals(json("tests/fixtures/load_import.ts"), onlyLibraries);
});

test("now() changes nothing where Node allows no FFI", {
  skip: nodeMajor < 26 && "node:ffi is in Node 26",
  timeout,
}, () => {
  const changed = json("tests/fixtures/load_import.ts", ["now"], WITHOUT_FFI);
  assertEquals(changed, { imported: [], bound: [] });
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

test("import opens modules and nothing else", {
  skip: skipTwin || skipWithoutStrace,
  timeout,
}, () => {
  // What the library does it does each time; the runtimes' own threads do this and that.
  const traces = (file: string) => {
    if (runtime === "deno") run(file); // fills its cache
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
