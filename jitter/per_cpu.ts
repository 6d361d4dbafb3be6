/**
 * Measures on several CPUs at once: a Worker for each.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import { allowedCpus } from "./affinity.ts";
import { checkCpus, checkSettings, type JitterPerCpuOptions, type Settings } from "./options.ts";
import { gapsTask, type Report } from "./task.ts";
import type { Jitter, JitterProgress } from "./types.ts";
import { workerUrl } from "./worker_url.ts";

/** One CPU's Worker. */
interface Thread {
  readonly ready: Promise<void>;
  readonly done: Promise<Jitter>;
  begin(): void;
  end(): Promise<unknown>;
}

/**
 * Measures as {@link jitter} does, on several CPUs at the same time: a Worker for each, that is kept on
 * it. All begin once all are ready. The program's own thread stays free; but on a machine whose CPUs
 * are all measured, whatever it does is a gap of one of them.
 *
 * Needs the package's files: a bundle of one file has no Worker to start.
 *
 * @param options how long, what is a gap, and which CPUs
 * @returns one result for each CPU, in their order
 * @throws {UnsupportedError} without an FFI
 * @throws {VdsoError} where the process may not ask for its CPUs
 * @throws {TypeError | RangeError} for options that cannot be
 * @throws {Error} where a Worker cannot start, or may not choose its CPU
 *
 * @example
 * ```ts
 * import { jitterPerCpu } from "@x/vdso/jitter";
 *
 * for (const { cpu, lostNs, watchedNs } of await jitterPerCpu({ time: 200 })) {
 *   console.log(`CPU ${cpu}: ${(lostNs / watchedNs * 100).toFixed(2)} % lost`);
 * }
 * ```
 */
export async function jitterPerCpu(options: JitterPerCpuOptions = {}): Promise<Jitter[]> {
  const settings = checkSettings(options, ["time", "threshold", "top", "cpus", "onProgress"]);
  const cpus = checkCpus("cpus", options.cpus ?? allowedCpus());
  const threads: Thread[] = [];
  try {
    for (const cpu of cpus) {
      threads.push(start(settings, cpu, (progress) => options.onProgress?.(cpu, progress)));
    }
    await Promise.all(threads.map(({ ready }) => ready));
    for (const thread of threads) thread.begin();
    return await Promise.all(threads.map(({ done }) => done));
  } finally {
    await Promise.all(threads.map((thread) => thread.end()));
  }
}

function start(
  settings: Settings,
  cpu: number,
  onProgress: (progress: JitterProgress) => void,
): Thread {
  const worker = new Worker(workerUrl(), { workerData: gapsTask(settings, cpu) });
  const ready = Promise.withResolvers<void>();
  const done = Promise.withResolvers<Jitter>();
  const fail = (reason: string, cause?: unknown) => {
    const error = new Error(`The Worker of CPU ${cpu} failed: ${reason}`, { cause });
    ready.reject(error);
    done.reject(error);
  };
  // One of them is awaited at a time.
  ready.promise.catch(() => {});
  done.promise.catch(() => {});
  worker.on("message", (report: Report) => {
    if (report.kind === "ready") ready.resolve();
    else if (report.kind === "done") done.resolve(report.result);
    else if (report.kind === "failed") fail(report.reason);
    else {
      try {
        onProgress(report.progress);
      } catch (error) {
        done.reject(error);
      }
    }
  });
  worker.on("error", (error: unknown) => fail(String(error), error));
  worker.on("exit", () => fail("it ended"));
  return {
    ready: ready.promise,
    done: done.promise,
    begin: () => worker.postMessage("begin"),
    end: () => worker.terminate(),
  };
}
