/**
 * The library in places where something is missing: a process without a vDSO, another time namespace.
 * Each test starts this runtime there (fixtures/env_steps.ts) and checks what the library said and
 * which values it gave, held against this process's own clock.
 */
// npm test: deno, bun, node26 (one of each kind)
import { test } from "node:test";
import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLessOrEqual,
  assertMatch,
} from "@std/assert";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { clockCost } from "../../doctor/mod.ts";
import { nowBigInt } from "../../mod.ts";
import { readClocks } from "../fixtures/env_clocks.ts";
import { assertBetween, assertSameClocks } from "../fixtures/env_compare.ts";
import { allFrom, doSteps, returned, thrown, withDirectory } from "../fixtures/env_run.ts";
import { HIDDEN } from "../fixtures/hidden.ts";
import { timeNamespace } from "../launchers.ts";
import { nativeProgram, skipWithoutGcc } from "../native.ts";
import { expectedFfi, full, skipUnless } from "../support.ts";

const TIMEOUT = 60_000;

// ---- Without a vDSO ----

function novdso(options: readonly string[]): string[] {
  return [nativeProgram("novdso"), ...options];
}

for (const { how, options, reason, auxval, saved, mapped } of HIDDEN) {
  test(`sources() says syscall, and every clock answers, when ${how}`, {
    skip: skipWithoutGcc,
    timeout: TIMEOUT,
  }, () => {
    const launcher = novdso(options);
    const before = readClocks();
    assertBetween(() => {
      const [sources, time, address, inspected, clocks] = doSteps(
        ["sources", "now", "auxval", "inspect", "clocks"],
        { launcher },
      );
      assertSameClocks(before, returned(clocks), readClocks());
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
  const bases = new Set(Array.from({ length: full ? 5 : 3 }, () => {
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

const skipWithoutStrace = skipUnless(
  spawnSync("strace", ["-f", "true"]).status === 0,
  "strace is not installed, or may not trace",
  "REQUIRE_STRACE",
) ||
  skipUnless(
    clockCost().beatsSyscall,
    "the kernel's clocksource cannot be read from user space",
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
  // A thousand that strace sees are so many more than those of a million that makes none.
  assertEquals(systemCalls("callSystem", 1_000) - systemCalls("callNow", 1_000_000), 1_000);
});

// The parent's own clock must be the machine's, or nothing above has been compared with anything.
test("nowBigInt() of this process is on the machine's timeline", { skip: skipWithoutGcc }, () => {
  const monotonic = nativeProgram("monotonic");
  const before = nowBigInt();
  const between = BigInt(spawnSync(monotonic, [], { encoding: "utf8" }).stdout);
  assertGreaterOrEqual(between, before);
  assertLessOrEqual(between, nowBigInt());
});
