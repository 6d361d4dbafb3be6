/**
 * The doctor names the cause, in places that are made for it on this machine; tests/hostile/machines.ts
 * has it in virtual machines, too.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import {
  type ClockChange,
  clockCost,
  type Examination,
  type Finding,
  type FindingId,
} from "../../doctor/mod.ts";
import {
  attempt,
  output,
  type Place,
  type Row,
  run,
  runtimeTitle,
  Unreachable,
} from "../../scripts/hostile/place.ts";
import type { JobResult } from "../../scripts/hostile/vm.ts";
import { type RuntimeCommand, RUNTIMES } from "../../scripts/runtimes.ts";
import { DISGUISES } from "../fixtures/disguises.ts";
import { HIDDEN } from "../fixtures/hidden.ts";
import { denying, timeNamespace } from "../launchers.ts";
import { nativeProgram } from "../native.ts";

/** Above information, of clocks and vDSO: exactly these. */
export function doctorRow(job: JobResult, expected: readonly FindingId[] = []): Row {
  const { findings, facts } = JSON.parse(/^\{[^]*\}$/m.exec(job.output)?.[0] ?? "") as Examination;
  const bad = findings.filter(({ id, severity }) =>
    /^(clock|vdso)\./.test(id) && severity !== "information"
  );
  assertEquals(bad.map(({ id }) => id).sort(), [...expected].sort(), job.output.slice(0, 2000));
  return row("vdso doctor --json", findings, facts.cpu.windowNs);
}

/** What tests/hostile/watch.sh does. */
export function watchRow({ output }: JobResult): Row {
  const changes = output.trim().split("\n").filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as ClockChange)
    .filter(({ finding }) => ["clock.syscall", "wall.stepped"].includes(finding.id))
    .map(({ finding, over }) => `${over ? "-" : "+"}${finding.id}`);
  assertEquals(changes, ["+clock.syscall", "-clock.syscall", "+wall.stepped"], output);
  return {
    runtime: "vdso doctor --watch --json",
    entries: "",
    cost: "",
    result: "tells of acpi_pm, of its end, and of a wall clock that was set",
  };
}

function row(runtime: string, findings: readonly Finding[], windowNs: number | null): Row {
  const ids = findings.filter(({ severity }) => severity !== "information").map(({ id }) => id);
  return {
    runtime,
    entries: "",
    cost: windowNs === null ? "" : `${(windowNs / 1e9).toFixed(1)} s`,
    result: ids.length > 0 ? `finds ${ids.join(", ")}` : "finds nothing wrong",
  };
}

/** A place on this machine: words that start a program there, and what must be found. */
interface Spot {
  readonly name: string;
  readonly title: string;
  readonly packages?: readonly string[];
  readonly launcher: () => readonly string[];
  /** What one finding must say: in its evidence, its meaning or its advice. */
  readonly id: FindingId;
  readonly says: RegExp;
}

const SPOTS: readonly Spot[] = [
  {
    name: "time-namespace",
    title: "A time namespace, 100000 and 200000 s ahead",
    launcher: () => timeNamespace(100_000, 200_000),
    id: "timens.shifted",
    says: /"CLOCK_BOOTTIME","value":200000/,
  },
  {
    name: "strace",
    title: "strace(1) looks at every system call",
    packages: ["strace"],
    launcher: () => ["strace", "-f", "-qq", "-o", "/dev/null"],
    id: "syscall.slow",
    says: /a tracer is attached/,
  },
  {
    name: "seccomp-clock_gettime",
    title: "A filter answers clock_gettime(2) with EPERM",
    launcher: () => denying("clock_gettime:EPERM"),
    id: "check.skipped",
    says: /clock_gettime\(2\) fails in this process/,
  },
  {
    name: "seccomp-adjtimex",
    title: "A filter answers adjtimex(2) with EPERM",
    launcher: () => denying("adjtimex:EPERM"),
    id: "check.skipped",
    says: /NTP state.*(adjtimex\(2\) fails: errno 1|seccomp filter)/,
  },
  ...HIDDEN.map(({ how, options }): Spot => ({
    name: ["hidden", ...options].join(""),
    title: `A process without a vDSO: ${how}`,
    launcher: () => [nativeProgram("novdso"), ...options],
    id: "vdso.missing",
    says: /no vDSO that can be read/,
  })),
];

let groups = 0;

/** A cgroup of version 1 or 2 with a quota, until `use` has ended. */
async function inQuota<T>(cpus: number, use: (group: string) => Promise<T>): Promise<T> {
  const parent = isV1 ? "/sys/fs/cgroup/cpu" : "/sys/fs/cgroup";
  const group = `${parent}/vdso-hostile-${process.pid}-${groups++}`;
  try {
    mkdirSync(group);
    setQuota(group, cpus);
  } catch (error) {
    throw new Unreachable(`No cgroup can be made: ${(error as Error).message}`);
  }
  try {
    return await use(group);
  } finally {
    // Those who were in it may be about to end.
    await output(["sh", "-c", 'for i in 1 2 3 4 5; do rmdir "$0" && exit; sleep 1; done', group]);
  }
}

