/**
 * The library in places where something is missing or forbidden: a process without a vDSO, a
 * runtime without an FFI, without permissions, in another time namespace. Each test starts this
 * runtime there (fixtures/env_steps.ts) and checks what the library said and which values it gave,
 * held against this process's own clock.
 */
import { test } from "node:test";
import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLessOrEqual,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import process from "node:process";
import { now, nowBigInt, type Sources } from "../mod.ts";
import { IMAGES } from "../shim/images.ts";
import { readClocks } from "./fixtures/env_clocks.ts";
import {
  assertBetween,
  assertRuntimeClock,
  assertSameClocks,
  CLOCK_STEPS,
} from "./fixtures/env_compare.ts";
import {
  allFrom,
  copySources,
  decodeOutcomes,
  doSteps,
  returned,
  STEPS,
  thrown,
  withDirectory,
  writeShim,
} from "./fixtures/env_run.ts";
import { HIDDEN } from "./fixtures/hidden.ts";
import { timeNamespace } from "./launchers.ts";
import { nativeProgram, skipWithoutGcc } from "./native.ts";
import {
  command,
  expectedFfi,
  expectedSources,
  nodeMajor,
  ROOT,
  run,
  runtime,
  skipUnless,
} from "./support.ts";

const TIMEOUT = 60_000;

// ---- Without a vDSO ----

function novdso(options: readonly string[]): string[] {
  return [nativeProgram("novdso"), ...options];
}

for (const { how, options, reason, auxval, saved, mapped } of HIDDEN) {
  test(`sources() says "syscall" when ${how}`, { skip: skipWithoutGcc, timeout: TIMEOUT }, () => {
    const launcher = novdso(options);
    assertBetween(() => {
      const [sources, time, address, inspected] = doSteps(
        ["sources", "now", "auxval", "inspect"],
        { launcher },
      );
      const said = returned(sources);
      assertEquals(said, {
        ffi: expectedFfi,
        timeline: "machine",
        reason: said.reason ?? "",
        entries: allFrom("syscall"),
      });
      assertMatch(said.reason ?? "", reason);
      assertEquals(thrown(inspected).name, "UnsupportedError");
      assertMatch(thrown(inspected).message, reason);
      // Whether the launcher did what it is asked for here: the test would be idle otherwise.
      assertEquals(returned(address) !== 0n, auxval);
      return returned(time);
    });
  });

  test(`clockGettime() answers for every clock when ${how}`, {
    skip: skipWithoutGcc,
    timeout: TIMEOUT,
  }, () => {
    const before = readClocks();
    const [clocks] = doSteps(["clocks"], { launcher: novdso(options) });
    const after = readClocks();
    assertSameClocks(before, returned(clocks), after);
  });

  test(`novdso leaves what it should when ${how}`, { skip: skipWithoutGcc }, () => {
    const seen = spawnSync(novdso(options)[0] ?? "", [
      ...options,
      "cat",
      "/proc/self/auxv",
      "/proc/self/maps",
    ]);
    assertEquals(seen.status, 0, String(seen.stderr));
    const AT_SYSINFO_EHDR = 33n;
    const words = new BigUint64Array(Uint8Array.from(seen.stdout).buffer, 0, 40);
    const entry = words.findIndex((word, at) => at % 2 === 0 && word === AT_SYSINFO_EHDR);
    assertEquals(entry >= 0 && words[entry + 1] !== 0n, saved);
    assertEquals(seen.stdout.includes("[vdso]"), mapped);
    assertEquals(seen.stdout.includes("[vvar"), mapped);
  });
}

test("novdso passes exit codes and signals through", { skip: skipWithoutGcc }, () => {
  const [program = ""] = novdso([]);
  const shell = (script: string) => {
    const { status, signal } = spawnSync(program, ["sh", "-c", script]);
    return { status, signal };
  };
  assertEquals(shell("exit 7"), { status: 7, signal: null });
  assertEquals(shell("kill -KILL $$"), { status: null, signal: "SIGKILL" });
  assertEquals(shell("kill -TERM $$"), { status: null, signal: "SIGTERM" });
  assertEquals(spawnSync(program, ["/no/such/program"]).status, 127);
  assertEquals(spawnSync(program, ["--zero", "--dangling", "true"]).status, 2);
  // The program is the very process that was started, so that signals from outside reach it.
  const { pid, stdout } = spawnSync(program, ["sh", "-c", "echo $$"], { encoding: "utf8" });
  assertEquals(stdout, `${pid}\n`);
});

