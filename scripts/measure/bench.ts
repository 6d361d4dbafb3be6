/**
 * Measures what the library costs in every runtime, against C and against what the runtimes have,
 * and checks the promises made of it. About 3 minutes.
 *
 *   npm run bench -- [--only clocks|all] [--runtimes deno,bun,...] [--ffi addon|node|koffi]
 *     [--quick] [--startup] [--json | --markdown] [--write] [--assert]
 *
 * `--only clocks` leaves out all but the first table; `--ffi` names the way that Node is to go, in place of
 * the best; `--startup` also measures the start
 * (scripts/measure/startup.ts), as `--json` always does; `--markdown` prints Markdown; `--write`
 * writes docs/performance.md, and the README's rows; `--assert` exits with 1 if a promise does not hold.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { checkClocks, checkOthers, checkStartup, checkWorkers } from "./checks.ts";
import { machine } from "./machine.ts";
import { measureClocks, measureOthers, measureWorkers } from "./measure.ts";
import { withNative } from "./native.ts";
import { chooseGroups, chooseRuntimes } from "./options.ts";
import { writePerformance } from "./performance.ts";
import { reportText } from "./report.ts";
import type { Check, Report, RuntimeResult } from "./results.ts";
import { measureStartup, PAIRS } from "./startup.ts";
import type { RuntimeCommand, RuntimeName } from "../runtimes.ts";

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "all" },
    runtimes: { type: "string" },
    ffi: { type: "string" },
    quick: { type: "boolean", default: false },
    startup: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    assert: { type: "boolean", default: false },
  },
});
const { quick } = options;
const groups = chooseGroups(options.only);
const runtimes = chooseRuntimes(options.runtimes);
const here = machine();

async function measureAll(native: string | undefined): Promise<Map<RuntimeName, RuntimeResult>> {
  const results = new Map<RuntimeName, RuntimeResult>();
  for (const runtime of runtimes) results.set(runtime.name, await measureOne(runtime, native));
  return results;
}

async function measureOne(
  runtime: RuntimeCommand,
  native: string | undefined,
): Promise<RuntimeResult> {
  const rounds = quick ? 15 : 101;
  const how = { native, rounds, batch: quick ? 1e6 : 2.5e6, ffi: options.ffi };
  tell(`Measuring the clocks in ${runtime.name} ...`);
  const clocks = await measureClocks(runtime, how);
  if (!groups.includes("others")) return clocks;
  tell(`Measuring everything else in ${runtime.name} ...`);
  const others = await measureOthers(runtime, how);
  if (here.cores < 2) return { ...clocks, others };
  const workers = await measureWorkers(runtime, quick ? 51 : 201);
  return { ...clocks, others, ...(workers && { workers }) };
}

/** What is promised of what was measured. */
function checkOne(runtime: RuntimeName, result: RuntimeResult): Check[] {
  const checks = checkClocks(runtime, result);
  if (!result.others || result.ffi === "koffi") return checks;
  checks.push(...checkOthers(runtime, result.others));
  if (here.cores > 1) checks.push(...checkWorkers(runtime, result.workers));
  return checks;
}

/** Progress, for whoever sits in front of it. */
function tell(what: string): void {
  if (process.stderr.isTTY) console.error(what);
}

const results = here.gcc === null ? await measureAll(undefined) : await withNative(measureAll);
const checks = Array.from(results).flatMap(([name, result]) => checkOne(name, result));
let report: Report = { schema: 1, machine: here, runtimes: Object.fromEntries(results), checks };
if (options.startup || options.json || options.write) {
  tell("Measuring the start ...");
  const startup = await measureStartup(runtimes, quick ? 9 : PAIRS);
  report = { ...report, startup, checks: [...checks, ...startup.flatMap(checkStartup)] };
}

if (options.json) console.log(JSON.stringify(report, null, 2));
else console.log(reportText(report, options.markdown));
if (options.write) writePerformance(report);
if (options.assert) {
  for (const { promise, runtime, value, limit } of report.checks.filter(({ holds }) => !holds)) {
    console.error(`Not held: ${promise} in ${runtime}: ${value}, where ${limit} is the limit`);
    process.exitCode = 1;
  }
}
