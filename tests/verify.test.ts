import { assert, assertEquals, assertMatch } from "@std/assert";
import { test } from "node:test";
import { sources } from "../mod.ts";
import { type Check, checks, verify, type VerifyResult } from "../verify/mod.ts";
import { run } from "./support.ts";

test("verify() finds that the vDSO tells the truth", { timeout: 20_000 }, () => {
  const results = verify(300);
  assertEquals(results.filter(({ failures }) => failures > 0), []);
  for (const { name, comparisons } of results) assert(comparisons > 0, name);
  for (const { entry, source } of results) assertEquals(source, sources().entries[entry]);
});

test("checks() has the 16 interfaces of vdsotest, time and getrandom", () => {
  const names = checks().map(({ name }) => name);
  for (const call of ["clock_gettime", "clock_getres"]) {
    for (
      const clock of [
        "monotonic",
        "monotonic-coarse",
        "monotonic-raw",
        "tai",
        "boottime",
        "realtime",
        "realtime-coarse",
      ]
    ) assert(names.includes(`${call} ${clock}`), `${call} ${clock}`);
  }
  for (const name of ["getcpu", "gettimeofday", "time", "getrandom"]) assert(names.includes(name));
});

test("verify() counts what fails, and says how it failed first", () => {
  let calls = 0;
  const list: Check[] = [
    { name: "wrong", entry: "time", compare: () => `failure ${++calls}` },
    { name: "right", entry: "time", compare: () => undefined },
    { name: "silent", entry: "time", compare: () => null },
  ];
  const parts: number[] = [];
  const [wrong, right, silent] = verify(20, (part) => parts.push(part), list) as [
    VerifyResult,
    VerifyResult,
    VerifyResult,
  ];
  assert(wrong.failures > 0 && wrong.failures === wrong.comparisons);
  assertEquals(wrong.failure, "failure 1");
  assert(right.comparisons > 0 && right.failures === 0 && right.failure === null);
  assertEquals([silent.comparisons, silent.failures], [0, 0]);
  assertEquals([parts.at(0), parts.at(-1)], [0, 1]);
});

test("verify() makes every check once, however short the time", () => {
  assert(verify(0).every(({ name, comparisons }) => comparisons > 0 || name === "getcpu"));
});

test("vdso verify prints a line for each check", { timeout: 60_000 }, () => {
  const { code, stdout, stderr } = run("cli.ts", ["verify", "--duration", "0.2"]);
  assertEquals([stderr, code], ["", 0]);
  for (const { name } of checks()) {
    assertMatch(stdout, new RegExp(`^${name} +(vdso|syscall) +\\d+ +0$`, "m"));
  }
  assertMatch(stdout, /^All comparisons hold$/m);
});

test("vdso verify --json has stable keys", { timeout: 60_000 }, () => {
  const { code, stdout } = run("cli.ts", ["verify", "--duration", "0", "--json"]);
  assertEquals(code, 0);
  const report = JSON.parse(stdout) as { failures: number; results: VerifyResult[] };
  assertEquals(Object.keys(report), ["failures", "results"]);
  assertEquals(report.results.map(({ name }) => name), checks().map(({ name }) => name));
  assertEquals(Object.keys(report.results[0] ?? {}), [
    "name",
    "entry",
    "source",
    "comparisons",
    "failures",
    "failure",
  ]);
});
