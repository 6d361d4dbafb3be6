/**
 * Locked-down processes: seccomp filters, permissions of Deno and Node, temporary directories that are
 * of no use, no /proc, no address space, no executable memfds; clocks of another time namespace; and
 * another C library. In every runtime, values checked against the system calls, or, where these are
 * denied, against this process's.
 */
import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLessOrEqual,
  assertMatch,
} from "@std/assert";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { inspect, now } from "../../mod.ts";
import { MUSL_PACKAGES, muslBun, muslTitle } from "../../scripts/hostile/musl.ts";
import {
  attempt,
  output,
  type Place,
  type Row,
  run,
  runtimeTitle,
} from "../../scripts/hostile/place.ts";
import { ROOT, type RuntimeCommand, RUNTIMES } from "../../scripts/runtimes.ts";
import { writeAddon } from "../fixtures/addon_bytes.ts";
import { type ClockReading, CLOCKS_OF_EVERY_KERNEL, readClocks } from "../fixtures/env_clocks.ts";
import { assertRuntimeClock, assertSameClocks, CLOCK_STEPS } from "../fixtures/env_compare.ts";
import {
  decodeOutcomes,
  HOST_IMAGE,
  type Outcomes,
  returned,
  type Step,
  STEPS,
  thrown,
  writeShim,
} from "../fixtures/env_run.ts";
import { type Lock, NO_CACHES } from "../fixtures/lock_down.ts";
import {
  denying,
  memfdNoexec,
  mounted,
  OWN_MOUNTS,
  TEMPORARY,
  timeNamespace,
} from "../launchers.ts";
import { MUSL_GCC, nativeProgram } from "../native.ts";
import { expectedSources } from "../support.ts";
import { describeEntries, type Expectation, hostExpectation, probeBy } from "./expectation.ts";

const PACKAGES = ["gcc", "libc6-dev", "util-linux"];
const TIMEOUT = 60_000;

/** Where a runtime is started. */
interface Confinement {
  /** Words that start it. */
  readonly launcher?: readonly string[];
  /** What it does to itself, before it uses the library. */
  readonly locks?: readonly Lock[];
  /** Its options for this place, in place of those that permit everything. */
  readonly options?: readonly string[];
  readonly cwd?: string;
}