// ---- The ordinary place, seen from outside ----

test("inspect() finds the vDSO elsewhere in every process", { timeout: TIMEOUT }, () => {
  const randomize = readFileSync("/proc/sys/kernel/randomize_va_space", "utf8").trim();
  assert(randomize !== "0", "Address space layout randomization is off on this machine");
  const bases = new Set(Array.from({ length: 5 }, () => {
    const [inspected, address] = doSteps(["inspect", "auxval"]);
    assertEquals(returned(inspected).base, returned(address));
    return returned(address);
  }));
  assertGreater(bases.size, 1);
});

test("now() and buffers survive garbage collection", { timeout: TIMEOUT }, () => {
  const [collected, sources] = doSteps(["collectGarbage", "sources"], {
    deno: ["--allow-all", "--v8-flags=--expose-gc"],
    node: ["--expose-gc"],
  });
  assertEquals(returned(collected), { backwards: 0, changedImages: 0 });
  assertEquals(returned(sources).ffi, expectedFfi);
});

const SECONDS_AHEAD = 100_000;
const launcher = timeNamespace(SECONDS_AHEAD, SECONDS_AHEAD);
const skipWithoutTimeNamespace = skipUnless(
  spawnSync(launcher[0] ?? "", [...launcher.slice(1), "true"]).status === 0,
  "no time namespace can be made here: that takes root",
  "REQUIRE_ROOT",
);

test("now() follows the time namespace", {
  skip: skipWithoutTimeNamespace,
  timeout: TIMEOUT,
}, () => {
  assertBetween(() => {
    const [sources, time] = doSteps(["sources", "now"], { launcher });
    assertEquals(returned(sources).entries, allFrom("vdso"));
    return returned(time);
  }, SECONDS_AHEAD * 1e9);
});

const CLOCKSOURCE = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
const clocksource = readFileSync(CLOCKSOURCE, "utf8").trim();
const READABLE_FROM_USER_SPACE = [
  "tsc",
  "kvm-clock",
  "hyperv_clocksource_tsc_page",
  "arch_sys_counter",
];
const skipWithoutStrace = skipUnless(
  spawnSync("strace", ["-f", "true"]).status === 0,
  "strace is not installed, or may not trace",
  "REQUIRE_STRACE",
) ||
  skipUnless(
    READABLE_FROM_USER_SPACE.includes(clocksource),
    `the clocksource ${clocksource} cannot be read from user space`,
    "REQUIRE_FAST_CLOCKSOURCE",
  );

test("now() makes no system call in a million calls", {
  skip: skipWithoutStrace,
  timeout: TIMEOUT,
}, () => {
  // Of this clock: the runtimes' own CPU clocks are system calls, more of them in a longer run.
  const systemCalls = (step: "callNow" | "callSystem", times: number) =>
    withDirectory((directory) => {
      const trace = join(directory, "trace");
      const launcher = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=clock_gettime"];
      const [sources, backwards] = doSteps(["sources", `${step} ${times}`], {
        launcher: [...launcher, "-o", trace],
      });
      assertEquals(returned(sources).entries, allFrom("vdso"));
      assertEquals(returned(backwards), 0);
      return readFileSync(trace, "utf8").split("clock_gettime(CLOCK_MONOTONIC,").length - 1;
    });
  const few = systemCalls("callNow", 1_000);
  assertEquals(systemCalls("callNow", 1_001_000) - few, 0);
  // strace does see those that are made.
  assertEquals(systemCalls("callSystem", 1_000) - few, 1_000);
});

// ---- bind() ----

test("bind() does nothing when called again", { timeout: TIMEOUT }, () => {
  const [first, time, again, empty, sources] = doSteps([
    "bind",
    "now",
    "bind",
    "bind {}",
    "sources",
  ]);
  for (const outcome of [first, again, empty]) assertEquals(returned(outcome), undefined);
  assertGreater(returned(time), 0);
  assertEquals(returned(sources), {
    ffi: expectedFfi,
    timeline: "machine",
    ...expectedSources,
  });
});

