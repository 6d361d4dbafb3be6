/**
 * Other kernels, no vDSO, slow clocks, another CPU: virtual machines in which Bun, Deno and Node run
 * the probe, and Bun the `vdso` command. And this machine itself, with all runtimes.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import os from "node:os";
import type { Summary } from "../../cli/summary.ts";
import { ENTRIES, type EntryName } from "../../elf/entries.ts";
import { missing } from "../../scripts/aarch64.ts";
import { kernelOf } from "../../scripts/hostile/kernels.ts";
import {
  attempt,
  once,
  type Place,
  type Row,
  run,
  Unreachable,
} from "../../scripts/hostile/place.ts";
import { type Boot, boot, type JobResult, VM_RUNTIMES } from "../../scripts/hostile/vm.ts";
import type { FindingId } from "../../doctor/mod.ts";
import type { VerifyResult } from "../../doctor/verify.ts";
import { doctorRow, watchRow } from "./doctor.ts";
import {
  checkCost,
  checkEntries,
  describeCost,
  describeEntries,
  type Expectation,
  hostExpectation,
  NOT_FROM_USER_SPACE,
  probeHere,
  probeRow,
} from "./expectation.ts";

interface Machine extends Pick<Expectation, "vdso" | "reason"> {
  readonly kernel: string;
  readonly parameters: readonly string[];
  readonly size: Place["size"];
  readonly cpus?: number;
  /** Those that the kernel may have chosen. */
  readonly clocksources: readonly string[];
  /** What the doctor finds of clocks and vDSO, above information; nothing if left out. */
  readonly findings?: readonly FindingId[];
  /** Whether its clocksource and wall clock are changed while the doctor watches. */
  readonly watched?: true;
}

const WITHOUT_GETRANDOM = ENTRIES.filter((entry) => entry !== "getrandom");
const AARCH64_ENTRIES: readonly EntryName[] = ["clock_gettime", "clock_getres", "gettimeofday"];
const NO_VDSO = /^The kernel maps no vDSO into this process$/;

/**
 * The counters of the CPUs, as clocksources: with any other, which the kernel alone can read, the
 * vDSO makes the system call.
 */
const COUNTERS = ["tsc", "arch_sys_counter"];

/** Linux 6.12 on x86_64, as it comes. */
const PLAIN: Machine = {
  kernel: "amd64-6.12",
  parameters: [],
  size: "short",
  vdso: ENTRIES,
  reason: undefined,
  clocksources: ["tsc"],
};
const HIDDEN: Machine = {
  ...PLAIN,
  vdso: [],
  reason: NO_VDSO,
  findings: ["clock.boot-parameter", "vdso.missing"],
};
const ARM: Machine = { ...PLAIN, kernel: "arm64-6.12", clocksources: ["arch_sys_counter"] };
/** Told to take a clock that the kernel alone can read. */
const SLOW: Machine = { ...PLAIN, findings: ["clock.syscall", "clock.boot-parameter"] };

const MACHINES: readonly Machine[] = [
  { ...PLAIN, watched: true },
  {
    ...PLAIN,
    kernel: "amd64-6.1",
    vdso: WITHOUT_GETRANDOM,
    reason: /^This vDSO has no getrandom$/,
  },
  { ...HIDDEN, parameters: ["vdso=0", "vsyscall=none"] },
  { ...HIDDEN, parameters: ["vdso=0"], size: "full" },
  { ...PLAIN, parameters: ["vsyscall=none"], size: "full" },
  { ...SLOW, parameters: ["clocksource=acpi_pm"], clocksources: ["acpi_pm"] },
  { ...SLOW, parameters: ["clocksource=hpet"], clocksources: ["hpet"], size: "full" },
  {
    ...SLOW,
    parameters: ["clocksource=jiffies"],
    clocksources: ["jiffies"],
    findings: ["clock.jiffies", "clock.syscall", "clock.boot-parameter"],
    size: "full",
  },
  { ...SLOW, parameters: ["tsc=unstable"], clocksources: ["hpet"] },
  { ...SLOW, parameters: ["notsc"], clocksources: ["hpet"], size: "full" },
  // Whether the kernel finds the TSCs of two emulated CPUs in step depends on how they are scheduled.
  { ...PLAIN, cpus: 2, clocksources: ["tsc", "hpet"], size: "full" },
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
  {
    name: "host",
    title: "This machine",
    size: "short",
    packages: [],
    run: visitHost,
  },
  ...MACHINES.map((machine): Place => {
    const cpus = machine.cpus ? [`${machine.cpus} CPUs`] : [];
    const words = [...cpus, ...machine.parameters];
    const [architecture = "", version] = machine.kernel.split("-");
    return {
      name: ["vm", machine.kernel, ...words].join("-").replaceAll(" ", "-"),
      title: `Virtual machine, ${[`Linux ${version} ${architecture}`, ...words].join(", ")}`,
      size: machine.size,
      ...(architecture === "amd64" ? { from: "x64" } : {}), // for its runtimes
      packages: PACKAGES[architecture] ?? [],
      run: () => visitMachine(machine),
    };
  }),
];

