/**
 * What the Workers of this library run: importing this elsewhere does nothing.
 *
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { native } from "../core/internals.ts";
import { pin } from "./affinity.ts";
import { measure } from "./measure.ts";
import { timerMeter } from "./meters.ts";
import type { Settings } from "./options.ts";
import { type Report, type Task, taskOf } from "./task.ts";

/** Milliseconds between two messages. */
const INTERVAL = 200;

/** All that takes time comes before the first message, so that the threads do not disturb each other. */
function findGaps(port: NonNullable<typeof parentPort>, settings: Settings, cpu: number): void {
  const post = (report: Report) => port.postMessage(report);
  try {
    native();
    pin(cpu);
  } catch (error) {
    post({ kind: "failed", reason: String(error) });
    return;
  }
  port.once("message", () => {
    let last = performance.now();
    try {
      const result = measure(settings, cpu, (progress) => {
        if (performance.now() - last < INTERVAL) return;
        last = performance.now();
        post({ kind: "progress", progress });
      });
      post({ kind: "done", result });
    } catch (error) {
      post({ kind: "failed", reason: String(error) });
    }
  });
  post({ kind: "ready" });
}

function work(port: NonNullable<typeof parentPort>, task: Task): void {
  if (task.kind === "gaps") {
    findGaps(port, task.settings, task.cpu);
  } else {
    timerMeter(new Float64Array(task.memory), task.periodMs);
    port.on("message", () => {}); // keeps this Worker, until it is terminated
  }
}

const task = taskOf(workerData);
if (parentPort && task) work(parentPort, task);
