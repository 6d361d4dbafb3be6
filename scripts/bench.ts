/**
 * Measures what the clocks cost in every runtime, against C and against what the runtimes have, and
 * checks the promises made of it.
 *
 *   npm run bench -- [--runtimes deno,bun,...] [--quick] [--startup] [--json | --markdown] [--assert]
 *
 * `--startup` also measures the start (scripts/bench/startup.ts), as `--json` always does;
 * `--markdown` prints what belongs into the README; `--assert` exits with 1 if a promise does not
 * hold.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { checkClocks, checkStartup } from "./bench/checks.ts";
import { machine } from "./bench/machine.ts";
import { measure } from "./bench/measure.ts";
import { withNative } from "./bench/native.ts";
import { chooseRuntimes } from "./bench/options.ts";
import { printReport } from "./bench/print.ts";
import type { Check, Report, RuntimeResult } from "./bench/results.ts";
import { measureStartup, PAIRS } from "./bench/startup.ts";
import type { RuntimeCommand, RuntimeName } from "./runtimes.ts";

const { values: options } = parseArgs({
  options: {
    runtimes: { type: "string" },
    quick: { type: "boolean", default: false },
    startup: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
    assert: { type: "boolean", default: false },
  },
});
const { quick } = options;
const runtimes = chooseRuntimes(options.runtimes);
const here = machine();

async function measureClocks(native: string | undefined): Promise<Map<RuntimeName, RuntimeResult>> {
  const results = new Map<RuntimeName, RuntimeResult>();
  for (const runtime of runtimes) results.set(runtime.name, await measureOne(runtime, native));
  return results;
}

function measureOne(runtime: RuntimeCommand, native: string | undefined): Promise<RuntimeResult> {
  tell(`Measuring the clocks in ${runtime.name} ...`);
  return measure(runtime, { native, rounds: quick ? 15 : 101, batch: quick ? 1e6 : 2.5e6 });
}

/** Progress, for whoever sits in front of it. */
function tell(what: string): void {
  if (process.stderr.isTTY) console.error(what);
}

const clocks = here.gcc === null ? await measureClocks(undefined) : await withNative(measureClocks);
const checks: Check[] = Array.from(clocks).flatMap(([name, result]) => checkClocks(name, result));
let report: Report = { schema: 1, machine: here, runtimes: Object.fromEntries(clocks), checks };
if (options.startup || options.json) {
  tell("Measuring the start ...");
  const startup = await measureStartup(runtimes, quick ? 9 : PAIRS);
  report = { ...report, startup, checks: [...checks, ...startup.flatMap(checkStartup)] };
}

if (options.json) console.log(JSON.stringify(report, null, 2));
else printReport(report, options.markdown);
if (options.assert && report.checks.some(({ holds }) => !holds)) process.exitCode = 1;
