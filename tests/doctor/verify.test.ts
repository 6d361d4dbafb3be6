import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import process from "node:process";
import { test } from "node:test";
import { sources } from "../../mod.ts";
import { type Check, checks } from "../../doctor/checks.ts";
import { ordered, settable } from "../../doctor/comparisons.ts";
import { runChecks, verify, type VerifyResult } from "../../doctor/verify.ts";
import { inProcess } from "../cli/in_process.ts";
import { skipWithoutGcc } from "../native.ts";
import { full, run, runtime } from "../support.ts";
import { wrongShim } from "../wrong_shims.ts";

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
  const [wrong, right, silent] = runChecks(list, 20, (part) => parts.push(part)) as [
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
  assert(
    verify(0).every(({ name, comparisons }) =>
      comparisons > 0 || name === "getcpu" || name.includes("across")
    ),
  );
});

test("settable() asks a second time, and nothing else does", () => {
  const answers = ["set back", undefined, "wrong", "wrong again"];
  const compare = settable(() => answers.shift());
  assertEquals([compare(), compare()], [undefined, "wrong again"]);
  // A clock that goes back once in a while, as a broken one would.
  let calls = 0;
  const sometimes = ordered(() => ++calls % 2 ? 1n : 3n, () => 2n);
  assertMatch(sometimes() ?? "", /^out of order: 2, 1 \(vDSO\), 2$/);
});

const notDeno = !full && runtime !== "deno" && "in the full tier: it is the same in Deno";
const skip = process.arch === "x64"
  ? skipWithoutGcc || notDeno
  : "the shim that lies is for x86_64";

test("verify() forgives clocks that can be set what does not come twice in a row, and no others", {
  skip,
  timeout: 60_000,
}, () => {
  const { code, stdout, stderr } = run("tests/fixtures/verify_lies.ts", [wrongShim("lying")]);
  assertEquals([code, stderr], [0, ""]);
  const failed = JSON.parse(stdout) as string[];
  const clocks = ["monotonic", "monotonic-raw", "monotonic-coarse", "boottime"];
  for (const clock of clocks) assert(failed.includes(`clock_gettime ${clock}`), stdout);
  assertEquals(failed.filter((name) => /realtime|tai/.test(name)), []);
});

test("verify() refuses what is no time", () => {
  for (const wrong of [-1, NaN, Infinity]) {
    assertThrows(() => verify(wrong), RangeError, "`milliseconds`");
  }
  for (const wrong of ["1", [], new Date(), true]) { // what would count as a number
    assertThrows(() => verify(wrong as unknown as number), TypeError, "`milliseconds`");
  }
});

test("vdso verify prints a line for each check", { skip: notDeno, timeout: 60_000 }, () => {
  const { code, stdout, stderr } = run("cli.ts", ["verify", "--duration", "0.2"]);
  assertEquals([stderr, code], ["", 0]);
  for (const { name } of checks()) {
    assertMatch(stdout, new RegExp(`^${name} +(vdso|syscall) +\\d+ +0$`, "m"));
  }
  assertMatch(stdout, /^All comparisons hold$/m);
});

test("vdso verify --json has stable keys", { timeout: 60_000 }, async () => {
  const { text, ok } = await inProcess(["verify", "--duration", "0", "--json"]);
  assert(ok);
  const report = JSON.parse(text) as { failures: number; results: VerifyResult[] };
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
