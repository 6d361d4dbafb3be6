/** Locked-down places: how a runtime is started in one, and what it must find there. */
import { assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { now } from "../../../mod.ts";
import {
  attempt,
  type Place,
  type Row,
  run,
  runtimeTitle,
} from "../../../scripts/hostile/place.ts";
import { ROOT, type RuntimeCommand, RUNTIMES } from "../../../scripts/runtimes.ts";
import { CLOCKS_OF_EVERY_KERNEL } from "../../fixtures/env_clocks.ts";
import { assertRuntimeClock, CLOCK_STEPS } from "../../fixtures/env_compare.ts";
import {
  decodeOutcomes,
  type Outcomes,
  returned,
  type Step,
  STEPS,
} from "../../fixtures/env_run.ts";
import type { Lock } from "../../fixtures/lock_down.ts";
import { nativeProgram } from "../../native.ts";
import { type Expectation, hostExpectation, probeBy } from "../expectation.ts";

export const PACKAGES = ["gcc", "libc6-dev", "util-linux"];
const TIMEOUT = 60_000;

/** Where a runtime is started. */
export interface Confinement {
  /** Words that start it. */
  readonly launcher?: readonly string[];
  /** What it does to itself, before it uses the library. */
  readonly locks?: readonly Lock[];
  /** Its options for this place, in place of those that permit everything. */
  readonly options?: readonly string[];
  readonly cwd?: string;
}

/** A place that is visited by one runtime after another; what one of them comes to is a row. */
export function place(
  name: string,
  title: string,
  visit: (runtime: RuntimeCommand) => Promise<Row>,
  runtimes: readonly RuntimeCommand[] = RUNTIMES,
): Place {
  return {
    name: `locked-${name}`,
    title,
    size: "short",
    packages: PACKAGES,
    async run() {
      const rows: Row[] = [];
      for (const runtime of runtimes) {
        rows.push(await attempt(await runtimeTitle(runtime), () => visit(runtime)));
      }
      return rows;
    },
  };
}

export function denyLater(rules: string): Lock {
  return ["deny", { library: nativeProgram("deny", ["-shared", "-fPIC"]), rules }];
}

/** Directories that are gone afterwards. */
export async function inDirectories<T>(use: (home: string, cwd: string) => Promise<T>): Promise<T> {
  const directories = [0, 1].map(() => mkdtempSync(join(tmpdir(), "vdso-hostile-")));
  const [home = "", cwd = ""] = directories;
  try {
    return await use(home, cwd);
  } finally {
    for (const directory of directories) rmSync(directory, { recursive: true });
  }
}

// ---- What a runtime finds in such a place ----

/** How a runtime is run: of {@link RUNTIMES}, or one that they do not have. */
type Runtime = Pick<RuntimeCommand, "bin" | "run">;

function words({ bin, run }: Runtime, { launcher = [], options = run }: Confinement): string[] {
  return [...launcher, bin, ...options];
}

/** All is as it is on this machine otherwise, except what `different` says. */
export function probe(
  runtime: Runtime,
  { locks = [], ...where }: Confinement,
  different: Partial<Expectation> = {},
): Promise<Row> {
  const file = join(ROOT, "tests/hostile/locked_probe.ts");
  const command = [...words(runtime, where), file, JSON.stringify(locks)];
  return probeBy(command, { ...hostExpectation(), ...different });
}

/** Has a runtime do some steps, and nothing else printed. */
export async function steps<const S extends readonly Step[]>(
  runtime: RuntimeCommand,
  { locks = [], cwd = ROOT, ...where }: Confinement,
  wanted: S,
): Promise<Outcomes<S>> {
  const first = locks.map(([name, argument]) => `${name} ${JSON.stringify(argument)}`);
  const command = [...words(runtime, where), join(ROOT, STEPS), ...first, ...wanted];
  const { status, signal, stdout, stderr } = await run(command, { timeout: TIMEOUT, cwd });
  assertEquals({ status, signal, stderr }, { status: 0, signal: null, stderr: "" }, stdout);
  const outcomes = decodeOutcomes<Step[]>(stdout);
  for (const locked of outcomes.splice(0, first.length)) returned(locked);
  return outcomes as Outcomes<S>;
}

/** The runtime's own clock answers, and the reason is told. */
export async function onRuntimeClock(
  runtime: RuntimeCommand,
  where: Confinement,
  reason: RegExp,
): Promise<Row> {
  const started = now();
  const outcomes = await steps(runtime, where, CLOCK_STEPS);
  const timeline = runtime.name.startsWith("node") ? "machine" : "context";
  assertRuntimeClock(outcomes, timeline, reason, started);
  return {
    runtime: await runtimeTitle(runtime),
    entries: "the runtime's clock",
    cost: seconds(started),
    result: "values right; the reason is told",
  };
}

export function seconds(started: number): string {
  return `${((now() - started) / 1e9).toFixed(1)} s`;
}

/** Those that the vDSO computes itself: not CPU time, nor what needs a device. */
export const VDSO_CLOCKS: ReadonlySet<number> = new Set(
  CLOCKS_OF_EVERY_KERNEL.filter((clock) => clock !== 2 && clock !== 3),
);