test("bind() throws when bound in another way", { timeout: TIMEOUT }, () => {
  for (
    const [first, other] of [["bind", "/no/such/shim.so"], ["now", "/no/such/shim.so"]] as const
  ) {
    const steps = [first, `bind {"shim": "${other}"}`, "now"] as const;
    const [, refused, time] = doSteps(steps);
    assertEquals(thrown(refused).name, "Error");
    assertStringIncludes(thrown(refused).message, `already bound by ${expectedFfi}`);
    assertGreater(returned(time), 0);
  }
});

test("bind() takes koffi on Node alone", { timeout: TIMEOUT }, () => {
  const [bound, sources, again] = doSteps(['bind {"ffi": "koffi"}', "sources", "bind"]);
  if (runtime === "node") {
    assertEquals(returned(bound), undefined);
    assertEquals(returned(again), undefined);
    assertEquals(returned(sources).ffi, "koffi");
    assertEquals(returned(sources).entries, allFrom("vdso"));
  } else {
    assertEquals(thrown(bound).name, "UnsupportedError");
    assertStringIncludes(thrown(bound).message, "koffi is for Node alone");
    // A failed bind() leaves everything open.
    assertEquals(returned(sources).ffi, expectedFfi);
  }
});

test("bind() throws when koffi is asked for after node:ffi is bound", {
  skip: nodeMajor < 26 && "only Node 26 has two FFIs",
  timeout: TIMEOUT,
}, () => {
  const [, refused, sources] = doSteps(["bind", 'bind {"ffi": "koffi"}', "sources"]);
  assertEquals(thrown(refused).name, "Error");
  assertEquals(returned(sources).ffi, "node");
});

test("bind() opens the shim that it is given, by path or file URL", { timeout: TIMEOUT }, () => {
  withDirectory((directory) => {
    // What a URL has to escape.
    const path = writeShim(directory).replace(/[^/]+$/, "an odd näme%.so");
    copyFileSync(writeShim(directory), path);
    const url = pathToFileURL(path).href;
    const byPath = `bind ${JSON.stringify({ shim: path })}` as const;
    const byText = `bind ${JSON.stringify({ shim: url })}` as const;
    const byUrl = `bindUrl ${JSON.stringify(url)}` as const;
    for (const [first, second] of [[byPath, byUrl], [byText, byPath], [byUrl, byText]] as const) {
      const [bound, same, none, sources, refused] = doSteps([
        first,
        second,
        "bind",
        "sources",
        'bind {"shim": "/another/shim.so"}',
      ]);
      for (const outcome of [bound, same, none]) assertEquals(returned(outcome), undefined);
      assertEquals(returned(sources).ffi, expectedFfi);
      assertEquals(returned(sources).entries, allFrom("vdso"));
      assertStringIncludes(thrown(refused).message, path);
    }
  });
});

test("bind() throws TypeError or RangeError when an option is wrong", { timeout: TIMEOUT }, () => {
  const wrong: readonly (readonly [options: unknown, error: "TypeError" | "RangeError"])[] = [
    [5, "TypeError"],
    ["/a/path", "TypeError"],
    [null, "TypeError"],
    [{ shim: 5 }, "TypeError"],
    [{ shim: null }, "TypeError"],
    [{ shim: {} }, "TypeError"],
    [{ shim: "" }, "RangeError"],
    [{ shim: "shim.so" }, "RangeError"],
    [{ shim: "./shim.so" }, "RangeError"],
    [{ shim: "https://example.org/shim.so" }, "RangeError"],
    [{ shim: "file://host/shim.so" }, "RangeError"],
    [{ shim: "/a\0b" }, "RangeError"],
    [{ shim: "file:///a%00b" }, "RangeError"],
    [{ ffi: "node" }, "RangeError"],
  ];
  const outcomes = doSteps([
    ...wrong.map(([options]) => `bind ${JSON.stringify(options)}` as const),
    "sources",
  ]);
  wrong.forEach(([options, error], index) => {
    const outcome = outcomes[index];
    assert(outcome);
    assertEquals(thrown(outcome).name, error, JSON.stringify(options));
    assertMatch(thrown(outcome).message, /^Expected `options.*`/);
  });
  // None of that has bound anything.
  const sources = outcomes.at(-1);
  assert(sources);
  assertEquals((returned(sources) as Sources).entries, allFrom("vdso"));
});

