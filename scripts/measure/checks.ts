/** What is promised of the measured figures. */
import type { RuntimeName } from "../runtimes.ts";
import {
  BUILT_IN,
  type Check,
  CONTENDERS,
  type OtherName,
  type OthersResult,
  type RuntimeResult,
  type StartupResult,
  type WorkersResult,
} from "./results.ts";

/** `now()`, times native C. In Node 22, V8 makes calls that return numbers dearer. */
const NOW_LIMITS: Readonly<Record<RuntimeName, number>> = {
  deno: 1.1,
  bun: 1.1,
  node22: 1.18,
  node24: 1.1,
  node26: 1.1,
};

/** By koffi, of which nothing else is promised: nobody has to take it. */
const KOFFI_LIMIT = 2.0;

/** Import plus first call over an empty program, times what the least module adds. */
const STARTUP_LIMITS: Readonly<Record<RuntimeName, number>> = {
  deno: 1.4,
  bun: 1.4,
  node22: 2,
  node24: 2,
  node26: 2,
};

/** The promises on one runtime's clocks. */
export function checkClocks(runtime: RuntimeName, { ffi, contenders }: RuntimeResult): Check[] {
  const now = contenders.now?.ratio.median ?? NaN;
  const limit = ffi === "koffi" ? KOFFI_LIMIT : NOW_LIMITS[runtime];
  const checks = [check(runtime, "now(), times native C", now, limit)];
  if (ffi === "koffi") return checks;
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
    if (runtime.startsWith("node")) {
      const promise = "crypto.getRandomValues(), times getrandom(), 16 bytes";
      const faster = ns("getRandomValues16") / ns("getrandom16");
      checks.push(checkLeast(runtime, promise, faster, 5));
    }
  }
  return checks;
}

/** The promise on two Workers on two CPUs. */
export function checkWorkers(runtime: RuntimeName, workers: WorkersResult | undefined): Check[] {
  const promise = "now() in two Workers, times the rate of one";
  return [checkLeast(runtime, promise, workers?.speedup.median ?? NaN, 1.8)];
}

/** The promise on one runtime's start: it is made for the built package. */
export function checkStartup({ runtime, form, ratio }: StartupResult): Check[] {
  if (form !== "package") return [];
  const promise = "import and first call, times the least module";
  return [check(runtime, promise, ratio, STARTUP_LIMITS[runtime])];
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
