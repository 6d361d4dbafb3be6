/**
 * Does the benchmark measure right? In every runtime: functions of known cost, what the harness
 * adds, handlers that sleep, the clocks of mitata and tinybench and their figures beside ours, and
 * whether changes are found.
 *
 *   npm run bench:accuracy -- [--runtimes deno,bun,...] [--only known,overhead,...] [--quick]
 *     [--markdown] [--assert]
 *
 * About 8 minutes a runtime, most of them for the changes; `--quick`: one. `--assert` exits with 1
 * if a promise does not hold; on a machine that others use, medians are theirs as much as ours.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { nativeProgram } from "../../tests/native.ts";
import { checkChanges, checkCosts, checkOverhead, checkSleeps } from "./checks.ts";
import {
  printChanges,
  printClocks,
  printCosts,
  printHarnesses,
  printOverhead,
  printSleeps,
} from "./print.ts";
import { type Changes, measureChanges } from "./changes.ts";
import type { HarnessFigures, KnownCost, LibraryClock, Overhead, Sleeps } from "./results.ts";
import { machine } from "../measure/machine.ts";
import { chooseRuntimes } from "../measure/options.ts";
import { checksText, machineText } from "../measure/report.ts";
import type { Check } from "../measure/results.ts";
import type { RuntimeCommand, RuntimeName } from "../runtimes.ts";

const PARTS = ["costs", "overhead", "sleeps", "clocks", "harnesses", "changes"] as const;
type Part = typeof PARTS[number];

const { values: options } = parseArgs({
  options: {
    runtimes: { type: "string" },
    only: { type: "string", default: PARTS.join(",") },
    quick: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
    assert: { type: "boolean", default: false },
  },
});
const { quick, markdown } = options;
const parts = options.only.split(",");
const unknown = parts.find((part) => !PARTS.includes(part as Part));
if (unknown !== undefined) {
  throw new RangeError(`Expected --only to list some of ${PARTS.join(", ")}, got ${unknown}`);
}
const runtimes = chooseRuntimes(options.runtimes);
const library = nativeProgram("microbench_cost", ["-shared", "-fPIC"]);

/** Runs a part in a runtime: a line of JSON for each result. */
function lines<T>({ bin, run }: RuntimeCommand, part: string, ...args: (string | number)[]): T[] {
  const file = join(import.meta.dirname, `${part}.ts`);
  const words = [...run, file, library, ...args.map(String)];
  const stdout = execFileSync(bin, words, { encoding: "utf8" });
  return stdout.trim().split("\n").map((line) => JSON.parse(line) as T);
}

/** By runtime, those of a part; empty if it was not asked for. */
async function measureAll<T>(
  part: Part,
  measure: (runtime: RuntimeCommand) => T | Promise<T>,
): Promise<Map<RuntimeName, T>> {
  const results = new Map<RuntimeName, T>();
  if (!parts.includes(part)) return results;
  for (const runtime of runtimes) {
    if (process.stderr.isTTY) console.error(`Measuring ${part} in ${runtime.name} ...`);
    results.set(runtime.name, await measure(runtime));
  }
  return results;
}

console.log(machineText(machine()));
const checks: Check[] = [];

const turns = quick ? 5 : 15;
const costs = await measureAll("costs", (runtime) => lines<KnownCost>(runtime, "costs", turns, 50));
printCosts(costs, markdown);
for (const [name, all] of costs) checks.push(...checkCosts(name, all));

const overhead = await measureAll(
  "overhead",
  (runtime) => lines<Overhead>(runtime, "overhead", turns, 50)[0] as Overhead,
);
printOverhead(overhead, markdown);
for (const [name, one] of overhead) checks.push(...checkOverhead(name, one));

const sleeps = await measureAll(
  "sleeps",
  (runtime) => lines<Sleeps>(runtime, "sleeps", "-", quick ? 1000 : 4000),
);
printSleeps(sleeps, markdown);
for (const [name, all] of sleeps) checks.push(...checkSleeps(name, all));

const clocks = await measureAll("clocks", (runtime) => lines<LibraryClock>(runtime, "clocks"));
printClocks(clocks, markdown);

const harnesses = await measureAll(
  "harnesses",
  (runtime) => lines<HarnessFigures>(runtime, "harnesses", "-", quick ? 50 : 300),
);
printHarnesses(harnesses, markdown);

const changes = await measureAll<Changes>(
  "changes",
  (runtime) => measureChanges(runtime, library, quick ? 2 : 20, 10),
);
printChanges(changes, markdown);
for (const [name, one] of changes) checks.push(...checkChanges(name, one));

if (!markdown) console.log(`\n${checksText(checks)}`);
if (options.assert) {
  for (const { promise, runtime, value, limit } of checks.filter(({ holds }) => !holds)) {
    console.error(`Not held: ${promise} in ${runtime}: ${value}, where ${limit} is the limit`);
    process.exitCode = 1;
  }
}
