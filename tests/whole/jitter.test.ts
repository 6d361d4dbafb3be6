/**
 * Gaps that are planted: by a competitor of known duty, a CPU quota, and SIGSTOP. jitter() must find
 * them in number and size within a tenth, and name who took the time. And what it loses agrees with
 * oslat.
 *
 * In one file and one runtime, since what takes a CPU in real time must not be in its own way, nor
 * longer than need be in that of other tests.
 */
// both tiers: node26 (the loop is native, and the kernel the same)
import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { allowedCpus } from "../../jitter/affinity.ts";
import { median } from "../../bench/median.ts";
import type { Gap, Jitter } from "../../jitter/mod.ts";
import { now } from "../../mod.ts";
import { inDirectory } from "../fixtures/bundle_project.ts";
import {
  hog,
  IN_REAL_TIME,
  measureInChild,
  outputOf,
  skipWithoutRealTime,
} from "../jitter_child.ts";
import { full, nodeMajor, skipUnless, statisticalTest } from "../support.ts";

const MS = 1e6;
const PLANTS = full ? 32 : 24;
const STOPS = full ? 8 : 6;
const timeout = 60_000;
const skip = nodeMajor === 26 ? skipWithoutRealTime : "run once, by Node 26";
const cpu = allowedCpus().at(-1) ?? 0;

/** A moment of CLOCK_MONOTONIC, as nearly as whoever plants something knows it: not before and after. */
type Moment = readonly [from: number, to: number];

/** A gap that was planted. */
interface Planted {
  readonly start: Moment;
  readonly end: Moment;
}

/** Whether there is a gap that ended when that did or a moment later, within a tenth as long. */
function isFound({ start, end }: Planted, { worst }: Jitter, cause: Gap["cause"]): boolean {
  const gap = worst.find(({ at }) => at > end[0] - MS && at < end[1] + 5 * MS);
  return gap?.cause === cause && gap.ns > 0.9 * (end[0] - start[1]) &&
    gap.ns < 1.1 * (end[1] - start[0]);
}

/**
 * Whether others took the CPU just before or after, too, so that all of it is one gap: on a busy machine
 * the kernel gives those that are not in real time a share, and takes it at such moments.
 */
function isMerged({ start, end }: Planted, { worst }: Jitter): boolean {
  return worst.some(({ at, ns }) =>
    at - ns < start[1] + MS && at > end[0] - MS && ns >= 1.1 * (end[1] - start[0])
  );
}

/**
 * The share of gaps that can be found: they begin while the thread runs, and between two runs of the
 * loop it runs unwatched.
 */
function watchedShare({ watchedNs, durationNs, lostNs }: Jitter): number {
  const share = (watchedNs - lostNs) / (durationNs - lostNs);
  assert(share > 0.7, `${share} of its time is watched`);
  return share;
}

/** Nine of ten at least of those that nothing else was added to, which are most. */
function assertFound(planted: readonly Planted[], found: Jitter, cause: Gap["cause"]): void {
  const alone = planted.filter((one) => !isMerged(one, found));
  const right = alone.filter((one) => isFound(one, found, cause));
  const expected = watchedShare(found) * alone.length;
  const told = JSON.stringify({ planted, worst: found.worst.slice(0, 2 * planted.length) });
  assert(alone.length >= 0.7 * planted.length, `${alone.length} of ${planted.length}: ${told}`);
  assert(right.length >= 0.9 * expected, `${right.length} of ${expected}: ${told}`);
}

statisticalTest("jitter() finds a competitor", { skip, timeout }, async () => {
  const planted: Planted[] = [];
  const found = await measureInChild({ time: 60 * PLANTS + 1100, cpu, top: 1000 }, async () => {
    const { text, code } = await outputOf(hog(cpu, 8000, 60_000, PLANTS));
    assertEquals(code, 0, "SCHED_FIFO may not be had");
    for (const line of text.trim().split("\n")) {
      const [due = NaN, start = NaN, end = NaN] = line.split(" ").map(Number);
      // Now and then the kernel keeps the CPU from all that are in real time: sched_rt_runtime_us.
      if (start - due < MS) planted.push({ start: [start, start], end: [end, end] });
    }
  });
  assert(planted.length >= 0.75 * PLANTS, `${planted.length} of ${PLANTS} were planted on time`);
  assertFound(planted, found, "preempted");
  assertEquals(found.signs.moves, 0);
});

function around(fn: () => void): Moment {
  const before = now();
  fn();
  return [before, now()];
}

statisticalTest("jitter() finds SIGSTOP", { skip, timeout }, async () => {
  const planted: Planted[] = [];
  const found = await measureInChild({ time: 400 * STOPS, cpu, top: 1000 }, async (pid) => {
    for (let i = 0; i < STOPS; i++) {
      await setTimeout(100 + Math.random() * 60); // in step with nothing
      const start = around(() => process.kill(pid, "SIGSTOP"));
      await setTimeout(200);
      planted.push({ start, end: around(() => process.kill(pid, "SIGCONT")) });
    }
  });
  assertFound(planted, found, "stopped");
});

// ---- A quota ----

const QUOTA_MS = 20;
const PERIOD_MS = 70;

/** A control group with that quota, but before all others. */
interface Group {
  readonly path: string;
  remove(): void;
}

/** Joins it before it becomes the program. */
const joining = (
  group: Group,
) => ["sh", "-c", 'echo $$ > "$0/cgroup.procs"; exec "$@"', group.path];

