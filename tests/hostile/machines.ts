/**
 * Other kernels, no vDSO, slow clocks, another CPU: virtual machines in which Bun, Deno and Node run
 * the probe, and Bun the `vdso` command. And this machine itself, with all runtimes.
 */
import { assert, assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import { readFileSync } from "node:fs";
import os from "node:os";
import type { Summary } from "../../cli/summary.ts";
import { ENTRIES, type EntryName } from "../../elf/entries.ts";
import { missing } from "../../scripts/aarch64.ts";
import { kernelOf } from "../../scripts/hostile/kernels.ts";
import {
  once,
  type Place,
  reason,
  type Row,
  run,
  Unreachable,
} from "../../scripts/hostile/place.ts";
import { type Boot, boot, type JobResult, VM_RUNTIMES } from "../../scripts/hostile/vm.ts";
import { RUNTIMES } from "../../scripts/runtimes.ts";
import { expectedSources } from "../support.ts";
import type { ProbeReport } from "./probe.ts";

/** What must be found in a place. */
interface Expectation {
  /** The entries that come from the vDSO; the others are system calls. */
  readonly vdso: readonly EntryName[];
  /** Why not all do; undefined if all do. */
  readonly reason: RegExp | undefined;
  readonly clocksource: string;
  /** Whether clock_gettime spares the system call. */
  readonly fast: boolean;
  /** Why ticks() refuses; undefined if it works. */
  readonly ticks: RegExp | undefined;
}

interface Machine extends Expectation {
  readonly kernel: string;
  readonly parameters: readonly string[];
  readonly size: Place["size"];
  readonly cpus?: number;
}

const WITHOUT_GETRANDOM = ENTRIES.filter((entry) => entry !== "getrandom");
const AARCH64_ENTRIES: readonly EntryName[] = ["clock_gettime", "clock_getres", "gettimeofday"];
const NO_VDSO = /^The kernel maps no vDSO into this process$/;
const STRUCK = /^The kernel does not use tsc as a clock, only (?!.*tsc)/;

/** Linux 6.12 on x86_64, as it comes. */
const PLAIN: Machine = {
  kernel: "amd64-6.12",
  parameters: [],
  size: "short",
  vdso: ENTRIES,
  reason: undefined,
  clocksource: "tsc",
  fast: true,
  ticks: undefined,
};
const HIDDEN: Machine = { ...PLAIN, vdso: [], reason: NO_VDSO, fast: false };
/** The clock can be read by the kernel alone: the vDSO makes the system call. */
const SLOW: Machine = { ...PLAIN, fast: false };
const ARM: Machine = { ...PLAIN, kernel: "arm64-6.12", clocksource: "arch_sys_counter" };

const MACHINES: readonly Machine[] = [
  PLAIN,
  {
    ...PLAIN,
    kernel: "amd64-6.1",
    vdso: WITHOUT_GETRANDOM,
    reason: /^This vDSO has no getrandom$/,
  },
  { ...HIDDEN, parameters: ["vdso=0", "vsyscall=none"] },
  { ...HIDDEN, parameters: ["vdso=0"], size: "full" },
  { ...PLAIN, parameters: ["vsyscall=none"], size: "full" },
  { ...SLOW, parameters: ["clocksource=acpi_pm"], clocksource: "acpi_pm" },
  { ...SLOW, parameters: ["clocksource=hpet"], clocksource: "hpet", size: "full" },
  { ...SLOW, parameters: ["clocksource=jiffies"], clocksource: "jiffies", size: "full" },
  { ...SLOW, parameters: ["tsc=unstable"], clocksource: "hpet", ticks: STRUCK },
  { ...SLOW, cpus: 2, clocksource: "hpet", ticks: STRUCK, size: "full" },
  { ...SLOW, parameters: ["notsc"], clocksource: "hpet", ticks: STRUCK, size: "full" },
  {
    ...ARM,
    kernel: "arm64-6.1",
    vdso: AARCH64_ENTRIES,
    reason: /^This vDSO has no time, getcpu, getrandom$/,
  },
  {
    ...ARM,
    vdso: [...AARCH64_ENTRIES, "getrandom"],
    reason: /^This vDSO has no time, getcpu$/,
  },
];

const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  amd64: ["qemu-system-x86", "cpio", "libatomic1", "libstdc++6"],
  arm64: [
    "qemu-system-arm",
    "cpio",
    "libc6-arm64-cross",
    "libstdc++6-arm64-cross",
    "libgcc-s1-arm64-cross",
    "libatomic1-arm64-cross",
    "qemu-user-static", // for scripts/aarch64.ts
  ],
};

export const PLACES: readonly Place[] = [
  { name: "host", size: "short", packages: [], run: visitHost },
  ...MACHINES.map((machine): Place => ({
    name: [
      "vm",
      machine.kernel,
      ...(machine.cpus ? [`${machine.cpus}-cpus`] : []),
      ...machine.parameters,
    ].join("-"),
    size: machine.size,
    packages: PACKAGES[kernelOf(machine.kernel).architecture] ?? [],
    run: () => visitMachine(machine),
  })),
];

async function visitHost(): Promise<readonly Row[]> {
  const clocksource = readFileSync(
    "/sys/devices/system/clocksource/clocksource0/current_clocksource",
    "utf8",
  ).trim();
  const { reason, entries } = expectedSources;
  const expected: Expectation = {
    vdso: ENTRIES.filter((entry) => entries[entry] === "vdso"),
    reason: reason === undefined ? undefined : new RegExp(`^${reason}$`),
    clocksource,
    fast: true,
    ticks: undefined,
  };
  const place = `this machine, Linux ${os.release()}, ${os.arch()}`;
  const rows: Row[] = [];
  for (const { name, bin, run: words } of RUNTIMES) {
    const start = Date.now();
    const command = [bin, ...words, "tests/hostile/probe.ts"];
    const { status, stdout, stderr } = await run(command, { timeout: 60_000 });
    const job = { status: status ?? -1, output: stdout + stderr };
    rows.push(check(place, name, expected, () => probeRow(place, job, expected, start)));
  }
  return rows;
}

