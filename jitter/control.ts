/**
 * The control meter: the same in a Worker that has nothing else to do. What it sees is the machine's
 * doing, and not the program's.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import { BUCKETS } from "./buckets.ts";
import { controlTask } from "./task.ts";
import { workerUrl } from "./worker_url.ts";

/** A control meter, from the moment on at which its Worker runs. */
export interface Control {
  /** Counts by bucket, which the Worker writes. */
  readonly counts: Float64Array;
  /** Why there is none; undefined while there is one. */
  readonly failure: () => string | undefined;
  close(): void;
}

/** Starts it, where that is permitted. It keeps no program alive. */
export function startControl(periodMs: number): Control {
  const memory = new SharedArrayBuffer(8 * BUCKETS);
  const counts = new Float64Array(memory);
  let worker: Worker;
  try {
    worker = new Worker(workerUrl(), { workerData: controlTask(periodMs, memory) });
  } catch (error) {
    return { counts, failure: () => String(error), close() {} };
  }
  let failure: string | undefined;
  let closed = false;
  worker.unref();
  worker.on("error", (error: unknown) => failure = String(error));
  worker.on("exit", () => {
    if (!closed) failure ??= "The Worker ended";
  });
  return {
    counts,
    failure: () => failure,
    close() {
      closed = true;
      void worker.terminate();
    },
  };
}
