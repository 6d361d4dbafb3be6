/**
 * Does the benchmark measure right? In every runtime: functions of known cost, what the harness
 * adds, handlers that sleep, the clocks of mitata and tinybench and their figures beside ours, and
 * whether changes are found.
 *
 *   npm run bench:accuracy -- [--runtimes deno,bun,...] [--only known,overhead,...] [--quick]
 *     [--markdown] [--assert]
 *
 * Some 8 minutes a runtime, most of them for the regression; `--quick`: one. `--assert` exits with 1
 * if a promise does not hold; on a machine that others use, medians are theirs as much as ours.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { nativeProgram } from "../tests/native.ts";
import { checkKnown, checkOverhead, checkRegression, checkSleepers } from "./accuracy/checks.ts";
import {
  printFriends,
  printKnown,
  printOverhead,
  printPeers,
  printRegression,
  printSleepers,
} from "./accuracy/print.ts";
import { measureRegression, type Regression } from "./accuracy/regression.ts";
import type { FriendClock, Known, Overhead, Peers, Sleepers } from "./accuracy/results.ts";
import { machine } from "./bench/machine.ts";
import { chooseRuntimes } from "./bench/options.ts";
import { printChecks, printMachine } from "./bench/print.ts";
import type { Check } from "./bench/results.ts";
import type { RuntimeCommand, RuntimeName } from "./runtimes.ts";

const PARTS = ["known", "overhead", "sleepers", "friends", "peers", "regression"] as const;
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
  const file = join(import.meta.dirname, "accuracy", `${part}.ts`);
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

printMachine(machine());
const checks: Check[] = [];

const turns = quick ? 5 : 15;
const known = await measureAll("known", (runtime) => lines<Known>(runtime, "known", turns, 50));
printKnown(known, markdown);
for (const [name, all] of known) checks.push(...checkKnown(name, all));

const overhead = await measureAll(
  "overhead",
  (runtime) => lines<Overhead>(runtime, "overhead", turns, 50)[0] as Overhead,
);
printOverhead(overhead, markdown);
for (const [name, one] of overhead) checks.push(...checkOverhead(name, one));

const sleepers = await measureAll(
  "sleepers",
  (runtime) => lines<Sleepers>(runtime, "sleepers", "-", quick ? 1000 : 4000),
);
printSleepers(sleepers, markdown);
for (const [name, all] of sleepers) checks.push(...checkSleepers(name, all));

const friends = await measureAll("friends", (runtime) => lines<FriendClock>(runtime, "friends"));
printFriends(friends, markdown);

const peers = await measureAll(
  "peers",
  (runtime) => lines<Peers>(runtime, "peers", "-", quick ? 50 : 300),
);
printPeers(peers, markdown);

const regression = await measureAll<Regression>(
  "regression",
  (runtime) => measureRegression(runtime, library, quick ? 2 : 20, 10),
);
printRegression(regression, markdown);
for (const [name, one] of regression) checks.push(...checkRegression(name, one));

if (!markdown) printChecks(checks);
if (options.assert) {
  for (const { promise, runtime, value, limit } of checks.filter(({ holds }) => !holds)) {
    console.error(`Not held: ${promise} in ${runtime}: ${value}, where ${limit} is the limit`);
    process.exitCode = 1;
  }
}
