/** What is promised of the measured figures. */
import type { RuntimeName } from "../runtimes.ts";
import {
  BUILT_IN,
  type Check,
  CONTENDERS,
  type OtherName,
  type OthersResult,
  type RuntimeResult,
} from "./results.ts";
import type { StartupResult } from "./startup.ts";
import type { WorkersResult } from "./workers.ts";

/** `now()`, times native C: by runtime, since Node 22 and 24 have only koffi. */
const NOW_LIMITS: Readonly<Record<RuntimeName, number>> = {
  deno: 1.2,
  bun: 1.2,
  node22: 2.0,
  node24: 2.0,
  node26: 1.2,
};

/** Where the runtime has an FFI of its own: what is promised of the rest is promised for these. */
const FASTEST: readonly RuntimeName[] = ["deno", "bun", "node26"];

/** Import plus first call over an empty program, in milliseconds. */
const STARTUP_LIMITS: Readonly<Record<RuntimeName, number>> = {
  deno: 8,
  bun: 8,
  node22: 22,
  node24: 22,
  node26: 15,
};

/** The promises on one runtime's clocks. */
export function checkClocks(runtime: RuntimeName, { contenders }: RuntimeResult): Check[] {
  const now = contenders.now?.ratio.median ?? NaN;
  const checks = [check(runtime, "now(), times native C", now, NOW_LIMITS[runtime])];
  if (!FASTEST.includes(runtime)) return checks;
  for (const name of BUILT_IN) {
    const builtIn = contenders[name];
    if (!builtIn) continue;
    const promise = `now(), times ${CONTENDERS[name]}`;
    checks.push(check(runtime, promise, now / builtIn.ratio.median, 1));
  }
  return checks;
}

/**
 * The promises on everything else, so far as this machine's kernel and CPU give them a chance: each
 * is about an entry that is in the vDSO, and about a counter that is a clock.
 */
export function checkOthers(
  runtime: RuntimeName,
  { entries, hasCounter, contenders }: OthersResult,
): Check[] {
  if (!FASTEST.includes(runtime)) return [];
  const ns = (name: OtherName) => contenders[name]?.ns.median ?? NaN;
  const checks: Check[] = [];
  if (hasCounter && contenders.nativeCounter) {
    const ratio = contenders.ticks?.ratio?.median ?? NaN;
    checks.push(
      check(runtime, "ticks(), times the bare counter in C", ratio, 1.3),
      check(runtime, "ticks(), times C's clock_gettime", ns("ticks") / ns("native"), 0.5),
    );
  }
  if (entries.clock_gettime === "vdso") {
    checks.push(check(runtime, "nowCoarse(), ns", ns("nowCoarse"), 10));
  }
  if (entries.getcpu === "vdso") checks.push(check(runtime, "cpu(), ns", ns("cpu"), 10));
  if (entries.getrandom === "vdso") {
    checks.push(check(runtime, "randomU32(), ns", ns("randomU32"), 30));
    if (runtime === "node26") {
      const promise = "crypto.getRandomValues(), times getrandom(), 16 bytes";
      const faster = ns("getRandomValues16") / ns("getrandom16");
      checks.push(checkLeast(runtime, promise, faster, 5));
    }
  }
  return checks;
}

/** The promise on two Workers on two CPUs. */
export function checkWorkers(runtime: RuntimeName, workers: WorkersResult | undefined): Check[] {
  if (!FASTEST.includes(runtime)) return [];
  const promise = "now() in two Workers, times the rate of one";
  return [checkLeast(runtime, promise, workers?.speedup.median ?? NaN, 1.8)];
}

/** The promise on one runtime's start: it is made for the built package. */
export function checkStartup({ runtime, form, added }: StartupResult): Check[] {
  if (form !== "bundle") return [];
  const promise = "import and first call, ms";
  return [check(runtime, promise, added.median, STARTUP_LIMITS[runtime])];
}

/** What is not a number holds nothing. */
export function check(runtime: RuntimeName, promise: string, value: number, limit: number): Check {
  return { runtime, promise, value, limit, holds: value <= limit };
}

export function checkLeast(
  runtime: RuntimeName,
  promise: string,
  value: number,
  limit: number,
): Check {
  return { runtime, promise, value, limit, atLeast: true, holds: value >= limit };
}
