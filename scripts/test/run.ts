/** Runs units, test files in a runtime, in a process. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { ROOT, type RuntimeCommand } from "../runtimes.ts";
import { coverageOptions, isMeasured } from "./coverage.ts";
import { parseJUnit, type TestCase } from "./junit.ts";
import type { Group, Tier, Unit } from "./plan.ts";

export interface RunOptions {
  readonly tier: Tier;
  /** Where this run keeps its files: no other run's. */
  readonly directory: string;
  readonly coverage: boolean;
  /** Seconds after which a unit is killed. */
  readonly limit: number;
}

export interface UnitResult {
  readonly unit: Unit;
  readonly seconds: number;
  readonly cases: readonly TestCase[];
  /** What is wrong beside the cases that failed: it died, it hung, it ran no test. */
  readonly problem: string | undefined;
  /** The statistical tests that needed their second try, and why. */
  readonly retries: readonly string[];
  readonly output: string;
}

/** What a test prints when it needs its second try: see statisticalTest() of tests/support.ts. */
const RETRY = /^\s*Second try: (.*)$/gm;

/** How this process ended. */
export interface End {
  readonly code: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
}

/** The options that have a JUnit report written. */
function reportOptions({ name }: RuntimeCommand, junit: string): string[] {
  if (name === "deno") return [`--junit-path=${junit}`];
  if (name === "bun") return ["--reporter=junit", `--reporter-outfile=${junit}`];
  return ["--test-reporter=junit", `--test-reporter-destination=${junit}`];
}

/** Every process group that runs now. */
const groups = new Set<number>();

/** Ends all units: for when the runner itself is ended. */
export function killUnits(): void {
  for (const group of groups) killGroup(group);
}

function killGroup(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // Nobody is left of it.
  }
}

/**
 * Node starts twice as fast where it need not strip the types of what another process has stripped,
 * as Deno and Bun do of themselves. Coverage, which would not be exact, does without.
 */
function cacheOf(directory: string): Record<string, string> {
  return { NODE_COMPILE_CACHE: join(directory, "compiled") };
}

/** Runs units of one runtime in one process. Those of several files are for Node, which names them. */
export async function runUnits(units: Group, options: RunOptions): Promise<UnitResult[]> {
  const [{ runtime, file, disguise }] = units;
  const tier = disguise ? "quick" : options.tier; // see planDisguises()
  const name = [runtime.name, file.replaceAll("/", "-"), disguise?.name].filter(Boolean).join("-");
  const junit = join(options.directory, `${name}.xml`);
  const log = join(options.directory, `${name}.log`);
  const coverage = options.coverage && isMeasured(file, runtime)
    ? coverageOptions(runtime, options.directory, name)
    : { options: [], env: cacheOf(options.directory) };
  const together = units.length > 1 ? ["--test", "--test-isolation=none"] : [];
  const words = [
    ...together,
    ...runtime.test,
    ...reportOptions(runtime, junit),
    ...coverage.options,
    ...units.map(({ file }) => file),
  ];
  const env = { NO_COLOR: "1", TEST_TIER: tier };
  const start = performance.now();
  const [program = "", ...args] = [...disguise?.launcher ?? [], runtime.bin, ...words];
  const end = await finish(program, args, log, options.limit, { ...env, ...coverage.env });
  const seconds = (performance.now() - start) / 1000;
  const found = existsSync(junit) ? parseJUnit(readFileSync(junit, "utf8")) : [];
  const output = readFileSync(log, "utf8");
  const retries = [...output.matchAll(RETRY)].map(([, what = ""]) => what);
  const files = units.map(({ file }) => resolve(ROOT, file));
  return units.map((unit, index) => {
    // The first has also what no file is said of, or a helper, in which a test is declared.
    const cases = found.filter(({ file }) =>
      file === files[index] || index === 0 && !files.includes(file)
    );
    return {
      unit,
      seconds: units.length === 1 ? seconds : cases.reduce((sum, { seconds }) => sum + seconds, 0),
      cases,
      problem: problemOf(end, cases, options, found),
      retries: index === 0 ? retries : [],
      output,
    };
  });
}

/**
 * What is wrong beside the cases that failed.
 *
 * @param all the cases of all files in that process
 */
export function problemOf(
  { code, signal, timedOut }: End,
  cases: readonly TestCase[],
  { limit }: Pick<RunOptions, "limit">,
  all = cases,
): string | undefined {
  if (timedOut) return `took more than ${limit} s: killed`;
  if (signal !== null) return `was killed by ${signal}`;
  if (cases.length === 0) return `ran no test, and ended with exit status ${code}`;
  const failed = all.some(({ outcome }) => outcome === "failed");
  return code === 0 || failed ? undefined : `ended with exit status ${code}`;
}

async function finish(
  program: string,
  args: readonly string[],
  log: string,
  limit: number,
  env: NodeJS.ProcessEnv,
): Promise<End> {
  // Into a file: a process that outlives the test would keep a pipe open.
  const output = openSync(log, "w");
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", output, output],
    detached: true, // a process group of its own, which can be killed as a whole
  });
  closeSync(output);
  const group = child.pid;
  if (group !== undefined) groups.add(group);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    if (group !== undefined) killGroup(group);
  }, limit * 1000);
  try {
    return await new Promise<End>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code, signal) => resolve({ code, signal, timedOut }));
    });
  } finally {
    clearTimeout(timer);
    if (group !== undefined) {
      killGroup(group); // what the file started and did not end
      groups.delete(group);
    }
  }
}
