/**
 * The library where a runtime may not do everything, and libraries of strangers in its way. Each test
 * starts this runtime there (fixtures/env_steps.ts) and checks what the library said.
 */
// npm test: deno, bun, node26 (one of each kind; koffi is taken there, too)
import { test } from "node:test";
import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { now } from "../../mod.ts";
import { IMAGES } from "../../shim/images.ts";
import {
  assertBetween,
  assertOnHrtime,
  assertRuntimeClock,
  CLOCK_STEPS,
} from "../fixtures/env_compare.ts";
import {
  allFrom,
  decodeOutcomes,
  doSteps,
  returned,
  STEPS,
  thrown,
  withDirectory,
  writeShim,
} from "../fixtures/env_run.ts";
import { nativeProgram, skipWithoutGcc } from "../native.ts";
import {
  command,
  expectedFfi,
  expectedSources,
  full,
  nodeMajor,
  ROOT,
  run,
  runtime,
} from "../support.ts";

const TIMEOUT = 60_000;

// ---- Node's permissions ----

/** `--permission` denies reading the program, too. */
const PERMISSION = ["--permission", "--allow-fs-read=*", "--disable-warning=SecurityWarning"];

const skipUnlessNode = runtime !== "node" && "Node's permissions";

test("now() answers from process.hrtime when Node is not permitted an FFI", {
  skip: skipUnlessNode,
  timeout: TIMEOUT,
}, () => {
  const [bound, sources, exact] = assertOnHrtime(() =>
    doSteps(["bind", "sources", "nowBigInt", "now"], { node: PERMISSION })
  );
  const reason = nodeMajor >= 26 ? /--allow-ffi.*addons is disabled/ : /addons is disabled/;
  assertEquals(thrown(bound).name, "UnsupportedError");
  assertMatch(thrown(bound).message, reason);
  assert(thrown(bound).cause, "Expected a cause");
  const said = returned(sources);
  assertEquals([said.ffi, said.timeline, said.entries], ["none", "machine", allFrom("runtime")]);
  assertMatch(said.reason ?? "", reason);
  assertGreater(returned(exact), 0n);
});

test("bind() takes koffi when Node is permitted addons, but not to make a file of one", {
  skip: skipUnlessNode,
  timeout: TIMEOUT,
}, () => {
  const node = [...PERMISSION, "--allow-addons"];
  assertBetween(() => {
    const [sources, time] = doSteps(["sources", "now"], { node });
    assertEquals(returned(sources).ffi, "koffi");
    assertEquals(returned(sources).entries, allFrom("vdso"));
    return returned(time);
  });
});

test("bind() takes node:ffi when Node is permitted it", {
  skip: nodeMajor < 26 && "Node 26 has --allow-ffi",
  timeout: TIMEOUT,
}, () => {
  assertBetween(() => {
    const [sources, time] = doSteps(["sources", "now"], { node: [...PERMISSION, "--allow-ffi"] });
    assertEquals(returned(sources).ffi, "node");
    assertEquals(returned(sources).entries, allFrom("vdso"));
    return returned(time);
  });
});

// ---- Deno's permissions ----

const skipUnlessDeno = runtime !== "deno" && "Deno's permissions";

/** Grants under which the library has to do without FFI. */
const WITHOUT_FFI: readonly (readonly string[])[] = [
  [],
  ["--deny-ffi"],
  ["--allow-ffi=/no/such/library.so"],
  ["--allow-ffi", "--deny-ffi=/no/such/library.so"],
  ["--allow-all", "--deny-ffi"],
  ["--allow-read", "--allow-env", "--allow-sys", "--allow-run"],
];

const WITH_FFI: readonly (readonly string[])[] = [["--allow-ffi"], ["--allow-all"]];

for (const deno of WITHOUT_FFI) {
  test(
    `now() answers from the runtime's clock when Deno has ${deno.join(" ") || "no permission"}`,
    {
      skip: skipUnlessDeno,
      timeout: TIMEOUT,
    },
    () => {
      const started = now();
      const outcomes = doSteps(CLOCK_STEPS, { deno });
      assertRuntimeClock(outcomes, "context", /run with --allow-ffi/, started);
    },
  );
}

/** Runs words on a terminal of their own, until they end or ask for a permission. */
function onTerminal(words: readonly string[]): { asked: boolean; output: string } {
  const { status, stdout, stderr, error } = spawnSync(
    nativeProgram("terminal"),
    ["Allow?", ...words],
    { cwd: ROOT, encoding: "utf8", env: { ...process.env, NO_COLOR: "1" }, timeout: 30_000 },
  );
  if (error) throw error;
  assert(status === 0 || status === 99, `Exit code ${status}: ${stdout}${stderr}`);
  return { asked: status === 99, output: stdout };
}

