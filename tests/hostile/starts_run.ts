/**
 * Starts Workers that end by themselves, 4 at a time; tells what the process has after a third of
 * them, and after all.
 *
 *   RUNTIME tests/hostile/starts_run.ts COUNT WORKER
 *
 * WORKER: `starts_worker.ts`, which uses the library, or `starts_ffi.ts`. Prints a
 * {@link StartsReport} as JSON.
 */
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { Worker } from "node:worker_threads";

/** What the process has. */
export interface Possessions {
  /** Bytes. */
  readonly memory: number;
  readonly descriptors: number;
  /** Lines of /proc/self/maps. */
  readonly mappings: number;
  /** Of the shim. */
  readonly copies: number;
  /** Mappings for the states of the vDSO's getrandom. */
  readonly states: number;
}

export interface StartsReport {
  readonly workers: number;
  readonly third: Possessions;
  readonly end: Possessions;
  readonly seconds: number;
}

const AT_ONCE = 4;

function possessions(): Possessions {
  const read = (file: string) => readFileSync(`/proc/self/${file}`, "utf8");
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(read("status")) ?? [];
  const mappings = read("maps").trimEnd().split("\n");
  // The addon's file, from the sources, never had a name.
  const ours = mappings.filter((line) => /\/memfd:x-vdso:|libxvdso|\/#\d+ \(deleted\)$/.test(line));
  const flags = read("smaps").match(/^VmFlags:.*$/gm) ?? [];
  return {
    memory: Number(kilobytes) * 1024,
    descriptors: readdirSync("/proc/self/fd").length,
    mappings: mappings.length,
    copies: new Set(ours.map((line) => line.split(/\s+/)[4])).size,
    states: flags.filter((line) => / dp\b/.test(line)).length,
  };
}

function start(file: string): Promise<void> {
  const worker = new Worker(new URL(file, import.meta.url));
  return new Promise((resolve, reject) => {
    worker.on("exit", () => resolve());
    worker.on("error", reject);
  });
}

async function many(count: number, file: string): Promise<void> {
  let left = count;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (left-- > 0) await start(file);
  }));
}

const [, , count = "", file = ""] = process.argv;
const began = performance.now();
await import(`./${file}`); // this thread outlives them all
const early = Math.ceil(Number(count) / 3);
await many(early, `./${file}`);
const third = possessions();
await many(Number(count) - early, `./${file}`);
const report: StartsReport = {
  workers: Number(count),
  third,
  end: possessions(),
  seconds: (performance.now() - began) / 1000,
};
console.log(JSON.stringify(report));