test("bind() throws UnsupportedError when the shim is not of this build", {
  skip: skipWithoutGcc,
  timeout: TIMEOUT,
}, () => {
  withDirectory((directory) => {
    const text = join(directory, "text.so");
    writeFileSync(text, "no ELF image");
    const refusals = [
      [
        nativeProgram("wrong_build", ["-shared", "-fPIC"]),
        /Expected the trampoline .* gave 123456789abc$/,
      ],
      [text, /text\.so|file too short/],
      [join(directory, "missing.so"), /missing\.so|No such file/],
    ] as const;
    for (const [shim, message] of refusals) {
      const [refused, again, time, sources] = doSteps([
        `bind ${JSON.stringify({ shim })}`,
        `bind ${JSON.stringify({ shim: writeShim(directory) })}`,
        "now",
        "sources",
      ]);
      assertEquals(thrown(refused).name, "UnsupportedError");
      assertMatch(thrown(refused).message, message);
      assert(thrown(refused).cause, "Expected a cause");
      // It has left the process unbound, free to bind in another way.
      assertEquals(returned(again), undefined);
      assertEquals(returned(sources).entries, allFrom("vdso"));
      assertGreater(returned(time), 1000); // not the 42 of wrong_build.c
    }
  });
});

// ---- Without koffi ----

test("now() answers from process.hrtime when koffi is not installed", {
  skip: expectedFfi !== "koffi" && "only Node before 26 takes koffi",
  timeout: TIMEOUT,
}, () => {
  withDirectory((root) => {
    copySources(root);
    const [bound, sources, exact, other, again] = assertOnHrtime(() =>
      doSteps(["bind", "sources", "nowBigInt", 'bind {"ffi": "koffi"}', "bind", "now"], { root })
    );
    assertEquals(thrown(bound).name, "UnsupportedError");
    assertStringIncludes(thrown(bound).message, "Cannot find module 'koffi'");
    assert(thrown(bound).cause, "Expected a cause");
    const said = returned(sources);
    assertEquals([said.ffi, said.timeline, said.entries], ["none", "machine", allFrom("runtime")]);
    assertStringIncludes(said.reason ?? "", "Cannot find module 'koffi'");
    assertGreater(returned(exact), 0n);
    // The timeline has answered: from here on it stays.
    assertEquals(thrown(other).name, "Error");
    assertStringIncludes(thrown(other).message, "Cannot bind any more");
    assertEquals(thrown(again).name, "UnsupportedError");
  });
});

test("bind() names koffi as the cause when koffi is not installed", {
  skip: runtime !== "node" && "koffi is for Node alone",
  timeout: TIMEOUT,
}, () => {
  withDirectory((root) => {
    copySources(root);
    const [refused, sources] = doSteps(['bind {"ffi": "koffi"}', "sources"], { root });
    assertEquals(thrown(refused).name, "UnsupportedError");
    assertEquals(thrown(refused).cause?.code, "MODULE_NOT_FOUND");
    assertEquals(returned(sources).ffi, nodeMajor >= 26 ? "node" : "none");
  });
});

/** Checks that the last outcome, of `now`, is between two readings of Node's own clock. */
function assertOnHrtime<T extends readonly [...unknown[], { value?: number }]>(use: () => T): T {
  const before = process.hrtime.bigint();
  const outcomes = use();
  const after = process.hrtime.bigint();
  const time = (outcomes.at(-1) as { value?: number }).value ?? NaN;
  assertGreaterOrEqual(time, Number(before));
  assertLessOrEqual(time, Number(after));
  return outcomes;
}

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

test("bind() takes koffi when Node is permitted addons", {
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
  for (const deno of [...WITHOUT_FFI, ["--allow-ffi"], ["--allow-all"]]) {
    const { asked, output } = onTerminal(command(STEPS, steps, { deno }));
    assertEquals(asked, false, output);
    assert(!output.includes("Deno requests"), output);
    const [, sources, , time] = decodeOutcomes<typeof steps>(output);
    assertEquals(returned(sources).ffi, WITHOUT_FFI.includes(deno) ? "none" : "deno");
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

test("bind() loads no library of the trampoline's name from LD_LIBRARY_PATH", {
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

// The parent's own clock must be the machine's, or nothing above has been compared with anything.
test("nowBigInt() of this process is on the machine's timeline", { skip: skipWithoutGcc }, () => {
  const monotonic = nativeProgram("monotonic");
  const before = nowBigInt();
  const between = BigInt(spawnSync(monotonic, [], { encoding: "utf8" }).stdout);
  assertGreaterOrEqual(between, before);
  assertLessOrEqual(between, nowBigInt());
});