async function visitMachine(machine: Machine): Promise<readonly Row[]> {
  const { kernel: id, parameters, cpus = 1 } = machine;
  const kernel = kernelOf(id);
  if (kernel.architecture === "arm64") await prepareAArch64();
  else if (os.arch() !== "x64") throw new Unreachable("its runtimes are those of x86_64");
  const start = Date.now();
  const visit = await boot({
    kernel,
    parameters,
    cpus,
    jobs: [
      ...VM_RUNTIMES.map(({ id, command }) => ({
        name: id,
        words: [...command, "tests/hostile/probe.ts"],
      })),
      { name: "command", words: ["/bin/bun", "cli.ts", "--json"] },
    ],
  });
  const words = [
    `Linux ${visit.version}, ${kernel.architecture}`,
    ...(cpus > 1 ? [`with ${cpus} CPUs`] : []),
    ...parameters,
  ];
  const place = `virtual machine, ${words.join(" ")}`;
  const job = (name: string): JobResult =>
    visit.jobs.get(name) ?? { status: -1, output: "it was not run" };
  return [
    ...VM_RUNTIMES.map(({ id }) =>
      check(place, id, machine, () => probeRow(place, job(id), machine, start))
    ),
    check(place, "vdso --json", machine, () => {
      // Not the clocksource that was wanted: that which is used.
      assertEquals(visit.clocksource, machine.clocksource, "the kernel's clocksource");
      const tsc = visit.availableClocksources.includes("tsc");
      assertEquals(tsc, kernel.architecture === "amd64" && machine.ticks === undefined);
      return commandRow(place, job("command"), machine, visit);
    }),
  ];
}

/** The runtimes for the other CPU are installed by a script of their own. */
function prepareAArch64(): Promise<void> {
  return once("runtimes for aarch64", async () => {
    if (missing() !== undefined) await run(["node", "scripts/setup.mjs", "scripts/aarch64.ts"]);
    const lack = missing();
    if (lack !== undefined) throw new Unreachable(lack);
  });
}

/** The row, or one that says what is wrong. */
function check(place: string, runtime: string, { vdso }: Expectation, make: () => Row): Row {
  try {
    return make();
  } catch (error) {
    const result = `FAILED: ${reason(error)}`;
    return { place, runtime, entries: describeEntries(vdso), cost: "", result, failed: true };
  }
}

function describeEntries(vdso: readonly EntryName[]): string {
  if (vdso.length === 0) return "system calls";
  const rest = ENTRIES.filter((entry) => !vdso.includes(entry));
  return rest.length === 0 ? "vDSO" : `vDSO; ${rest.join(", ")}: system calls`;
}

function describeCost({ now, native, syscall }: ProbeReport["cost"]): string {
  return [now, native, syscall].map((ns) => ns.toFixed(0)).join(" / ");
}

function probeRow(place: string, job: JobResult, expected: Expectation, start: number): Row {
  const line = /^PROBE (\{.*\})$/m.exec(job.output)?.[1];
  assert(line !== undefined && job.status === 0, `status ${job.status}: ${job.output.slice(-800)}`);
  const report = JSON.parse(line) as ProbeReport;
  assertEquals(report.failures, []);
  assertGreater(report.checks, 3000);
  checkEntries(report.sources, expected);
  checkWallClock(BigInt(report.realtime), start);
  checkCost(report.cost, expected);

  const { ticks } = report;
  if (expected.ticks) assertMatch("refused" in ticks ? ticks.refused : "it works", expected.ticks);
  else assert("hz" in ticks && ticks.kernel === "accepted", JSON.stringify(ticks));
  assertEquals("symbols" in report.image, expected.vdso.length > 0, JSON.stringify(report.image));
  return {
    place,
    runtime: report.runtime,
    entries: describeEntries(expected.vdso),
    cost: describeCost(report.cost),
    result: `${report.checks} checks; clocksource ${expected.clocksource}; ticks() ` +
      ("hz" in ticks ? `at ${(ticks.hz / 1e6).toFixed(0)} MHz` : "refused"),
  };
}

function checkEntries(sources: ProbeReport["sources"], expected: Expectation): void {
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
function checkCost({ native, syscall }: ProbeReport["cost"], { fast }: Expectation): void {
  assertGreater(native, 0);
  if (fast) assertLess(native, syscall / 2, "clock_gettime against the system call");
  else assertGreater(native, syscall / 2, "clock_gettime against the system call");
}

/** `vdso --json` tells the truth of the clocksource, the paths and what they cost. */
function commandRow(place: string, job: JobResult, expected: Expectation, run: Boot): Row {
  assertEquals(job.status, 0, job.output.slice(-800));
  const summary = JSON.parse(job.output) as Summary;
  const { platform, sources, cost, vdso } = summary;
  assertEquals(platform.clocksource, expected.clocksource);
  assertEquals(platform.kernel, run.version);
  assertEquals(vdso !== null, expected.vdso.length > 0);
  checkEntries(sources, expected);
  const costs = { now: cost.now, native: cost.native ?? NaN, syscall: cost.syscall ?? NaN };
  checkCost(costs, expected);
  return {
    place,
    runtime: "vdso --json, Bun",
    entries: describeEntries(expected.vdso),
    cost: describeCost(costs),
    result: `tells the same; the machine took ${run.seconds.toFixed(0)} s`,
  };
}
