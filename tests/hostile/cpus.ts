/**
 * CPUs beside x86_64 and aarch64: virtual machines in which the very image that is built answers C,
 * with the kernel's vDSO and without; and in which Debian's Node runs the library.
 */
import { assert, assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import { build } from "esbuild";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { ENTRIES, type EntryName, MACHINES as KNOWN } from "../../elf/entries.ts";
import { parseElf } from "../../elf/mod.ts";
import { debianNode, koffiOf } from "../../scripts/hostile/debian_node.ts";
import { kernelOf } from "../../scripts/hostile/kernels.ts";
import {
  attempt,
  CACHE,
  once,
  type Place,
  type Row,
  type Size,
  Unreachable,
} from "../../scripts/hostile/place.ts";
import {
  type Boot,
  boot,
  type Files,
  type FileSystem,
  type JobResult,
} from "../../scripts/hostile/vm.ts";
import { ROOT } from "../../scripts/runtimes.ts";
import { IMAGES, type ShimImage } from "../../shim/images.ts";
import { CROSS_CPUS, CROSS_PACKAGES, type CrossCpu, crossProgram, lackOfCross } from "../cross.ts";
import { type Answers, answersOf, answersWithout, readAnswers } from "../fixtures/shim_answers.ts";
import { imageBytes } from "../../shim/load.ts";
import { SHIPPED_IMAGES } from "../fixtures/shipped_images.ts";
import { UNSHIPPED_IMAGES } from "../fixtures/unshipped_images.ts";
import { describeEntries, probeRow } from "./expectation.ts";
import { imageFacts } from "./image_facts.ts";
import type { WithoutFfiReport } from "./without_ffi.ts";

interface Cpu {
  readonly cross: CrossCpu;
  /** What QEMU for it is in. */
  readonly packages: readonly string[];
  /** By which the dynamic linker knows the vDSO. */
  readonly soname: string;
  readonly clocksource: string;
  /** The entries of its vDSO, except getrandom. */
  readonly vdso: readonly EntryName[];
  /** Node's name of the CPU, and which koffi runs there. */
  readonly koffi?: { readonly cpu: string; readonly version: string };
  /** Why Node has no FFI there, unless one is asked for; undefined if it has. */
  readonly noFfi?: RegExp;
}

const CLOCKS: readonly EntryName[] = ["clock_gettime", "clock_getres", "gettimeofday"];

const CPUS: Readonly<Record<string, Cpu>> = {
  riscv64: {
    cross: crossCpu("riscv64"),
    packages: ["qemu-system-misc"],
    soname: "linux-vdso.so.1",
    clocksource: "riscv_clocksource",
    vdso: [...CLOCKS, "getcpu"],
    // The newer ones take a CPU of the RVA23 profile, which Debian's QEMU has not.
    koffi: { cpu: "riscv64", version: "3.1.2" },
    noFfi: /; koffi for riscv64 crashes where the CPU is not of the RVA23 profile: only bind/,
  },
  ppc64el: {
    cross: crossCpu("ppc64el"),
    packages: ["qemu-system-ppc"],
    soname: "linux-vdso64.so.1",
    clocksource: "timebase",
    vdso: [...CLOCKS, "time", "getcpu"],
    koffi: { cpu: "ppc64", version: "3.3.4" },
  },
  s390x: {
    cross: crossCpu("s390x"),
    packages: ["qemu-system-misc"],
    soname: "linux-vdso64.so.1",
    clocksource: "tod",
    vdso: [...CLOCKS, "getcpu"],
    noFfi: /^There is no shim for linux on s390x$/,
  },
};

function crossCpu(wanted: string): CrossCpu {
  const found = CROSS_CPUS.find(({ architecture }) => architecture === wanted);
  assert(found);
  return found;
}

interface Machine {
  readonly kernel: string;
  readonly size: Size;
  /** Whether the vDSO has getrandom. */
  readonly random: boolean;
  /** Whether Debian's Node is run there besides. */
  readonly node: boolean;
}

const MACHINES: readonly Machine[] = [
  { kernel: "riscv64-6.12", size: "short", random: false, node: true },
  { kernel: "riscv64-7", size: "full", random: true, node: false },
  { kernel: "ppc64el-6.1", size: "full", random: false, node: false },
  { kernel: "ppc64el-6.12", size: "short", random: true, node: true },
  { kernel: "s390x-6.1", size: "full", random: false, node: false },
  { kernel: "s390x-6.12", size: "short", random: true, node: true },
];

export const PLACES: readonly Place[] = [
  ...MACHINES.map((machine) => ({
    name: `cpu-${machine.kernel}`,
    title: title(machine),
    size: machine.size,
    packages: [...CROSS_PACKAGES, "cpio", ...cpuOf(machine).packages],
    run: () => visitC(machine),
  })),
  ...MACHINES.filter(({ node }) => node).map((machine): Place => ({
    name: `node-${machine.kernel}`,
    title: `${title(machine)}, Node of Debian`,
    size: "full",
    packages: ["cpio", ...cpuOf(machine).packages],
    run: () => visitNode(machine),
  })),
];

function title({ kernel }: Machine): string {
  const [architecture, version] = kernel.split("-");
  return `Virtual machine, Linux ${version} ${architecture}`;
}

function cpuOf({ kernel }: Machine): Cpu {
  const cpu = CPUS[kernelOf(kernel).architecture];
  assert(cpu);
  return cpu;
}

function entriesOf(machine: Machine): readonly EntryName[] {
  const { vdso } = cpuOf(machine);
  return machine.random ? [...vdso, "getrandom"] : vdso;
}

function jobOf(run: Boot, name: string): JobResult {
  return run.jobs.get(name) ?? { status: -1, output: "it was not run" };
}

// ---- C ----

const SHIM_FILE = "shim.so";
const ABI = ["/bin/shim_abi", `/${SHIM_FILE}`, `${ENTRIES.length}`];

async function visitC(machine: Machine): Promise<readonly Row[]> {
  const { cross, clocksource, soname } = cpuOf(machine);
  const image = { ...SHIPPED_IMAGES, ...UNSHIPPED_IMAGES }[cross.cpu];
  const known = KNOWN[cross.cpu];
  assert(image && known, `There is no shim for ${cross.cpu}`);
  const lack = lackOfCross(cross);
  if (lack !== undefined) throw new Unreachable(lack);
  const run = await boot({
    kernel: kernelOf(machine.kernel),
    parameters: [],
    cpus: 2, // for getcpu
    jobs: [
      {
        name: "call",
        words: ["/bin/call_vdso", soname, known.symbols.clock_gettime ?? "", known.version],
      },
      { name: "vdso", words: ABI },
      { name: "hidden", words: ["/bin/novdso", ...ABI] },
    ],
    base: libraryOf(cross),
    own: [
      ["bin/shim_abi", crossProgram(cross, "shim_abi")],
      ["bin/novdso", crossProgram(cross, "novdso")],
      ["bin/call_vdso", crossProgram(cross, "call_vdso", shimMacros(cross, image))],
      [SHIM_FILE, shimFileOf(image)],
    ],
  });
  const vdso = entriesOf(machine);
  return await Promise.all([
    attempt("C, the calls alone", () => callRow(jobOf(run, "call"))),
    attempt("C", () => {
      assertEquals(run.clocksource, clocksource, "the kernel's clocksource");
      return abiRow("C", run, jobOf(run, "vdso"), vdso, answersOf(image, vdso));
    }),
    attempt(
      "C, vDSO hidden",
      () => abiRow("C, vDSO hidden", run, jobOf(run, "hidden"), [], answersWithout(image, "none")),
    ),
  ]);
}

/** As scripts/build/shim.ts has them: another build, another program. */
function shimMacros({ cpu }: CrossCpu, { buildId }: ShimImage): string[] {
  return [`-DARCH_HEADER="arch/${cpu}.h"`, `-DBUILD_ID=${buildId}`];
}

/** An errno is negative, whether the vDSO has found it or the kernel, and a number of bytes is not. */
function callRow({ status, output }: JobResult): Row {
  assertEquals({ status, output }, {
    status: 0,
    output: "vdso.clock 0\nvdso.no_clock -22\nsyscall.clock 0\nsyscall.no_clock -22\n" +
      "syscall.bytes 8\nsyscall.no_buffer -14\n",
  });
  return {
    runtime: "C, the calls alone",
    entries: "clock_gettime: vDSO and system call",
    cost: "",
    result: "errors are told as elsewhere",
  };
}

/** The C library that Debian has for cross compilers. */
function libraryOf({ architecture, sysroot, loader }: CrossCpu): FileSystem {
  const library = (name: string) => join(sysroot, "lib", name);
  return {
    name: `${architecture}-c`,
    files: () => [
      ["lib/libc.so.6", library("libc.so.6")],
      [loader.slice(1), library(basename(loader))],
    ],
  };
}

/** The very bytes that are shipped, or would be, as a file. */
function shimFileOf(image: ShimImage): string {
  const directory = join(CACHE, "shims");
  const file = join(directory, `${image.sha256}.so`);
  if (!existsSync(file)) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(file, imageBytes(image));
  }
  return file;
}