test("nothing prompts when Deno has a terminal", {
  skip: skipUnlessDeno || skipWithoutGcc,
  timeout: TIMEOUT,
}, () => {
  const prompting = onTerminal(command("tests/fixtures/env_deno_prompts.ts", [], { deno: [] }));
  assertEquals(prompting.asked, true); // a prompt is seen where there is one
  assertStringIncludes(prompting.output, "Deno requests");
  // Some functions are looked up when they are first called, and nothing may be asked then either.
  const steps = ["bind", "sources", "dropFfi", "now", "clocks", "clockCost", "inspect"] as const;
  const grants = [...WITHOUT_FFI, ...WITH_FFI];
  // Where all is granted or denied, Deno has nothing to ask.
  const undecided = grants.filter((words) => !/^--(deny-ffi|allow-all)$/.test(words.at(-1) ?? ""));
  for (const deno of full ? grants : undecided) {
    const { asked, output } = onTerminal(command(STEPS, steps, { deno }));
    assertEquals(asked, false, output);
    assert(!output.includes("Deno requests"), output);
    const [, sources, , time] = decodeOutcomes<typeof steps>(output);
    assertEquals(returned(sources).ffi, WITH_FFI.includes(deno) ? "deno" : "none");
    assertGreater(returned(time), 0);
  }
});

test("inspect() needs --allow-ffi and nothing else in Deno", {
  skip: skipUnlessDeno,
  timeout: TIMEOUT,
}, () => {
  assertBetween(() => {
    const [sources, inspected, time] = doSteps(["sources", "inspect", "now"], {
      deno: ["--allow-ffi"],
    });
    assertEquals(returned(sources), {
      ffi: "deno",
      timeline: "machine",
      ...expectedSources,
    });
    const info = returned(inspected);
    assertEquals([info.ranges, info.unreadable], [undefined, ["ranges", "vsyscall"]]);
    assertGreater(info.symbols.length, 0);
    return returned(time);
  });
});

test("bind() opens its shim when Deno grants that file alone", {
  skip: skipUnlessDeno,
  timeout: TIMEOUT,
}, () => {
  withDirectory((directory) => {
    const shim = writeShim(directory);
    const deno = [`--allow-ffi=${shim}`];
    assertBetween(() => {
      const [bound, sources, clocks, time] = doSteps(
        [`bind ${JSON.stringify({ shim })}`, "sources", "clocks", "now"],
        { deno },
      );
      assertEquals(returned(bound), undefined);
      assertEquals(returned(sources), {
        ffi: "deno",
        timeline: "machine",
        ...expectedSources,
      });
      assertGreater(returned(clocks).length, 0);
      return returned(time);
    });
    // Nobody has told it of the file: the grant alone does not.
    const [unbound] = doSteps(["sources"], { deno });
    assertEquals(returned(unbound).entries, allFrom("runtime"));
    // Another file than the granted one.
    const other = join(directory, "other.so");
    copyFileSync(shim, other);
    const [refused] = doSteps([`bind ${JSON.stringify({ shim: other })}`], { deno });
    assertEquals(thrown(refused).name, "UnsupportedError");
    assertStringIncludes(thrown(refused).message, `--allow-ffi=${other}`);
  });
});

// ---- Strangers' libraries ----

test("bind() loads no library from the current directory", {
  skip: skipWithoutGcc,
  timeout: TIMEOUT,
}, () => {
  withDirectory((directory) => {
    const planted = nativeProgram("env_planted", ["-shared", "-fPIC"]);
    const soname = Object.values(IMAGES).map((image) => image.soname);
    for (const name of ["libc.so.6", ...soname]) {
      copyFileSync(planted, join(directory, basename(name)));
    }
    mkdirSync(join(directory, "node_modules/koffi"), { recursive: true });
    writeFileSync(
      join(directory, "node_modules/koffi/index.js"),
      'console.error("A planted koffi was loaded")',
    );
    const partial = ["--allow-ffi=.", "--allow-ffi=./libc.so.6"];
    if (runtime === "deno") {
      for (const grant of partial) {
        const { code, stderr } = run("tests/fixtures/env_deno_careless.ts", [], {
          cwd: directory,
          deno: [grant],
        });
        assertEquals([code, stderr], [66, "A planted library was loaded\n"]); // the trap works
        const [sources] = doSteps(["sources"], { cwd: directory, deno: [grant] });
        assertEquals(returned(sources).entries, allFrom("runtime"));
      }
    }
    const [sources, clocks] = doSteps(["sources", "clocks"], { cwd: directory });
    assertEquals(returned(sources).ffi, expectedFfi);
    assertEquals(returned(sources).entries, allFrom("vdso"));
    assertGreater(returned(clocks).length, 0);
  });
});

test("bind() loads no library of the shim's name from LD_LIBRARY_PATH", {
  skip: skipWithoutGcc,
  timeout: TIMEOUT,
}, () => {
  withDirectory((directory) => {
    const planted = nativeProgram("env_planted", ["-shared", "-fPIC"]);
    for (const { soname } of Object.values(IMAGES)) {
      copyFileSync(planted, join(directory, basename(soname)));
    }
    const [sources] = doSteps(["sources"], { env: { LD_LIBRARY_PATH: directory } });
    assertEquals(returned(sources).entries, allFrom("vdso"));
  });
});