const isV1 = existsSync("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
const PERIOD_US = 100_000;

function setQuota(group: string, cpus: number): void {
  const us = Math.round(cpus * PERIOD_US);
  if (isV1) writeFileSync(`${group}/cpu.cfs_quota_us`, `${us}`);
  else writeFileSync(`${group}/cpu.max`, `${us} ${PERIOD_US}`);
}

/** In the runtime that `npx` takes, and one of each other kind. */
const ONES = RUNTIMES.filter(({ name }) => ["deno", "bun", "node26"].includes(name));

export const PLACES: readonly Place[] = [
  ...SPOTS.map((spot): Place => ({
    name: `doctor-${spot.name}`,
    title: `The doctor: ${spot.title}`,
    size: "short",
    packages: ["gcc", "libc6-dev", "util-linux", ...spot.packages ?? []],
    async run() {
      const rows: Row[] = [];
      for (const runtime of ONES) {
        const title = await runtimeTitle(runtime);
        rows.push(
          await attempt(title, () => visit(spot, title, [runtime.bin, ...runtime.run])),
        );
      }
      return rows;
    },
  })),
  {
    name: "doctor-quota",
    title: "The doctor: A cgroup with a CPU quota of 0.25",
    size: "short",
    packages: ["util-linux"],
    run: async () => {
      const rows: Row[] = [];
      for (const runtime of ONES) rows.push(await examineThrottled(runtime));
      return rows;
    },
  },
  {
    name: "doctor-watch-quota",
    title: "The doctor watches, and another program uses up a CPU quota of 0.3",
    size: "short",
    packages: ["util-linux"],
    run: async () => {
      const rows: Row[] = [];
      for (const runtime of ONES) rows.push(await watchThrottled(runtime));
      return rows;
    },
  },
  ...DISGUISES.map(({ name, title, launcher }): Place => ({
    name: `doctor-disguise-${name}`,
    title: `The doctor on this machine, which says of its clocksource: ${title}`,
    size: "short",
    packages: ["util-linux"],
    run: () => Promise.all(ONES.map((runtime) => withoutFindings(runtime, launcher))),
  })),
];

/** Names decide nothing: where clocks are fast, whatever they are called, nothing is wrong with them. */
async function withoutFindings(
  runtime: RuntimeCommand,
  launcher: readonly string[],
): Promise<Row> {
  const title = await runtimeTitle(runtime);
  return await attempt(title, async () => {
    if (!clockCost().beatsSyscall) throw new Unreachable("Clocks are slow on this machine");
    const words = [...launcher, runtime.bin, ...runtime.run, "cli.ts", "doctor", "--json"];
    const { status, stdout, stderr } = await run(words, { timeout: 60_000 });
    return { ...doctorRow({ status: status ?? -1, output: stdout + stderr }), runtime: title };
  });
}

/** The same in a group with a quota. */
async function examineThrottled(runtime: RuntimeCommand): Promise<Row> {
  const title = await runtimeTitle(runtime);
  return await attempt(title, () =>
    inQuota(0.25, (group) => { // little: others may want the CPUs, too
      const launcher = () => ["sh", "-ec", 'echo $$ >"$0"; exec "$@"', `${group}/cgroup.procs`];
      const says = /"quota","value":0\.25,/;
      const spot: Spot = { name: "", title: "", launcher, id: "cpu.throttled", says };
      return visit(spot, title, [runtime.bin, ...runtime.run]);
    }));
}

async function visit(spot: Spot, title: string, runtime: readonly string[]): Promise<Row> {
  const words = [...spot.launcher(), ...runtime, "cli.ts", "doctor", "--json"];
  const { status, stdout, stderr } = await run(words, { timeout: 120_000 });
  assert(stdout.startsWith("{"), `status ${status}: ${stderr.slice(-800)}`);
  const { findings, facts } = JSON.parse(stdout) as Examination;
  const found = findings.find(({ id }) => id === spot.id);
  assert(found, `${spot.id} is not among ${findings.map(({ id }) => id).join(", ")}`);
  assertMatch(JSON.stringify(found), spot.says);
  return row(title, findings, facts.cpu.windowNs);
}

/** A runtime starts and examines on less than a third of a CPU; then there is nearly none. */
const QUOTA = 0.3;
const LITTLE = 0.02;
const EXAMINED_MS = 12_000;
const WATCHED_S = 20;

/** What changes while it watches: its group has used up what it may. */
async function watchThrottled(runtime: RuntimeCommand): Promise<Row> {
  const title = await runtimeTitle(runtime);
  return await attempt(title, () =>
    inQuota(QUOTA, async (group) => {
      const busy = `sleep ${EXAMINED_MS / 1000}; exec timeout 5 sh -c "while :; do :; done"`;
      const script = `echo $$ >"$0"; (${busy}) & exec timeout -s INT ${WATCHED_S} "$@"`;
      const words = ["doctor", "--watch", "--interval", "0.5", "--json"];
      const timer = setTimeout(() => setQuota(group, LITTLE), EXAMINED_MS);
      const { stdout } = await run(
        [
          ...["sh", "-ec", script, `${group}/cgroup.procs`],
          ...[runtime.bin, ...runtime.run, "cli.ts", ...words],
        ],
        { timeout: 60_000 },
      );
      clearTimeout(timer);
      const changes = stdout.trim().split("\n").slice(1)
        .map((line) => JSON.parse(line) as ClockChange);
      const found = changes.find(({ finding }) => finding.id === "cpu.throttled");
      assert(found && !found.over, `not among: ${stdout.slice(-2000)}`);
      return { runtime: title, entries: "", cost: "", result: "tells of cpu.throttled" };
    }));
}