function abiRow(
  runtime: string,
  { version, seconds }: Boot,
  { status, output }: JobResult,
  vdso: readonly EntryName[],
  expected: Answers,
): Row {
  assert(status === 0, `status ${status}: ${output.slice(-800)}`);
  const { answers, cost } = readAnswers(output);
  assertEquals(answers, expected);
  // Else the vDSO would have made the system call.
  if (vdso.length > 0) assertLess(cost.entry, cost.syscall / 2);
  return {
    runtime,
    entries: describeEntries(vdso),
    cost: `- / ${cost.entry} / ${cost.syscall}`,
    result: `${Object.values(answers).flat().length} answers; Linux ${version}; the machine took ` +
      `${seconds.toFixed(0)} s`,
  };
}

// ---- Node ----

async function visitNode(machine: Machine): Promise<readonly Row[]> {
  const cpu = cpuOf(machine);
  const { cross: { architecture, loader }, clocksource, koffi, noFfi } = cpu;
  const vdso = entriesOf(machine);
  const missing = ENTRIES.filter((entry) => !vdso.includes(entry));
  // Where an FFI must be asked for, both with and without.
  const programs = [
    ...(koffi ? [noFfi ? "probe_koffi" : "probe"] : []),
    ...(noFfi ? ["without_ffi"] : []),
  ];
  const start = Date.now();
  const run = await boot({
    kernel: kernelOf(machine.kernel),
    parameters: [],
    cpus: 1,
    jobs: programs.map((name) => ({ name, words: ["/bin/node", `${name}.mjs`] })),
    base: debianNode(architecture, loader),
    own: [
      ...await Promise.all(programs.map(bundled)),
      ...(koffi ? [["vdso/node_modules", await koffiOf(koffi.cpu, koffi.version)] as const] : []),
    ],
  });
  return await Promise.all(programs.map((name) =>
    attempt(name, () => {
      assertEquals(run.clocksource, clocksource, "the kernel's clocksource");
      if (name === "without_ffi") return withoutFfiRow(jobOf(run, name), cpu, vdso);
      const row = probeRow(jobOf(run, name), {
        vdso,
        reason: missing.length > 0
          ? new RegExp(`^This vDSO has no ${missing.join(", ")}$`)
          : undefined,
        fast: true,
        ticks: undefined,
      }, start);
      return { ...row, runtime: `${row.runtime}, koffi ${koffi?.version}` };
    })
  ));
}

