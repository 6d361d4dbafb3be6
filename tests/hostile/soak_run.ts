/**
 * Calls now() without end in 4 Workers, and holds it against the system call and against what the
 * other Workers have seen.
 *
 *   RUNTIME tests/hostile/soak_run.ts CALLS
 *
 * Prints a {@link SoakReport} as JSON.
 */
import process from "node:process";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { syscalls } from "../../doctor/mod.ts";
import { CLOCK_MONOTONIC, cpu, now, type Sources, sources } from "../../mod.ts";

/** What one Worker saw, and all of them together. */
export interface SoakTally {
  /** Of now(). */
  calls: number;
  /** How often it was less than the time before, in the same Worker. */
  backwards: number;
  /** ... or less than a time that any Worker had seen before. */
  behind: number;
  /** How often it was not between two system calls. */
  apart: number;
  /** In how many series of calls it did not move. */
  stuck: number;
  /** How often the Worker was found on another CPU. */
  moves: number;
}

export interface SoakReport extends SoakTally {
  readonly sources: Sources;
  readonly seconds: number;
}

const WORKERS = 4;
const SERIES = 64;

/** `latest`: a time that some Worker has seen. */
function soak(calls: number, latest: BigInt64Array): SoakTally {
  const tally = { calls: 0, backwards: 0, behind: 0, apart: 0, stuck: 0, moves: 0 };
  let place = cpu();
  while (tally.calls < calls) {
    const seen = Number(Atomics.load(latest, 0));
    const first = now();
    let last = first;
    for (let i = 2; i < SERIES; i++) {
      const time = now();
      if (!(time >= last)) tally.backwards++;
      last = time;
    }
    if (!(last > first)) tally.stuck++;
    if (!(first >= seen)) tally.behind++;
    const before = syscalls.clockGettime(CLOCK_MONOTONIC);
    const time = now();
    const after = syscalls.clockGettime(CLOCK_MONOTONIC);
    if (!(Number(before) <= time && time <= Number(after))) tally.apart++;
    if (!(time >= last)) tally.backwards++;
    Atomics.store(latest, 0, after);
    tally.calls += SERIES;
    if (cpu() !== place) {
      tally.moves++;
      place = cpu();
    }
  }
  return tally;
}

if (isMainThread) {
  const start = performance.now();
  const shared = new SharedArrayBuffer(8);
  const tallies = await Promise.all(Array.from({ length: WORKERS }, () => {
    const data = { calls: Math.ceil(Number(process.argv[2]) / WORKERS), shared };
    const worker = new Worker(new URL(import.meta.url), { workerData: data });
    return new Promise<SoakTally>((resolve, reject) => {
      worker.on("message", resolve);
      worker.on("error", reject);
    });
  }));
  const sum = (key: keyof SoakTally) => tallies.reduce((sum, tally) => sum + tally[key], 0);
  const report: SoakReport = {
    calls: sum("calls"),
    backwards: sum("backwards"),
    behind: sum("behind"),
    apart: sum("apart"),
    stuck: sum("stuck"),
    moves: sum("moves"),
    sources: sources(),
    seconds: (performance.now() - start) / 1000,
  };
  console.log(JSON.stringify(report));
} else {
  const { calls, shared } = workerData as { calls: number; shared: SharedArrayBuffer };
  parentPort?.postMessage(soak(calls, new BigInt64Array(shared)));
}
