/**
 * `npm test`: every test in every runtime, as many runtimes at a time as there are cores.
 *
 *   node scripts/setup.mjs scripts/test.ts [--coverage] [--runtimes deno,bun,...] [FILE...]
 */
import { spawn } from "node:child_process";
import { globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { coverageCommand, reportCoverage } from "./coverage.ts";
import { ROOT, type RuntimeCommand, RUNTIMES } from "./runtimes.ts";

interface Outcome {
  name: string;
  status: number;
  seconds: number;
  passed: number;
  failed: number;
  skipped: number;
}

/** The figures of the runner's closing lines: Deno's, Bun's, node --test's. */
function count(output: string, word: "pass" | "fail" | "skip"): number {
  const forms = {
    pass: /(\d+) passed|^\s*(\d+) pass$|^ℹ pass (\d+)/gm,
    fail: /(\d+) failed|^\s*(\d+) fail$|^ℹ fail (\d+)/gm,
    skip: /(\d+) ignored|^\s*(\d+) skip$|^ℹ skipped (\d+)/gm,
  };
  // The last one: tests may print what looks like an earlier one.
  const match = [...output.matchAll(forms[word])].at(-1);
  return Number(match?.slice(1).find((group) => group !== undefined) ?? 0);
}

async function testIn(
  runtime: RuntimeCommand,
  files: string[],
  coverage: boolean,
): Promise<Outcome> {
  const log = join(LOGS, `${runtime.name}.log`);
  const [program, ...args] = coverage
    ? coverageCommand(runtime, files)
    : [runtime.bin, ...runtime.test, ...files];
  const start = Date.now();
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: "1", TEST_RUNTIME: runtime.name },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => output += text);
  }
  const status = await new Promise<number>((resolve) =>
    child.on("close", (code) => resolve(code ?? 1))
  );
  writeFileSync(log, output);
  const outcome = {
    name: runtime.name,
    status,
    seconds: (Date.now() - start) / 1000,
    passed: count(output, "pass"),
    failed: count(output, "fail"),
    skipped: count(output, "skip"),
  };
  // No test at all is no success.
  if (outcome.status === 0 && outcome.passed === 0) outcome.status = 1;
  const { passed, failed, skipped, seconds } = outcome;
  console.log(
    `${runtime.name}: ${passed} passed, ${failed} failed, ${skipped} skipped in ${
      seconds.toFixed(0)
    } s`,
  );
  if (outcome.status !== 0) console.log(`\n${output}\n`);
  return outcome;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { coverage: { type: "boolean", default: false }, runtimes: { type: "string" } },
});
const wanted = values.runtimes?.split(",");
const queue = RUNTIMES.filter(({ name }) => !wanted || wanted.includes(name));
const files = positionals.length > 0
  ? positionals
  : globSync("tests/*.test.ts", { cwd: ROOT }).sort();
const LOGS = join(ROOT, "coverage/logs");
rmSync(join(ROOT, "coverage"), { recursive: true, force: true });
mkdirSync(LOGS, { recursive: true });

const outcomes: Outcome[] = [];
await Promise.all(Array.from({ length: availableParallelism() }, async () => {
  for (let runtime = queue.shift(); runtime; runtime = queue.shift()) {
    outcomes.push(await testIn(runtime, files, values.coverage));
  }
}));

let failed = outcomes.some(({ status }) => status !== 0);
if (values.coverage && !failed) failed = !reportCoverage();
const total = (key: "passed" | "failed" | "skipped") =>
  outcomes.reduce((sum, o) => sum + o[key], 0);
console.log(`${total("passed")} passed, ${total("failed")} failed, ${total("skipped")} skipped`);
process.exitCode = failed ? 1 : 0;
