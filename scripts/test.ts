/**
 * `npm test`: every test in every runtime in which it tells something, several files at a time.
 * `npm run test:full`: the long ones, too, in more runtimes, and on this machine in the looks of others.
 *
 *   node scripts/setup.mjs scripts/test.ts [--full] [--coverage] [--runtimes deno,bun,...] [FILE|DIRECTORY...]
 *
 * The last line counts tests: `N passed, N failed, N skipped`.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { ROOT, RUNTIMES } from "./runtimes.ts";
import { reportCoverage } from "./test/coverage.ts";
import { keepDurations, readDurations } from "./test/durations.ts";
import {
  type Group,
  longestFirst,
  planDisguises,
  planUnits,
  shareProcesses,
  testFiles,
  type Tier,
  unitKey,
} from "./test/plan.ts";
import { count, printCounts, printFailure, printRuntime, printSummary } from "./test/report.ts";
import { killUnits, runUnits, type UnitResult } from "./test/run.ts";

/** Seconds that a file may take in one runtime. */
const LIMIT = { quick: 300, full: 900 } as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    full: { type: "boolean", default: false },
    coverage: { type: "boolean", default: false },
    runtimes: { type: "string" },
  },
});
const tier: Tier = values.full ? "full" : "quick";
const files = positionals.length > 0 ? positionals.flatMap(namedFiles) : testFiles();
const asked = values.runtimes?.split(",");
const here = planUnits(files, asked, tier);
const disguised = tier === "full" && mayMount() ? planDisguises(files) : [];
const units = [
  ...here,
  ...disguised.filter(({ runtime }) => asked?.includes(runtime.name) ?? true),
];
const durations = readDurations(tier);
const ordered = longestFirst(units, durations);
// By itself each where lines are counted: a file is to cover its own source.
const queue = values.coverage
  ? ordered.map((unit): Group => [unit])
  : shareProcesses(ordered, durations);

const directory = mkdtempSync(join(tmpdir(), "vdso-test-"));
process.on("exit", () => {
  killUnits();
  rmSync(directory, { recursive: true, force: true });
});
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));

/** Those of a directory, or the one file. */
function namedFiles(name: string): string[] {
  const found = statSync(resolve(ROOT, name), { throwIfNoEntry: false });
  const files = found?.isDirectory() ? testFiles(name) : found ? [name] : [];
  if (files.length === 0) throw new Error(`There is no test file ${name}`);
  return files;
}

/** Looking like another machine takes mounts, and those take root. */
function mayMount(): boolean {
  if (process.getuid?.() === 0) return true;
  const reason = "no test is run on machines in disguise: mounting takes root";
  if (process.env["REQUIRE_ROOT"]) throw new Error(`REQUIRE_ROOT is set, but: ${reason}`);
  console.log(`Skipped: ${reason}`);
  return false;
}

// One more than there are CPUs, since some units wait; not where lines are counted, which is slower.
const lanes = availableParallelism() + (values.coverage ? 0 : 1);

const start = performance.now();
const results: UnitResult[] = [];
await Promise.all(Array.from({ length: lanes }, async () => {
  for (let group = queue.shift(); group; group = queue.shift()) {
    const { coverage } = values;
    const ended = await runUnits(group, { tier, directory, coverage, limit: LIMIT[tier] });
    results.push(...ended);
    for (const failure of ended.map(printFailure)) {
      if (failure !== undefined) console.log(`\n${failure}\n`);
    }
    if (process.stdout.isTTY) process.stdout.write(`\r${results.length} of ${units.length} `);
  }
}));
if (process.stdout.isTTY) process.stdout.write("\r");
if (positionals.length === 0) { // a few files alone are faster than among all others
  const seconds = results.map(({ unit, seconds }) => [unitKey(unit), seconds]);
  keepDurations(tier, Object.fromEntries(seconds));
}

for (const { name } of RUNTIMES) {
  const own = results.filter(({ unit }) => unit.runtime.name === name);
  if (own.length > 0) console.log(printRuntime(name, own));
}
console.log(printSummary(results));
let counts = count(results);
if (values.coverage && counts.failed === 0 && !await reportCoverage(directory)) {
  counts = { ...counts, failed: 1 };
}
console.log(`In ${((performance.now() - start) / 1000).toFixed(0)} s:`);
console.log(printCounts(counts));
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
