/** A unit of `npm test`, in each runtime: what comes of files that do not end well. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { RUNTIMES } from "../../../scripts/runtimes.ts";
import { count, printFailure, printSummary } from "../../../scripts/test/report.ts";
import { runUnits, type UnitResult } from "../../../scripts/test/run.ts";
import { ROOT } from "../../support.ts";
import { SOME_RUNTIMES } from "../support.ts";

const timeout = 60_000;
const directory = mkdtempSync(join(tmpdir(), "vdso-runner-"));
after(() => rmSync(directory, { recursive: true }));

function write(name: string, code: string): string {
  const file = join(directory, `${name}.test.mjs`);
  writeFileSync(file, `import { test } from "node:test";\n${code}\n`);
  return file;
}

async function runTogether(files: string[], name: string, limit = 60): Promise<UnitResult[]> {
  const runtime = RUNTIMES.find((runtime) => runtime.name === name);
  assert(runtime);
  const [first, ...others] = files.map((file) => ({ runtime, file }));
  assert(first);
  return await runUnits([first, ...others], { tier: "quick", directory, coverage: false, limit });
}

async function run(file: string, name: string, limit?: number): Promise<UnitResult> {
  const [result] = await runTogether([file], name, limit);
  assert(result);
  return result;
}

/** Begins at once, since it takes long. */
const HANGING = Promise.allSettled(SOME_RUNTIMES.map(async ({ name }) => {
  const pid = join(directory, `${name}.pid`);
  const code = `import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
test("hangs", async () => {
  writeFileSync("${pid}", String(spawn("sleep", ["1000"]).pid));
  for (;;) await new Promise((resolve) => setTimeout(resolve, 1000));
});`;
  const result = await run(write(`hangs in ${name}`, code), name, 3);
  assertEquals(result.problem, "took more than 3 s: killed");
  // Gone, or dead and not yet buried.
  const stat = `/proc/${readFileSync(pid, "utf8")}/stat`;
  const state = () => existsSync(stat) ? readFileSync(stat, "utf8").replace(/.*\) /s, "")[0] : "Z";
  for (let i = 0; i < 100 && state() !== "Z"; i++) await sleep(20);
  assertEquals(state(), "Z");
}));

const FAILS = `test("fails", () => { throw new Error("on purpose"); });`;
const MIXED = `import { statisticalTest } from "${join(ROOT, "tests/support.ts")}";
${FAILS}
test("passes", () => console.log("tier", process.env.TEST_TIER));
test("is skipped", { skip: "a reason" }, () => {});
let tries = 0;
statisticalTest("needs two", {}, () => { if (tries++ === 0) throw new Error("bad\\nluck"); });
statisticalTest("needs three", {}, () => { throw new Error("worse"); });`;

for (const { name } of SOME_RUNTIMES) {
  test(`runUnits() tells in ${name} what passed, failed and was skipped`, { timeout }, async () => {
    const result = await run(write("mixed", MIXED), name);
    assertEquals(
      result.cases.map(({ name, outcome }) => [name, outcome]),
      [
        ["fails", "failed"],
        ["passes", "passed"],
        ["is skipped", "skipped"],
        ["needs two (statistical)", "passed"],
        ["needs three (statistical)", "failed"],
      ],
    );
    assertEquals(result.problem, undefined);
    assertEquals(result.retries, ["needs two: Error: bad", "needs three: Error: worse"]);
    assertEquals(count([result]), { passed: 2, failed: 2, skipped: 1 });
    const printed = printFailure(result) ?? "";
    for (const part of ["on purpose", "tier quick", `FAILED  ${name} ${result.unit.file}: fails`]) {
      assertStringIncludes(printed, part);
    }
    assertStringIncludes(printSummary([result]), "needed their second try:\n");
  });

  test(`runUnits() fails in ${name} a file without a test`, { timeout }, async () => {
    const result = await run(write("none", ""), name);
    assertMatch(result.problem ?? "", /^ran no test, and ended with exit status \d$/);
    assertEquals(count([result]), { passed: 0, failed: 1, skipped: 0 });
    assertStringIncludes(printFailure(result) ?? "", "the file ran no test");
  });

  test(`runUnits() fails in ${name} a file that dies`, { timeout }, async () => {
    const killed = await run(
      write("killed", `test("is killed", () => process.kill(process.pid, "SIGKILL"));`),
      name,
    );
    assertEquals(killed.problem, "was killed by SIGKILL");
    const broken = await run(write("broken", "throw new Error('broken')"), name);
    assertEquals(count([broken]).passed, 0);
    assert(count([broken]).failed > 0);
    assertStringIncludes(printFailure(broken) ?? "", "broken");
  });
}

test("runUnits() tells what came of each file that shares a process", { timeout }, async () => {
  const good = write("is good", `test("is good", () => {});`);
  const results = await runTogether([write("shares", MIXED), good], "node26");
  assertEquals(results.map((result) => count([result])), [
    { passed: 2, failed: 2, skipped: 1 },
    { passed: 1, failed: 0, skipped: 0 },
  ]);
  assertEquals(results.map(({ problem, retries }) => [problem, retries.length]), [
    [undefined, 2],
    [undefined, 0],
  ]);
  const dies = write("dies", `test("dies", () => process.kill(process.pid, "SIGKILL"));`);
  const problems = (await runTogether([good, dies], "node26")).map(({ problem }) => problem);
  assertEquals(problems, ["was killed by SIGKILL", "was killed by SIGKILL"]);
});

test("scripts/test.ts says what failed, and counts in its last line", { timeout }, () => {
  const files = [write("fails", FAILS), write("passes", `test("passes", () => {});`)];
  const temporary = join(directory, "temporary");
  mkdirSync(temporary);
  const npmTest = (...words: string[]) =>
    spawnSync(process.execPath, [join(ROOT, "scripts/test.ts"), ...words], {
      encoding: "utf8",
      env: { ...process.env, TMPDIR: temporary },
    });
  const both = npmTest("--runtimes", "bun,node26", ...files);
  assertEquals([both.status, both.stderr], [1, ""]);
  const lines = both.stdout.trimEnd().split("\n");
  assertEquals(lines.at(-1), "2 passed, 2 failed, 0 skipped");
  for (const name of ["bun", "node26"]) {
    assert(lines.includes(`FAILED  ${name} ${files[0]}: fails`));
    assertMatch(both.stdout, new RegExp(`^${name}: 1 passed, 1 failed, 0 skipped in \\d+ s$`, "m"));
  }
  const good = npmTest("--runtimes", "bun", files[1] ?? "");
  assertEquals([good.status, good.stderr], [0, ""]);
  assertMatch(good.stdout, /\n1 passed, 0 failed, 0 skipped\n$/);
  assertEquals(readdirSync(temporary), []);
});

test("scripts/test.ts refuses what is no test file", { timeout }, () => {
  const words = [join(ROOT, "scripts/test.ts"), "tests/nowhere.test.ts"];
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  assertEquals(status, 1);
  assertStringIncludes(stderr, "There is no test file tests/nowhere.test.ts");
});

test("runUnits() kills a file that hangs, with all that it started", { timeout }, async () => {
  for (const outcome of await HANGING) {
    if (outcome.status === "rejected") throw outcome.reason;
  }
});