/** Undefined where none can be made. */
function makeGroup(): Group | undefined {
  const name = `vdso-jitter-${process.pid}`;
  const [v1, v2] = [`/sys/fs/cgroup/cpu/${name}`, `/sys/fs/cgroup/${name}`];
  try {
    const group = existsSync("/sys/fs/cgroup/cpu") ? v1 : v2;
    mkdirSync(group);
    try {
      if (group === v1) {
        writeFileSync(`${group}/cpu.cfs_period_us`, String(PERIOD_MS * 1000));
        writeFileSync(`${group}/cpu.cfs_quota_us`, String(QUOTA_MS * 1000));
        writeFileSync(`${group}/cpu.shares`, "262144");
      } else {
        writeFileSync(`${group}/cpu.max`, `${QUOTA_MS * 1000} ${PERIOD_MS * 1000}`);
        writeFileSync(`${group}/cpu.weight`, "10000");
      }
    } catch (error) {
      rmdirSync(group);
      throw error;
    }
    return { path: group, remove: () => rmdirSync(group) };
  } catch {
    return undefined;
  }
}

const skipWithoutGroup = skip || (() => {
  const group = makeGroup();
  group?.remove();
  return skipUnless(group !== undefined, "no control group can be made", "REQUIRE_CGROUP");
})();

statisticalTest("jitter() finds a CPU quota", { skip: skipWithoutGroup, timeout }, async () => {
  const group = makeGroup();
  assert(group);
  let found: Jitter;
  try {
    found = await measureInChild({ time: 3000, cpu, top: 1000 }, () => {}, joining(group));
  } finally {
    await setTimeout(100); // the kernel forgets a process a moment later
    group.remove();
  }
  const gaps = found.worst.filter(({ cause }) => cause === "throttled");
  const periods = found.durationNs / (PERIOD_MS * MS);
  const expected = watchedShare(found) * periods;
  const told = `${gaps.length} of ${expected} to ${periods}`;
  assert(gaps.length >= 0.9 * expected && gaps.length <= 1.1 * periods, told);
  const typical = median(gaps.map(({ ns }) => ns)) / MS;
  assert(Math.abs(typical / (PERIOD_MS - QUOTA_MS) - 1) < 0.1, `${typical} ms`);
});

// ---- Beside oslat(8) of rt-tests, in turns, while a competitor takes a tenth of the CPU ----

const TURNS = 3;
const SECONDS = 1;
const BUSY_US = 500;
const PERIOD_US = 5000;

/** oslat counts in whole microseconds, and what is longer than 1024 of them it does not add up. */
const [LEAST_US, MOST_US] = [100, 1023];

const skipWithoutOslat = skip || !full && "in the full tier: it takes long" || skipUnless(
  spawnSync("oslat", ["--help"]).error === undefined,
  "oslat (Debian: rt-tests) is not installed",
  "REQUIRE_OSLAT",
);

interface OslatThread {
  readonly duration: number;
  /** By microseconds. */
  readonly histogram: Readonly<Record<string, number>>;
}

/** Of the time, in gaps of those lengths. */
function shareByOslat(): number {
  return inDirectory((directory) => {
    const file = join(directory, "oslat.json");
    const words = ["-c", `${cpu}`, "-D", `${SECONDS}`, "-b", "1024", `--json=${file}`, "-q"];
    const [program = "", ...launcher] = IN_REAL_TIME;
    const { status, stderr } = spawnSync(program, [...launcher, "oslat", ...words], {
      encoding: "utf8",
    });
    assert(status === 0, stderr);
    const { thread } = JSON.parse(readFileSync(file, "utf8")) as {
      thread: Readonly<Record<string, OslatThread>>;
    };
    const { duration, histogram } = thread["0"] ?? { duration: NaN, histogram: {} };
    const lost = Object.entries(histogram).filter(([us]) => +us >= LEAST_US && +us <= MOST_US)
      .reduce((sum, [us, count]) => sum + Number(us) * count, 0);
    return lost / 1e6 / duration;
  });
}

async function shareByJitter(): Promise<number> {
  const { histogram, watchedNs } = await measureInChild({ time: SECONDS * 1000, cpu });
  const lost = histogram.filter(({ fromNs, toNs }) =>
    fromNs >= LEAST_US * 1000 && toNs <= MOST_US * 1000
  ).reduce((sum, { fromNs, toNs, count }) => sum + (fromNs + toNs) / 2 * count, 0);
  return lost / watchedNs;
}

statisticalTest("jitter() and oslat agree on the share of time that is lost", {
  skip: skipWithoutOslat,
  timeout: 120_000,
}, async () => {
  const competitor = hog(cpu, BUSY_US, PERIOD_US, 0);
  const shares: { ours: number; theirs: number }[] = [];
  try {
    for (let turn = 0; turn < TURNS; turn++) {
      shares.push({ ours: await shareByJitter(), theirs: shareByOslat() });
    }
  } finally {
    competitor.kill("SIGKILL");
  }
  const ours = median(shares.map(({ ours }) => ours));
  const theirs = median(shares.map(({ theirs }) => theirs));
  const told = JSON.stringify(shares);
  assert(Math.abs(ours / theirs - 1) < 0.1, told);
  // Others take their share, too, and the host: how much there is of it only oslat can say.
  assert(ours > 0.8 * BUSY_US / PERIOD_US, told);
});
