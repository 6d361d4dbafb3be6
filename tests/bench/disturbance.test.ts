import { assert, assertEquals, assertGreater, assertGreaterOrEqual } from "@std/assert";
import { existsSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { type Disturbance, judge, parseSteal, UNWATCHED, watch } from "../../bench/disturbance.ts";
import { now } from "../../mod.ts";
import { wrongShim } from "../wrong_shims.ts";
import { skipWithoutGcc } from "../native.ts";
import { full, nodeMajor, run, runtime, statisticalTest } from "../support.ts";

const timeout = 30_000;

function counts(some: Partial<Disturbance>): Disturbance {
  return { ...UNWATCHED, ...some };
}

test("judge() names what is too much for a result to be trusted", () => {
  const cases: [Partial<Disturbance>, string[]][] = [
    [{}, []],
    [{ migrations: 0, offCpuNs: 1e6, majorFaults: 0, stealNs: 0 }, []],
    [{ migrations: 2 }, ["moved between CPUs 2 times"]],
    [{ offCpuNs: 2.5e7 }, ["did not run 2.5 % of the time"]],
    [{ counterJumps: 1 }, ["the CPU's counter jumped 1 times"]],
    [{ majorFaults: 3 }, ["waited for 3 pages from a disk"]],
    [{ stealNs: 1e8 }, ["the hypervisor took 10.0 % of the time"]],
    [{ migrations: 1, stealNs: 1e8 }, [
      "moved between CPUs 1 times",
      "the hypervisor took 10.0 % of the time",
    ]],
    // The function's own doing.
    [{ collections: 100, collectionNs: 5e8, minorFaults: 1e6 }, []],
  ];
  for (const [some, expected] of cases) assertEquals(judge(counts(some), 1e9, false), expected);
});

test("judge() does not hold it against a function that waits that it does not run", () => {
  assertEquals(judge(counts({ offCpuNs: 9e8 }), 1e9, true), []);
});

test("parseSteal() takes the eighth figure of all CPUs together", () => {
  const stat = "cpu  1 2 3 4 5 6 7 80 9 10\ncpu0 1 2 3 4 5 6 7 40 9 10\nintr 1\n";
  assertEquals(parseSteal(stat), 8e8);
  assertEquals(parseSteal("cpu0 1 2 3 4 5 6 7 40 9 10\n"), undefined);
  assertEquals(parseSteal(""), undefined);
});

test("watch() reads all that can be read here, and names the rest", { timeout }, async () => {
  const { look, end } = await watch(false);
  const start = now();
  look();
  const result = await end(now() - start);
  const { disturbed, reasons, unreadable, ...values } = result;
  assertEquals(disturbed, reasons.length > 0);
  for (const [name, value] of Object.entries(values)) {
    assertEquals(value === null, name in unreadable, `${name}: ${value}`);
    assert(value === null || value === result.governor || (value as number) >= 0, name);
  }
  const missing = Object.keys(unreadable).filter((name) => name !== "governor").sort();
  // Bun does not tell; Deno says it does, and does not.
  assertEquals(missing, runtime === "node" ? [] : ["collectionNs", "collections"]);
  const governed = existsSync("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  assertEquals("governor" in unreadable, !governed);
});

test("watch() sees a thread that does not run", { timeout }, async () => {
  const { end } = await watch(false);
  const start = now();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const { offCpuNs, voluntarySwitches, reasons } = await end(now() - start);
  assertGreater(offCpuNs ?? 0, 5e7);
  assertGreaterOrEqual(voluntarySwitches ?? 0, 1);
  assert(reasons.some((reason) => reason.startsWith("did not run")), reasons.join());
});

const skipWithoutJumps = process.arch !== "x64"
  ? "the shim whose counter jumps is for x86_64"
  : skipWithoutGcc;

statisticalTest("measure() says so when the counter jumps meanwhile", {
  // It waits for a second to pass.
  skip: skipWithoutJumps || !full && nodeMajor !== 26 && "in the full tier; in Node 26 always",
  timeout,
}, () => {
  const { code, stdout, stderr } = run("tests/fixtures/measure_jumps.ts", [wrongShim("jumping")]);
  assertEquals([code, stderr], [0, ""]);
  const { counterJumps, reasons, disturbed } = JSON.parse(stdout) as {
    counterJumps: number;
    reasons: string[];
    disturbed: string;
  };
  assertGreaterOrEqual(counterJumps, 1);
  const reason = `the CPU's counter jumped ${counterJumps} times`;
  assert(reasons.includes(reason) && disturbed.includes(reason), stdout);
});

const untold = runtime === "node" ? false : "this runtime does not tell of its collections";

statisticalTest("watch() counts garbage collections", { skip: untold, timeout }, async () => {
  const { end } = await watch(false);
  let kept: unknown[] = [];
  for (let i = 0; i < 2_000_000; i++) kept = i % 1000 === 0 ? [] : [kept, i];
  const { collections, collectionNs } = await end(1e9);
  assert(kept.length > 0);
  assertGreater(collections ?? 0, 0);
  assertGreater(collectionNs ?? 0, 0);
});

const onlyDeno = runtime === "deno" ? false : "other runtimes have no such permissions";

test("watch() neither asks nor fails under --allow-ffi alone", { skip: onlyDeno, timeout }, () => {
  const { code, stdout, stderr } = run("tests/fixtures/microbench_watch.ts", [], {
    deno: ["--allow-ffi"],
  });
  assertEquals([code, stderr], [0, ""]);
  const unreadable = JSON.parse(stdout) as Record<string, string>;
  assertEquals(Object.keys(unreadable).sort(), [
    "collectionNs",
    "collections",
    "governor",
    "stealNs",
  ]);
});

test("watch() goes without what takes an FFI", { skip: onlyDeno, timeout }, () => {
  const { code, stdout, stderr } = run("tests/fixtures/microbench_watch.ts", [], {
    deno: ["--no-prompt"],
  });
  assertEquals([code, stderr], [0, ""]);
  const unreadable = JSON.parse(stdout) as Record<string, string>;
  assert(unreadable["migrations"]?.includes("--allow-ffi"), stdout);
  assert(unreadable["offCpuNs"]?.includes("--allow-ffi"), stdout);
});