/** Debian's Node does not take TypeScript. */
async function bundled(name: string): Promise<Files[number]> {
  const outfile = join(CACHE, "bundles", `${name}.mjs`);
  const options = { bundle: true, platform: "node", format: "esm", logLevel: "error" } as const;
  const entry = join(ROOT, "tests/hostile", `${name}.ts`);
  await once(`bundle ${name}`, () => build({ ...options, entryPoints: [entry], outfile }));
  return [`vdso/${name}.mjs`, outfile];
}

/** The runtime's clock answers, and the parser reads there what it reads here. */
function withoutFfiRow(
  { status, output }: JobResult,
  { cross: { cpu }, noFfi }: Cpu,
  vdso: readonly EntryName[],
): Row {
  const line = /^WITHOUT_FFI (\{.*\})$/m.exec(output)?.[1];
  assert(line !== undefined && status === 0, `status ${status}: ${output.slice(-800)}`);
  const report = JSON.parse(line) as WithoutFfiReport;
  assertEquals(report.failures, []);
  assertGreater(report.checks, 20_000);
  const { ffi, timeline, reason, entries } = report.sources;
  assertEquals([ffi, timeline], ["none", "machine"]);
  assertEquals(new Set(Object.values(entries)), new Set(["runtime"]));
  assertMatch(reason ?? "", noFfi ?? /^$/);
  assertEquals(report.endianness, cpu === "s390x" ? "BE" : "LE");
  for (const [name, { sha256 }] of Object.entries(IMAGES)) {
    assertEquals(report.sha256[name], sha256);
  }
  const bytes = new Uint8Array(Buffer.from(report.vdso, "base64"));
  assertEquals(report.facts, imageFacts(bytes));
  const image = parseElf(bytes);
  for (const entry of vdso) {
    assert(image.lookup(KNOWN[cpu]?.symbols[entry] ?? "", KNOWN[cpu]?.version), entry);
  }
  return {
    runtime: `${report.runtime}, no FFI`,
    entries: "the runtime's own clocks",
    cost: "",
    result: `${report.checks} checks; the ELF parser finds ${vdso.length} entries in this vDSO, ` +
      `${image.endian} endian`,
  };
}