/** A place that is visited by one runtime after another; what one of them comes to is a row. */
function place(
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

// ---- What a runtime finds in such a place ----

/** How a runtime is run: of {@link RUNTIMES}, or one that they do not have. */
type Runtime = Pick<RuntimeCommand, "bin" | "run">;

function words({ bin, run }: Runtime, { launcher = [], options = run }: Confinement): string[] {
  return [...launcher, bin, ...options];
}

/** All is as it is on this machine otherwise, except what `different` says. */
function probe(
  runtime: Runtime,
  { locks = [], ...where }: Confinement,
  different: Partial<Expectation> = {},
): Promise<Row> {
  const file = join(ROOT, "tests/hostile/locked_probe.ts");
  const command = [...words(runtime, where), file, JSON.stringify(locks)];
  return probeBy(command, { ...hostExpectation(), ...different });
}

/** Has a runtime do some steps, and nothing else printed. */
async function steps<const S extends readonly Step[]>(
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
async function onRuntimeClock(
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

function seconds(started: number): string {
  return `${((now() - started) / 1e9).toFixed(1)} s`;
}

// ---- System calls ----

const ERRORS = ["EPERM", "ENOSYS"] as const;

const SECCOMP = ERRORS.flatMap((error): Place[] => [
  place(
    `memfd_create-${error}`,
    `A filter answers memfd_create(2) with ${error}`,
    (runtime) => probe(runtime, { launcher: denying(`memfd_create:${error}`) }),
  ),
  place(
    `clock_gettime-${error}`,
    `A filter answers clock_gettime(2) with ${error}`,
    (runtime) => withoutClockGettime(runtime, error),
  ),
  place(
    `getrandom-${error}`,
    `A filter, once it has started, answers getrandom(2) with ${error}`,
    (runtime) => {
      const failures = [
        new RegExp(`^getrandom threw VdsoError: getrandom\\(64 bytes, 0\\) failed: ${error}$`),
      ];
      return probe(runtime, { locks: [denyLater(`getrandom:${error}`)] }, { failures });
    },
  ),
  place(
    `mmap_droppable-${error}`,
    `A filter, once it has started, answers mmap(2) of droppable memory with ${error}`,
    (runtime) => {
      const hasGetrandom = expectedSources.entries.getrandom === "vdso";
      return probe(runtime, { locks: [denyLater(`mmap_droppable:${error}`)] }, {
        ...(hasGetrandom && { reason: /The vDSO's getrandom has no memory for its state$/ }),
        vdso: hostExpectation().vdso.filter((entry) => entry !== "getrandom"),
      });
    },
  ),
  place(
    `mmap_exec_file-${error}`,
    `A filter, once it has started, answers executable mmap(2) of files with ${error}`,
    (runtime) =>
      onRuntimeClock(
        runtime,
        { locks: [denyLater(`mmap_exec_file:${error}`)] },
        /failed to map segment from shared object/,
      ),
  ),
]);

function denyLater(rules: string): Lock {
  return ["deny", { library: nativeProgram("deny", ["-shared", "-fPIC"]), rules }];
}

/** The clocks that the vDSO answers itself are right; the others say what the kernel says. */
async function withoutClockGettime(
  runtime: RuntimeCommand,
  error: typeof ERRORS[number],
): Promise<Row> {
  const started = now();
  const launcher = denying(`clock_gettime:${error}`);
  const before = readClocks();
  const [sources, clocks, time] = await steps(runtime, { launcher }, ["sources", "clocks", "now"]);
  const after = readClocks();
  assertGreaterOrEqual(returned(time), started);
  assertLessOrEqual(returned(time), now());
  assertEquals(returned(sources).entries, expectedSources.entries);
  const [readable, denied] = partition(returned(clocks), ({ clock }) => VDSO_CLOCKS.has(clock));
  const those = (readings: readonly ClockReading[]) =>
    readings.filter(({ clock }) => VDSO_CLOCKS.has(clock) || clock === NO_CLOCK);
  assertEquals(readable.length, VDSO_CLOCKS.size);
  const invalid = before.filter(({ clock }) => clock === NO_CLOCK);
  assertSameClocks(those(before), [...readable, ...invalid], those(after));
  for (const { clock, time } of denied) {
    assertEquals([thrown(time).name, thrown(time).code], ["VdsoError", error], `clock ${clock}`);
  }
  return {
    runtime: await runtimeTitle(runtime),
    entries: describeEntries(hostExpectation().vdso),
    cost: seconds(started),
    result: `${readable.length} clocks right, ${denied.length} say ${error}`,
  };
}

/** Those that the vDSO computes itself: not CPU time, nor what needs a device. */
const VDSO_CLOCKS: ReadonlySet<number> = new Set(
  CLOCKS_OF_EVERY_KERNEL.filter((clock) => clock !== 2 && clock !== 3),
);
const NO_CLOCK = 12;

function partition<T>(all: readonly T[], belongs: (one: T) => boolean): [T[], T[]] {
  return [all.filter(belongs), all.filter((one) => !belongs(one))];
}

// ---- Deno's permissions ----

const FILE = "FILE";
/** What may be granted and denied; FILE stands for the shim's own, `.` has strangers' files. */
const GRANTS = ["", `--allow-ffi=${FILE}`, "--allow-ffi=.", "--allow-ffi", "--allow-all"];
const DENIALS = ["", `--deny-ffi=${FILE}`, "--deny-ffi=/no/such/library.so", "--deny-ffi"];

const DENO_PLACES = GRANTS.flatMap((grant) =>
  DENIALS.map((denial): Place => {
    const granted = [grant, denial].filter(Boolean);
    const name = granted.map((option) => option.slice(2)).join("-").replace(/[^\w-]+/g, "-");
    return {
      name: `locked-deno-${name || "nothing"}`,
      title: `Deno on a terminal, among planted libraries, with ${granted.join(" ") || "no grant"}`,
      size: "short",
      packages: PACKAGES,
      run: () => visitDeno(grant, denial),
    };
  })
);

/** Without and with `bind({ shim: FILE })`. */
async function visitDeno(grant: string, denial: string): Promise<readonly Row[]> {
  // A partial grant is none for a bare name; FILE has to be granted, and not denied.
  const everything = grant === "--allow-ffi" || grant === "--allow-all";
  const byName = everything && denial === "";
  // Deno's rule: what names the file goes before what names none.
  const byFile = !denial.endsWith(FILE) &&
    (grant.endsWith(FILE) || (everything && denial !== "--deny-ffi"));
  const rows: Row[] = [];
  for (const deno of RUNTIMES.filter(({ name }) => name === "deno")) {
    for (const [binds, expectVdso] of [[false, byName], [true, byFile]] as const) {
      const visit = () => amongStrangers(deno, [grant, denial], binds, expectVdso);
      rows.push(await attempt(await runtimeTitle(deno), visit));
    }
  }
  return rows;
}

function amongStrangers(
  deno: RuntimeCommand,
  granted: readonly string[],
  binds: boolean,
  expectVdso: boolean,
): Promise<Row> {
  return inDirectories(async (home, cwd) => {
    const started = now();
    // A planted library ends the process with an exit code of its own.
    const planted = nativeProgram("env_planted", ["-shared", "-fPIC"]);
    for (const name of ["libc.so.6", basename(HOST_IMAGE.soname)]) {
      copyFileSync(planted, join(cwd, name));
    }
    const file = writeShim(home);
    const where: Confinement = {
      // Ends with one, too, as soon as anybody is asked.
      launcher: [nativeProgram("terminal"), "Allow?"],
      options: ["run", "--no-check", "--quiet", ...granted.filter(Boolean)]
        .map((option) => option.replace(`=${FILE}`, `=${file}`)),
      cwd,
    };
    const first = binds ? `bind ${JSON.stringify({ shim: file })}` as const : "sources";
    const before = readClocks();
    const [bound, clocks, ...outcomes] = await steps(deno, where, [
      first,
      "clocks",
      ...CLOCK_STEPS,
    ]);
    if (expectVdso) {
      const [sources, time] = outcomes;
      returned(bound);
      assertEquals(returned(sources), { ffi: "deno", timeline: "machine", ...expectedSources });
      assertSameClocks(before, returned(clocks), readClocks());
      assertGreaterOrEqual(returned(time), started);
      assertLessOrEqual(returned(time), now());
    } else {
      if (binds) assertEquals(thrown(bound).name, "UnsupportedError");
      assertRuntimeClock(outcomes, "context", WITHOUT_GRANT, started);
    }
    return {
      runtime: await runtimeTitle(deno),
      entries: expectVdso ? describeEntries(hostExpectation().vdso) : "the runtime's clock",
      cost: seconds(started),
      result: `${binds ? "bind({ shim: FILE })" : "now()"}: values right, no question, no stranger`,
    };
  });
}

const WITHOUT_GRANT = /^Deno grants no FFI to /;

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

// ---- Node's permissions ----

const PERMISSION = ["--permission", "--allow-fs-read=*", "--disable-warning=SecurityWarning"];
const NODES = RUNTIMES.filter(({ name }) => name.startsWith("node"));
const NODES_WITH_FFI = NODES.filter(({ name }) => name !== "node22" && name !== "node24");

const NODE_PLACES = [
  place(
    "node-nothing",
    "Node with --permission",
    (node) => onRuntimeClock(node, { options: PERMISSION }, /addons is disabled/),
    NODES,
  ),
  ...[
    { permits: ["--allow-addons"], nodes: NODES },
    { permits: ["--allow-ffi"], nodes: NODES_WITH_FFI },
    { permits: ["--allow-addons", "--allow-ffi"], nodes: NODES_WITH_FFI },
  ].map(({ permits, nodes }) =>
    place(
      `node-${permits.map((option) => option.slice(2)).join("-")}`,
      `Node with --permission ${permits.join(" ")}`,
      (node) => probe(node, { options: [...PERMISSION, ...permits] }),
      nodes,
    )
  ),
];

// ---- Files ----

const FLAWS = {
  noexec: { title: "mounted noexec", reason: /failed to map segment/ },
  ro: { title: "read-only", reason: /mkdtemp\(3\) failed in \/tmp; .* \/var\/tmp; .* \/dev\/shm/ },
  full: { title: "full", reason: /write\(2\) wrote 0 of \d+ bytes/ },
} as const;

const FILES = Object.entries(FLAWS).flatMap(([name, { title, reason }]): Place[] => {
  const flaw = name as keyof typeof FLAWS;
  const withoutMemfds = denying.bind(undefined, "memfd_create");
  return [
    place(
      `tmp-${flaw}`,
      `/tmp, /var/tmp and /dev/shm are ${title}`,
      (runtime) => probe(runtime, { launcher: mounted(flaw, TEMPORARY) }),
    ),
    place(
      `tmp-${flaw}-no-memfd`,
      `/tmp is ${title}, and a filter denies memfds`,
      (runtime) => probe(runtime, { launcher: [...withoutMemfds(), ...mounted(flaw, ["/tmp"])] }),
    ),
    place(
      `tmp-${flaw}-nothing`,
      `/tmp, /var/tmp and /dev/shm are ${title}, and a filter denies memfds`,
      (runtime) => {
        const launcher = [...withoutMemfds(), ...mounted(flaw, TEMPORARY)];
        return onRuntimeClock(runtime, { launcher }, reason);
      },
    ),
  ];
});

// ---- Memory, /proc, sysctls ----

/** What a runtime's own heap grows by while the probe runs, and some. */
const MORE_MEMORY = 128 << 20;

const REST = [
  place(
    "proc",
    "/proc is unmounted, once it has started",
    (runtime) => probe(runtime, { launcher: OWN_MOUNTS, locks: [["unmount", "/proc"]] }),
  ),
  place(
    "proc-tmp",
    "/proc is unmounted, once it has started; /tmp, /var/tmp and /dev/shm are mounted noexec",
    (runtime) => {
      const launcher = mounted("noexec", TEMPORARY);
      return onRuntimeClock(runtime, { launcher, locks: [["unmount", "/proc"]] }, /segment/);
    },
  ),
  place(
    "rlimit-as",
    "RLIMIT_AS leaves 128 MiB, once it has started",
    (runtime) => probe(runtime, { locks: [["limitAddressSpace", MORE_MEMORY]] }),
  ),
  place(
    "rlimit-as-full",
    "Executable mmap(2) of files says ENOMEM, as at RLIMIT_AS",
    (runtime) =>
      onRuntimeClock(
        runtime,
        { locks: [denyLater("mmap_exec_file:ENOMEM")] },
        /failed to map segment from shared object/,
      ),
  ),
  place(
    "rlimit-fsize",
    "RLIMIT_FSIZE allows files of 1000 bytes, once it has started",
    (runtime) => {
      const caches = Object.entries(NO_CACHES).map(([name, value]) => `${name}=${value}`);
      const where = { launcher: ["env", ...caches], locks: [["limitFileSize", 1000]] as const };
      return onRuntimeClock(runtime, where, /RLIMIT_FSIZE allows files/);
    },
  ),
  ...([0, 1, 2] as const).map((level) =>
    place(
      `memfd_noexec-${level}`,
      `vm.memfd_noexec is ${level}`,
      (runtime) => probe(runtime, { launcher: memfdNoexec(level) }),
    )
  ),
  place("time-namespace", "A time namespace, 100000 and 200000 s ahead", visitTimeNamespace),
];

const MONOTONIC_AHEAD = 100_000;
const BOOTTIME_AHEAD = 200_000;

/** Ahead of this process by as much as was said; and, by the probe, the system call's own time. */
async function visitTimeNamespace(runtime: RuntimeCommand): Promise<Row> {
  const launcher = timeNamespace(MONOTONIC_AHEAD, BOOTTIME_AHEAD);
  const shifts = new Map([[1, MONOTONIC_AHEAD], [4, MONOTONIC_AHEAD], [6, MONOTONIC_AHEAD], [
    7,
    BOOTTIME_AHEAD,
  ]]);
  const before = readClocks();
  const [clocks] = await steps(runtime, { launcher }, ["clocks"]);
  const shifted = (readings: readonly ClockReading[]) =>
    readings.map((reading) => {
      const shift = BigInt(shifts.get(reading.clock) ?? 0) * 1_000_000_000n;
      return { ...reading, time: { value: returned(reading.time) + shift } };
    });
  const ofAll = (readings: readonly ClockReading[]) =>
    readings.filter(({ clock }) => VDSO_CLOCKS.has(clock));
  ofAll(returned(clocks)).forEach(({ clock, time }, index) => {
    const [first, last] = [shifted(ofAll(before))[index], shifted(ofAll(readClocks()))[index]];
    assert(first && last);
    assertGreaterOrEqual(returned(time), first.time.value, `clock ${clock}`);
    assertLessOrEqual(returned(time), last.time.value, `clock ${clock}`);
  });
  return probe(runtime, { launcher });
}

// ---- Another C library ----

const MUSL: Place = {
  name: "locked-musl",
  title: "musl, the C library of Alpine",
  size: "short",
  from: "x64",
  packages: [...PACKAGES, ...MUSL_PACKAGES],
  run: async () => [
    await attempt("C, musl-gcc", loadOnMusl),
    await attempt("C as a host of Node-API, musl-gcc", addonOnMusl),
    await attempt("Bun for musl", async () => {
      const row = await probe(await muslBun(), {});
      return { ...row, runtime: await muslTitle() };
    }),
  ],
};

/** A C program that loads the shim, binds it and holds its answers against system calls. */
async function loadOnMusl(): Promise<Row> {
  const started = now();
  const mappings = await muslLoad(1, 1);
  return {
    runtime: "C, musl-gcc",
    entries: "vDSO",
    cost: seconds(started),
    result: "loaded from a memfd, bound; clocks, EINVAL and random numbers are right; " +
      `${mappings} mappings`,
  };
}

/** npm has no Node for musl: this is what of Node the addon's base takes. */
async function addonOnMusl(): Promise<Row> {
  const started = now();
  const text = await inDirectories((home) =>
    output([nativeProgram("addon_host", ["-rdynamic"], MUSL_GCC), writeAddon(home)])
  );
  assertMatch(text, /^\d+ functions\nfast calls: none\n$/);
  return {
    runtime: "C as a host of Node-API, musl-gcc",
    entries: "system calls",
    cost: seconds(started),
    result: `the addon: ${text.split("\n")[0]}; clocks, EINVAL and random numbers are right`,
  };
}

/** By `native/musl_load.c`, from so many memfds, so many times each; returns the mappings added. */
export function muslLoad(memfds: number, times: number): Promise<number> {
  return inDirectories(async (home) => {
    const program = nativeProgram("musl_load", [], MUSL_GCC);
    const { symbols } = inspect();
    const offsets = ["__vdso_clock_gettime", "__vdso_getrandom"].map((name) =>
      symbols.find((symbol) => symbol.name === name)?.offset ?? 0
    );
    return Number(
      await output([program, writeShim(home), ...[memfds, times, ...offsets].map(String)]),
    );
  });
}

export const PLACES: readonly Place[] = [
  ...SECCOMP,
  ...DENO_PLACES,
  ...NODE_PLACES,
  ...FILES,
  ...REST,
  MUSL,
];
