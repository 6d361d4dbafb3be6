/**
 * Long runs: the clock in 4 Workers that are moved from CPU to CPU, and what thousands of Workers
 * leave behind.
 */
import {
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
} from "@std/assert";
import { availableParallelism } from "node:os";
import { MUSL_PACKAGES, muslBun, muslTitle } from "../../scripts/hostile/musl.ts";
import {
  attempt,
  output,
  type Place,
  type Row,
  runtimeTitle,
  type Size,
  Unreachable,
} from "../../scripts/hostile/place.ts";
import { RUNTIMES } from "../../scripts/runtimes.ts";
import { nativeProgram } from "../native.ts";
import { expectedSources } from "../support.ts";
import { describeEntries, hostExpectation } from "./expectation.ts";
import { muslLoad } from "./locked/musl.ts";
import type { SoakReport } from "./soak_run.ts";
import type { StartsReport } from "./starts_run.ts";

const CALLS: Readonly<Record<Size, number>> = { short: 50_000_000, full: 1_000_000_000 };
const STARTS: Readonly<Record<Size, number>> = { short: 300, full: 10_000 };
/** For one run, in milliseconds: they end by their count, the time is for a machine that hangs. */
const TIMEOUT: Readonly<Record<Size, number>> = { short: 300_000, full: 4 * 3600_000 };

/** How many Workers at a time starts_run.ts has. */
const AT_ONCE = 4;

export const PLACES: readonly Place[] = [
  ...RUNTIMES.map((runtime): Place => ({
    name: `soak-${runtime.name}`,
    title: `4 Workers that are moved between CPUs call now(), in ${runtime.name}`,
    size: "short",
    packages: ["gcc", "libc6-dev"],
    run: async (size) => [
      await soak(await runtimeTitle(runtime), [runtime.bin, ...runtime.run], size),
    ],
  })),
  ...RUNTIMES.map((runtime): Place => ({
    name: `starts-${runtime.name}`,
    title: `Workers that come and go, in ${runtime.name}`,
    size: "short",
    packages: [],
    run: async (size) => [
      await startWorkers(await runtimeTitle(runtime), [runtime.bin, ...runtime.run], size),
    ],
  })),
  {
    name: "starts-musl",
    title: "Workers that come and go, on musl",
    size: "short",
    from: "x64",
    packages: MUSL_PACKAGES,
    run: async (size) => [
      await attempt("Bun for musl", async () => {
        const { bin } = await muslBun();
        return startWorkers(await muslTitle(), [bin], size);
      }),
      await attempt("C, musl-gcc", () => loadOnMusl(size)),
    ],
  },
];

// ---- The clock ----

async function soak(title: string, words: readonly string[], size: Size): Promise<Row> {
  const cpus = availableParallelism();
  if (cpus < 2) throw new Unreachable("There is one CPU: nothing to move to");
  const command = [nativeProgram("migrate"), ...words, "tests/hostile/soak_run.ts"];
  const text = await output([...command, `${CALLS[size]}`], { timeout: TIMEOUT[size] });
  const report = JSON.parse(text) as SoakReport;
  const { calls, moves, seconds, sources, ...wrong } = report;
  assertEquals(wrong, { backwards: 0, behind: 0, apart: 0, stuck: 0 });
  assertEquals(sources.entries, expectedSources.entries);
  assertGreaterOrEqual(calls, CALLS[size]);
  assertGreater(moves, 20, "moves from CPU to CPU");
  return {
    runtime: title,
    entries: describeEntries(hostExpectation().vdso),
    cost: `${seconds.toFixed(0)} s`,
    result:
      `${calls} calls, ${moves} moves: none backwards, none stuck, none beside the system call`,
  };
}

// ---- What is left behind ----

/**
 * What comes and goes with the heap, from a third of the Workers to the end. A page that each of
 * 10,000 left behind would be 26 MiB.
 */
const SLACK = { descriptors: 8, mappings: 150, memory: 24 << 20 };

type Kind = keyof typeof SLACK;
const KINDS: readonly Kind[] = ["descriptors", "mappings", "memory"];

async function startWorkers(title: string, words: readonly string[], size: Size): Promise<Row> {
  const run = async (worker: string) => {
    const command = [...words, "tests/hostile/starts_run.ts", `${STARTS[size]}`, worker];
    return JSON.parse(await output(command, { timeout: TIMEOUT[size] })) as StartsReport;
  };
  const own = await run("starts_worker.ts");
  assertEquals([own.third.copies, own.end.copies], [1, 1], "copies of the shim");
  assertLessOrEqual(own.end.states, 2 * (AT_ONCE + 1), "states of getrandom");
  const steep = KINDS.filter((kind) => growth(own, kind) >= SLACK[kind]);
  if (steep.length === 0) return row(title, own);
  // What is not flat has to be the FFI's: Workers without the library leave it too.
  const bare = await run("starts_ffi.ts");
  for (const kind of steep) {
    assertLess(growth(own, kind) - growth(bare, kind), SLACK[kind], `${kind} beside the FFI's`);
  }
  return row(title, own, bare);
}

function growth({ third, end }: StartsReport, kind: Kind): number {
  return end[kind] - third[kind];
}

function row(title: string, own: StartsReport, bare?: StartsReport): Row {
  const { workers, third, end, seconds } = own;
  return {
    runtime: title,
    entries: `shim ${third.copies} to ${end.copies}, states ${third.states} to ${end.states}`,
    cost: `${seconds.toFixed(0)} s`,
    result: `${workers} Workers; from a third of them to the end: ${leftBy(own)}` +
      (bare ? `; by the FFI alone: ${leftBy(bare)}` : ""),
  };
}

function leftBy({ third, end }: StartsReport): string {
  const megabytes = [third, end].map(({ memory }) => (memory / 2 ** 20).toFixed(0)).join(" to ");
  return `descriptors ${third.descriptors} to ${end.descriptors}, ` +
    `mappings ${third.mappings} to ${end.mappings}, ${megabytes} MiB`;
}

/** What one copy takes on musl: where memfds are denied, each Worker has one (docs/locked-down.md). */
const MOST_MAPPINGS = 4.25;

async function loadOnMusl(size: Size): Promise<Row> {
  const started = performance.now();
  const count = STARTS[size];
  const shared = await muslLoad(1, count);
  assertLess(shared, 2 * MOST_MAPPINGS, "mappings of one memfd");
  const apart = await muslLoad(count, 1) / count;
  assertLess(apart, MOST_MAPPINGS, "mappings a memfd");
  return {
    runtime: "C, musl-gcc",
    entries: "vDSO",
    cost: `${((performance.now() - started) / 1000).toFixed(1)} s`,
    result: `loaded ${count} times from one memfd: ${shared} mappings in all; ` +
      `from as many memfds: ${apart.toFixed(1)} each`,
  };
}
