/**
 * What this library and its Workers say to each other.
 *
 * @module
 */
import type { Settings } from "./options.ts";
import type { Jitter, JitterProgress } from "./types.ts";

const OWNER = "@x/vdso/jitter";

/** What a Worker is to do: its `workerData`. */
export type Task =
  | {
    readonly owner: typeof OWNER;
    readonly kind: "gaps";
    readonly settings: Settings;
    readonly cpu: number;
  }
  | {
    readonly owner: typeof OWNER;
    readonly kind: "control";
    readonly periodMs: number;
    readonly memory: SharedArrayBuffer;
  };

/** What a Worker that finds gaps tells. It begins when it gets a message after `"ready"`. */
export type Report =
  | { readonly kind: "ready" }
  | { readonly kind: "progress"; readonly progress: JitterProgress }
  | { readonly kind: "done"; readonly result: Jitter }
  | { readonly kind: "failed"; readonly reason: string };

/** To find the gaps of a CPU. */
export function gapsTask(settings: Settings, cpu: number): Task {
  return { owner: OWNER, kind: "gaps", settings, cpu };
}

/** To count how late a timer is in a thread that has nothing else to do. */
export function controlTask(periodMs: number, memory: SharedArrayBuffer): Task {
  return { owner: OWNER, kind: "control", periodMs, memory };
}

/** The task of this Worker; undefined if it is none of ours. */
export function taskOf(data: unknown): Task | undefined {
  const isOurs = typeof data === "object" && data !== null &&
    (data as Partial<Task>).owner === OWNER;
  return isOurs ? data as Task : undefined;
}
