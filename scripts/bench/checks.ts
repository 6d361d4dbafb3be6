/** What is promised of the measured figures. */
import type { RuntimeName } from "../runtimes.ts";
import { BUILT_IN, type Check, CONTENDERS, type RuntimeResult } from "./results.ts";
import type { StartupResult } from "./startup.ts";

/** `now()`, times native C: by runtime, since Node 22 and 24 have only koffi. */
const NOW_LIMITS: Readonly<Record<RuntimeName, number>> = {
  deno: 1.2,
  bun: 1.2,
  node22: 2.0,
  node24: 2.0,
  node26: 1.2,
};

/** Where `now()` beats every clock that the runtime has by itself. */
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

/** The promise on one runtime's start: it is made for the built package. */
export function checkStartup({ runtime, form, added }: StartupResult): Check[] {
  if (form !== "bundle") return [];
  const promise = "import and first call, ms";
  return [check(runtime, promise, added.median, STARTUP_LIMITS[runtime])];
}

/** What is not a number holds nothing. */
function check(runtime: RuntimeName, promise: string, value: number, limit: number): Check {
  return { runtime, promise, value, limit, holds: value <= limit };
}
