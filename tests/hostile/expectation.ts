/** What the probe must find in a place, and the row that it makes. */
import { assert, assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import { ENTRIES, type EntryName } from "../../elf/entries.ts";
import { clockCost } from "../../doctor/mod.ts";
import { ticks, UnsupportedError } from "../../mod.ts";
import { attempt, type Row, run, runtimeTitle } from "../../scripts/hostile/place.ts";
import { RUNTIMES } from "../../scripts/runtimes.ts";
import { expectedSources } from "../support.ts";
import type { ProbeReport } from "./probe.ts";

/** What must be found in a place. */
export interface Expectation {
  /** The entries that come from the vDSO; the others are system calls. */
  readonly vdso: readonly EntryName[];
  /** Why not all do; undefined if all do. */
  readonly reason: RegExp | undefined;
  /** Whether clock_gettime spares the system call. */
  readonly fast: boolean;
  /** Why ticks() refuses; undefined if it works. */
  readonly ticks: RegExp | undefined;
  /** What ticksInfo() says of the kernel's trust, where that is known beforehand. */
  readonly trust?: string;
  /** What may not hold, if something: each of these, in this order. */
  readonly failures?: readonly RegExp[];
}

/** What must be found on this machine, where nothing is the matter. */
export function hostExpectation(): Expectation {
  const { reason, entries } = expectedSources;
  return {
    vdso: ENTRIES.filter((entry) => entries[entry] === "vdso"),
    reason: reason === undefined ? undefined : new RegExp(`^${reason}$`),
    fast: clockCost().beatsSyscall,
    ticks: counterRefusal(),
  };
}

/** Every runtime has to give the answer that this one gives. */
function counterRefusal(): RegExp | undefined {
  try {
    ticks();
    return undefined;
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    const [beginning = ""] = error.message.split(":"); // figures follow
    return new RegExp(`^${beginning}`);
  }
}

/** Why ticks() refuses where the vDSO makes system calls. */
export const NOT_FROM_USER_SPACE = /^The kernel does not let programs read the counter/;

/** How the probe ended, and what it printed. */
export interface ProbeRun {
  readonly status: number | null;
  readonly output: string;
}

export function describeEntries(vdso: readonly EntryName[]): string {
  if (vdso.length === 0) return "system calls";
  const rest = ENTRIES.filter((entry) => !vdso.includes(entry));
  return rest.length === 0 ? "vDSO" : `vDSO; ${rest.join(", ")}: system calls`;
}

export function describeCost({ now, native, syscall }: ProbeReport["cost"]): string {
  return [now, native, syscall].map((ns) => ns.toFixed(0)).join(" / ");
}

/**
 * Reads what the probe printed, and holds it against what is expected.
 *
 * @param start when the probe was about to start, by Date.now() of this machine
 */
export function probeRow({ status, output }: ProbeRun, expected: Expectation, start: number): Row {
  const line = /^PROBE (\{.*\})$/m.exec(output)?.[1];
  assert(line !== undefined && status === 0, `status ${status}: ${output.slice(-800)}`);
  const report = JSON.parse(line) as ProbeReport;
  const { failures = [] } = expected;
  assertEquals(report.failures.length, failures.length, JSON.stringify(report.failures));
  failures.forEach((failure, index) => assertMatch(report.failures[index] ?? "", failure));
  assertGreater(report.checks, 3000);
  checkEntries(report.sources, expected);
  checkWallClock(BigInt(report.realtime), start);
  checkCost(report.cost, expected);
  const told = failures.length > 0 ? `, ${failures.length} of them that the error is told` : "";

  const counted = report.ticks;
  if (expected.ticks) {
    assertMatch("refused" in counted ? counted.refused : "it works", expected.ticks);
  } else {
    assert("hz" in counted, JSON.stringify(counted));
    assertEquals(counted.trust, expected.trust ?? counted.trust);
  }
  assertEquals("symbols" in report.image, expected.vdso.length > 0, JSON.stringify(report.image));
  return {
    runtime: report.runtime,
    entries: describeEntries(expected.vdso),
    cost: describeCost(report.cost),
    result: `${report.checks} checks${told}; ticks() ` +
      ("hz" in counted
        ? `at ${(counted.hz / 1e6).toFixed(0)} MHz, trust ${counted.trust}`
        : "refused"),
  };
}

/** Runs the probe on this machine, by these words. */
export async function probeBy(words: readonly string[], expected: Expectation): Promise<Row> {
  const start = Date.now();
  const { status, stdout, stderr } = await run(words, { timeout: 120_000 });
  return probeRow({ status, output: stdout + stderr }, expected, start);
}

/** Runs the probe in all runtimes of this machine, each started by these words. */
export async function probeHere(
  launcher: readonly string[],
  expected: Expectation,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const runtime of RUNTIMES) {
    const words = [...launcher, runtime.bin, ...runtime.run, "tests/hostile/probe.ts"];
    rows.push(await attempt(await runtimeTitle(runtime), () => probeBy(words, expected)));
  }
  return rows;
}

export function checkEntries(sources: ProbeReport["sources"], expected: Expectation): void {
  assertEquals(sources.timeline, "machine");
  const vdso = ENTRIES.filter((entry) => sources.entries[entry] === "vdso");
  assertEquals(vdso, expected.vdso);
  for (const entry of ENTRIES) assert(sources.entries[entry] !== "runtime", entry);
  if (expected.reason) assertMatch(sources.reason ?? "", expected.reason);
  else assertEquals(sources.reason, undefined);
}

/** The machine's clock is set from whole seconds, and a slow one lags while it boots. */
function checkWallClock(realtime: bigint, start: number): void {
  const ms = Number(realtime / 1_000_000n);
  assertGreater(ms, start - 3000, "CLOCK_REALTIME against this machine's");
  assertLess(ms, Date.now() + 3000, "CLOCK_REALTIME against this machine's");
}

/** Ratios of what was measured in one run: a system call is ten times as dear as reading the TSC. */
export function checkCost({ native, syscall }: ProbeReport["cost"], { fast }: Expectation): void {
  assertGreater(native, 0);
  if (fast) assertLess(native, syscall / 2, "clock_gettime against the system call");
  else assertGreater(native, syscall / 2, "clock_gettime against the system call");
}
