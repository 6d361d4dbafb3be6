/**
 * Other kernels, no vDSO, slow clocks, another CPU: virtual machines in which Bun, Deno and Node run
 * the probe, and Bun the `vdso` command. And this machine itself, with all runtimes.
 */
import { assertEquals } from "@std/assert";
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
  runtimeTitle,
  Unreachable,
} from "../../scripts/hostile/place.ts";
import { type Boot, boot, type JobResult, VM_RUNTIMES } from "../../scripts/hostile/vm.ts";
import { RUNTIMES } from "../../scripts/runtimes.ts";
import {
  checkCost,
  checkEntries,
  describeCost,
  describeEntries,
  type Expectation,
  hostExpectation,
  probeRow,
} from "./expectation.ts";

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
  { name: "host", title: "This machine", size: "short", packages: [], run: visitHost },
  ...MACHINES.map((machine): Place => {
    const cpus = machine.cpus ? [`${machine.cpus} CPUs`] : [];
    const words = [...cpus, ...machine.parameters];
    const [architecture = "", version] = machine.kernel.split("-");
    return {
      name: ["vm", machine.kernel, ...words].join("-").replaceAll(" ", "-"),
      title: `Virtual machine, ${[`Linux ${version} ${architecture}`, ...words].join(", ")}`,
      size: machine.size,
      packages: PACKAGES[architecture] ?? [],
      run: () => visitMachine(machine),
    };
  }),
];

async function visitHost(): Promise<readonly Row[]> {
  const expected = hostExpectation();
  const rows: Row[] = [];
  for (const runtime of RUNTIMES) {
    const title = await runtimeTitle(runtime);
    const row = await attempt(title, async () => {
      const start = Date.now();
      const words = [runtime.bin, ...runtime.run, "tests/hostile/probe.ts"];
      const { status, stdout, stderr } = await run(words, { timeout: 60_000 });
      return probeRow({ status, output: stdout + stderr }, expected, start);
    });
    rows.push({ ...row, result: `${row.result}; Linux ${os.release()}` });
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
  const job = (name: string): JobResult =>
    visit.jobs.get(name) ?? { status: -1, output: "it was not run" };
  return [
    ...await Promise.all(
      VM_RUNTIMES.map(({ id }) => attempt(id, () => probeRow(job(id), machine, start))),
    ),
    await attempt("vdso --json", () => {
      // Not the clocksource that was wanted: that which is used.
      assertEquals(visit.clocksource, machine.clocksource, "the kernel's clocksource");
      const tsc = visit.availableClocksources.includes("tsc");
      assertEquals(tsc, kernel.architecture === "amd64" && machine.ticks === undefined);
      return commandRow(job("command"), machine, visit);
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

/** `vdso --json` tells the truth of the clocksource, the paths and what they cost. */
function commandRow(job: JobResult, expected: Expectation, run: Boot): Row {
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
    runtime: "vdso --json",
    entries: describeEntries(expected.vdso),
    cost: describeCost(costs),
    result: `tells the same; Linux ${run.version}; the machine took ${run.seconds.toFixed(0)} s`,
  };
}
