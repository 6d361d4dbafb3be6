/**
 * What the library adds to a program's start: the wall time of a program that imports it and calls
 * `now()` once, over an empty program of the same kind; and what the least module adds that does the
 * same. Processes alternate; the results are the medians of the differences, with warm caches, and
 * their ratio, which holds on any machine; not a number where the least module's part is lost in noise.
 *
 *   npm run bench:startup -- [--runtimes deno,bun,...] [--pairs 41] [--json] [--assert]
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { ROOT, type RuntimeCommand } from "../runtimes.ts";
import { checkStartup } from "./checks.ts";
import { medianInterval } from "./interval.ts";
import { writeLeastModule } from "./least_module.ts";
import { chooseRuntimes, count } from "./options.ts";
import { checksText, startupText } from "./report.ts";
import type { Form, StartupResult } from "./results.ts";
import { summarize } from "./statistics.ts";

/** The promise is on the median of so many pairs. */
export const PAIRS = 41;
const WARM_UPS = 3;

/** Measures every form in each of `runtimes`. */
export async function measureStartup(
  runtimes: readonly RuntimeCommand[],
  pairs: number,
): Promise<StartupResult[]> {
  const directory = mkdtempSync(join(tmpdir(), "vdso-startup-"));
  try {
    const forms = await programs(directory);
    return runtimes.flatMap((runtime) =>
      forms.map(({ form, empty, program }) => ({
        runtime: runtime.name,
        form,
        ...compare(
          runtime,
          directory,
          { empty, program, least: writeLeastModule(runtime.name, directory) },
          pairs,
        ),
      }))
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Writes each form's pair of programs below `directory`. */
async function programs(
  directory: string,
): Promise<{ form: Form; empty: string; program: string }[]> {
  const write = (file: string, text: string) => writeFileSync(join(directory, file), text);
  write("package.json", JSON.stringify({ type: "module" }));
  mkdirSync(join(directory, "node_modules"));
  symlinkSync(join(ROOT, "node_modules/koffi"), join(directory, "node_modules/koffi"));

  const importAndCall = (module: string) => `import { now } from "${module}";\nnow();\n`;
  await build({
    format: "esm",
    logLevel: "error",
    target: "es2022",
    entryPoints: [join(ROOT, "mod.ts")],
    bundle: true,
    outfile: join(directory, "bundle/mod.js"),
  });
  const setup = join(ROOT, "scripts/setup.mjs");
  const builder = "scripts/build/npm.ts";
  execFileSync("node", [setup, builder, "--out", directory], { stdio: ["ignore", "ignore", 2] });
  write("package.js", importAndCall("./npm/mod.js"));
  write("bundle.js", importAndCall("./bundle/mod.js"));
  write("sources.ts", importAndCall(join(ROOT, "mod.ts")));
  write("empty.js", "export {};\n");
  write("empty.ts", "export {};\n");
  return [
    { form: "package", empty: "empty.js", program: "package.js" },
    { form: "bundle", empty: "empty.js", program: "bundle.js" },
    { form: "sources", empty: "empty.ts", program: "sources.ts" },
  ];
}

function compare(
  { name, bin }: RuntimeCommand,
  directory: string,
  { empty, program, least }: { empty: string; program: string; least: string },
  pairs: number,
): Omit<StartupResult, "runtime" | "form"> {
  const flags = name === "deno" ? ["run", "--no-check", "--allow-ffi"] : [];
  const time = (file: string) => wallTime(bin, [...flags, file], directory);
  for (let i = 0; i < WARM_UPS; i++) {
    for (const file of [empty, program, least]) time(file);
  }
  const empties: number[] = [];
  const differences: number[] = [];
  const leasts: number[] = [];
  for (let i = 0; i < pairs; i++) {
    // A B C, C B A: whatever the machine gets slower or faster by meanwhile cancels out.
    const files = [program, empty, least];
    const times = new Map((i % 2 ? files : files.toReversed()).map((file) => [file, time(file)]));
    const [full = NaN, base = NaN, lowest = NaN] = files.map((file) => times.get(file));
    empties.push(base);
    differences.push(full - base);
    leasts.push(lowest - base);
  }
  const added = summarize(differences);
  const ofLeast = summarize(leasts);
  const ratio = isKnown(leasts) ? added.median / ofLeast.median : NaN;
  return { pairs, empty: summarize(empties), added, least: ofLeast, ratio };
}

/** Whether a median is known to its half: nothing can be held against what may be next to nothing. */
function isKnown(values: readonly number[]): boolean {
  const { median, from, to } = medianInterval(values);
  return from > median / 2 && to < median * 1.5;
}

/** Milliseconds from the spawn to the exit of a process. */
function wallTime(bin: string, args: readonly string[], cwd: string): number {
  const { NODE_COMPILE_CACHE: _, ...rest } = process.env;
  // Deno's caches go away with the rest.
  const env = { ...rest, DENO_DIR: join(cwd, "deno"), DENO_NO_UPDATE_CHECK: "1" };
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(bin, args, {
    cwd,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const end = process.hrtime.bigint();
  if (status !== 0 || stderr.length > 0) {
    throw new Error(`${[bin, ...args].join(" ")} failed: ${stderr}`);
  }
  return Number(end - start) / 1e6;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      runtimes: { type: "string" },
      pairs: { type: "string", default: String(PAIRS) },
      json: { type: "boolean", default: false },
      assert: { type: "boolean", default: false },
    },
  });
  const startup = await measureStartup(
    chooseRuntimes(values.runtimes),
    count("pairs", values.pairs),
  );
  const checks = startup.flatMap(checkStartup);
  if (values.json) console.log(JSON.stringify({ startup, checks }, null, 2));
  else {
    console.log(`\n${startupText(startup, false)}`);
    console.log(`\n${checksText(checks)}`);
  }
  if (values.assert && checks.some(({ holds }) => !holds)) process.exitCode = 1;
}
