/**
 * Whether `now()` scales: two Workers that call it at once, against one that calls it alone. They
 * share nothing but the kernel's page, so that on two CPUs the rate should double.
 *
 * Prints a {@link WorkersResult} as JSON. Runs in the runtime that is measured; pins each Worker to a
 * CPU of its own with taskset(1), since the scheduler likes to keep together what wakes each other.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { now } from "../../mod.ts";
import type { WorkersResult } from "./results.ts";
import { summarize } from "./statistics.ts";

type WorkerNumber = 0 | 1;
type SharedInts = Int32Array<SharedArrayBuffer>;

interface Data {
  readonly worker: WorkerNumber;
  readonly cpu: number;
  readonly steps: number;
  /** Counts arrivals before each step. */
  readonly gate: SharedInts;
  /** What the Workers hand to each other before a step that they do together. */
  readonly ball: SharedInts;
  /** For each step start and end of Worker 0, then of Worker 1; 0 for who rested. */
  readonly stamps: Float64Array<SharedArrayBuffer>;
}

/** Calls of a Worker in a step: half a millisecond or so, short against a time slice. */
const CALLS = 20_000;
const WARM_UPS = 40;
const PASSES = 4;

/** A round has two steps: one Worker alone, this and that in turn; then both. */
function isTogether(step: number): boolean {
  return step % 2 === 1;
}

function works(worker: WorkerNumber, step: number): boolean {
  return isTogether(step) || (step >> 1) % 2 === worker;
}

async function measure(rounds: number): Promise<WorkersResult> {
  const [first, second] = allowedCpus();
  if (first === undefined || second === undefined) {
    throw new Error("Cannot measure two Workers: this process may run on one CPU only");
  }
  const steps = rounds * 2;
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const ball = new Int32Array(new SharedArrayBuffer(4));
  const stamps = new Float64Array(new SharedArrayBuffer(steps * 4 * 8));
  await Promise.all([
    runWorker({ worker: 0, cpu: first, steps, gate, ball, stamps }),
    runWorker({ worker: 1, cpu: second, steps, gate, ball, stamps }),
  ]);

  const alone: number[] = [];
  const together: number[] = [];
  for (let step = 0; step < steps; step++) {
    const own = stamps.subarray(step * 4, step * 4 + 4).filter((stamp) => stamp > 0);
    // From the first one's start to the last one's end.
    const ns = Math.max(...own) - Math.min(...own);
    (isTogether(step) ? together : alone).push(ns / CALLS);
  }
  return {
    rounds,
    alone: summarize(alone),
    together: summarize(together),
    speedup: summarize(alone.map((ns, round) => 2 * ns / (together[round] as number))),
  };
}

function runWorker(workerData: Data): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData });
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("exit", () => resolve());
  });
}

/** Cpus_allowed_list of proc_pid_status(5): `0-3,8`. */
function allowedCpus(): number[] {
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  return (list ?? "").split(",").flatMap((range) => {
    const [first = NaN, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

function pin(cpu: number): void {
  const thread = readlinkSync("/proc/thread-self").split("/").at(-1) ?? "";
  const { status, stderr, error } = spawnSync("taskset", ["-pc", String(cpu), thread], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`taskset failed: ${error?.message ?? stderr}`);
}

function work({ worker, cpu, steps, gate, ball, stamps }: Data): void {
  pin(cpu);
  for (let i = 0; i < WARM_UPS; i++) call(CALLS);
  let caught = 0;
  for (let step = 0; step < steps; step++) {
    sleepUntilBoth(gate, 2 * (step + 1));
    if (!works(worker, step)) continue;
    if (isTogether(step)) caught = playBall(ball, worker, caught);
    // By the library's own clock: Bun's and Deno's have another origin in each Worker.
    const start = now();
    call(CALLS);
    const end = now();
    stamps.set([start, end], step * 4 + worker * 2);
  }
  // So that nobody's end, with all that a runtime has to tidy up, falls into the other's last step.
  sleepUntilBoth(gate, 2 * (steps + 1));
}

function call(calls: number): number {
  let sum = 0;
  for (let i = 0; i < calls; i++) sum += now();
  return sum;
}

/** Asleep, since the other one is to have the machine for itself. */
function sleepUntilBoth(gate: SharedInts, expected: number): void {
  if (Atomics.add(gate, 0, 1) + 1 === expected) Atomics.notify(gate, 0);
  for (let arrived; (arrived = Atomics.load(gate, 0)) < expected;) Atomics.wait(gate, 0, arrived);
}

/**
 * Awake, since it takes tens of microseconds to wake up; to and fro a few times, so that both are
 * seen to run. Returns the ball's next number.
 */
function playBall(ball: SharedInts, worker: WorkerNumber, next: number): number {
  const end = next + 2 * PASSES;
  for (let turn = next + worker; turn < end; turn += 2) {
    while (Atomics.load(ball, 0) !== turn);
    Atomics.store(ball, 0, turn + 1);
  }
  while (Atomics.load(ball, 0) !== end);
  return end;
}

if (isMainThread) console.log(JSON.stringify(await measure(Number(process.argv[2]))));
else work(workerData as Data);