async function visitHost(): Promise<readonly Row[]> {
  const rows = await probeHere([], hostExpectation());
  return rows.map((row) => ({ ...row, result: `${row.result}; Linux ${os.release()}` }));
}

async function visitMachine(machine: Machine): Promise<readonly Row[]> {
  const { kernel: id, parameters, cpus = 1, findings } = machine;
  const kernel = kernelOf(id);
  if (kernel.architecture === "arm64") await prepareAArch64();
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
      { name: "doctor", words: ["/bin/bun", "cli.ts", "doctor", "--json"] },
      ...(machine.watched
        ? [{ name: "watch", words: ["/bin/busybox", "sh", "tests/hostile/watch.sh"] }]
        : []),
      { name: "verify", words: ["/bin/bun", "cli.ts", "verify", "--json", "--duration", "2"] },
    ],
  });
  const expected = expectationOf(machine, visit);
  const job = (name: string): JobResult =>
    visit.jobs.get(name) ?? { status: -1, output: "it was not run" };
  return [
    ...await Promise.all(
      VM_RUNTIMES.map(({ id }) => attempt(id, () => probeRow(job(id), expected, start))),
    ),
    await attempt("vdso --json", () => commandRow(job("command"), expected, visit)),
    await attempt("vdso doctor --json", () => doctorRow(job("doctor"), findings)),
    ...(machine.watched
      ? [await attempt("vdso doctor --watch --json", () => watchRow(job("watch")))]
      : []),
    await attempt("vdso verify --json", () => verifyRow(job("verify"), expected)),
  ];
}

/** By the clocksource that the kernel uses, which need not be the one that was wanted. */
function expectationOf(machine: Machine, visit: Boot): Expectation {
  const { vdso, reason, clocksources } = machine;
  assert(clocksources.includes(visit.clocksource), `The clocksource is ${visit.clocksource}`);
  const fast = vdso.length > 0 && COUNTERS.includes(visit.clocksource);
  return {
    vdso,
    reason,
    fast,
    ticks: fast ? undefined : NOT_FROM_USER_SPACE,
    trust: "kernel",
  };
}

/** The runtimes for the other CPU are installed by a script of their own. */
function prepareAArch64(): Promise<void> {
  return once("runtimes for aarch64", async () => {
    if (missing() !== undefined) await run(["node", "scripts/setup.mjs", "scripts/aarch64.ts"]);
    const lack = missing();
    if (lack !== undefined) throw new Unreachable(lack);
  });
}

/** `vdso --json` tells the truth of the clocksource, the paths and what they cost. */
function commandRow(job: JobResult, expected: Expectation, run: Boot): Row {
  assertEquals(job.status, 0, job.output.slice(-800));
  const { platform, sources, cost, vdso } = JSON.parse(job.output) as Summary;
  assertEquals(platform.clocksource, run.clocksource);
  assertEquals(platform.kernel, run.version);
  assertEquals(vdso !== null, expected.vdso.length > 0);
  checkEntries(sources, expected);
  const costs = { now: cost.now, native: cost.native ?? NaN, syscall: cost.syscall ?? NaN };
  checkCost(costs, expected);
  return {
    runtime: "vdso --json",
    entries: describeEntries(expected.vdso),
    cost: describeCost(costs),
    result: `tells the same; Linux ${run.version}; clocksource ${run.clocksource}; ` +
      `the machine took ${run.seconds.toFixed(0)} s`,
  };
}

/** `vdso verify` compares each interface with its system call. */
function verifyRow(job: JobResult, { vdso }: Expectation): Row {
  assertEquals(job.status, 0, job.output.slice(-800));
  const { failures, results } = JSON.parse(job.output) as {
    failures: number;
    results: VerifyResult[];
  };
  assertEquals(failures, 0);
  let comparisons = 0;
  for (const result of results) {
    assertEquals(result.source, vdso.includes(result.entry) ? "vdso" : "syscall", result.name);
    // With one CPU there is none to hop to.
    if (!/getcpu|across CPUs/.test(result.name)) assertGreater(result.comparisons, 0, result.name);
    comparisons += result.comparisons;
  }
  return {
    runtime: "vdso verify --json",
    entries: describeEntries(vdso),
    cost: "",
    result: `${results.length} interfaces, ${comparisons} comparisons: none fails`,
  };
}
