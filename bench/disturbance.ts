/**
 * What else happened to the thread while it was measured, as far as that can be read here.
 *
 * @module
 */
import { PerformanceObserver } from "node:perf_hooks";
import process from "node:process";
import { cpu, sources, threadCpuTime } from "../mod.ts";
import { readKernelFile } from "./kernel_file.ts";

/** What was read; null what could not be, for the reason in `unreadable`. */
export interface Disturbance {
  /** Whether anything of what follows is too much for the result to be trusted. */
  readonly disturbed: boolean;
  /** What that is, in words. */
  readonly reasons: readonly string[];
  /** How often the thread was on another CPU than before. Looked at between slices. */
  readonly migrations: number | null;
  /** Nanoseconds that the thread did not run: waited for a CPU, for a disk, slept. */
  readonly offCpuNs: number | null;
  /** Of the process with all its threads, by its own will: to wait. */
  readonly voluntarySwitches: number | null;
  /** Of the process with all its threads: the kernel gave the CPU to somebody else. */
  readonly involuntarySwitches: number | null;
  /** Of the process: pages that had to be mapped. */
  readonly minorFaults: number | null;
  /** Of the process: pages that had to be read from a disk. */
  readonly majorFaults: number | null;
  /** Garbage collections. */
  readonly collections: number | null;
  /** Nanoseconds that they took. */
  readonly collectionNs: number | null;
  /** Nanoseconds that the hypervisor gave this machine's CPUs to others. In steps of 10 ms. */
  readonly stealNs: number | null;
  /** What sets the frequency of the CPU: "performance", "powersave". */
  readonly governor: string | null;
  /** What could not be read, and why. */
  readonly unreadable: Readonly<Record<string, string>>;
}

type Counts = Omit<Disturbance, "disturbed" | "reasons" | "unreadable">;
type Unreadable = Record<string, string>;

/** Where nobody looked. */
export const UNWATCHED: Disturbance = {
  disturbed: false,
  reasons: [],
  migrations: null,
  offCpuNs: null,
  voluntarySwitches: null,
  involuntarySwitches: null,
  minorFaults: null,
  majorFaults: null,
  collections: null,
  collectionNs: null,
  stealNs: null,
  governor: null,
  unreadable: {},
};

/** Watches one measurement. */
export interface Watch {
  /** Between slices. */
  look(): void;
  /** When it is over. */
  end(elapsedNs: number): Promise<Disturbance>;
}

/** What a moment looks like. */
interface Moment {
  readonly cpuNs: number | undefined;
  readonly usage: ReturnType<typeof process.resourceUsage> | undefined;
  readonly stealNs: number | undefined;
}

/** Starts watching. `waits`: the function is awaited, so that being off the CPU is its own doing. */
export async function watch(waits: boolean): Promise<Watch> {
  const unreadable: Unreadable = {};
  const native = sources().ffi !== "none";
  if (!native) {
    unreadable["migrations"] = unreadable["offCpuNs"] = sources().reason ?? "There is no FFI";
  }
  const collections = await watchCollections(unreadable);
  const governor = readGovernor(native ? cpu() : 0, unreadable);
  let lastCpu = native ? cpu() : 0;
  let migrations = 0;
  const before = moment(native, unreadable);
  return {
    look() {
      if (!native) return;
      const here = cpu();
      if (here !== lastCpu) migrations++;
      lastCpu = here;
    },
    async end(elapsedNs) {
      const after = moment(native, unreadable);
      const collected = await collections?.end();
      const used = difference(before.usage, after.usage);
      const ran = after.cpuNs !== undefined && before.cpuNs !== undefined
        ? after.cpuNs - before.cpuNs
        : undefined;
      const counts: Counts = {
        migrations: native ? migrations : null,
        offCpuNs: ran === undefined ? null : Math.max(0, elapsedNs - ran),
        voluntarySwitches: used?.("voluntaryContextSwitches") ?? null,
        involuntarySwitches: used?.("involuntaryContextSwitches") ?? null,
        minorFaults: used?.("minorPageFault") ?? null,
        majorFaults: used?.("majorPageFault") ?? null,
        collections: collected?.count ?? null,
        collectionNs: collected?.ns ?? null,
        stealNs: after.stealNs !== undefined && before.stealNs !== undefined
          ? after.stealNs - before.stealNs
          : null,
        governor: governor ?? null,
      };
      const reasons = judge(counts, elapsedNs, waits);
      return { disturbed: reasons.length > 0, reasons, ...counts, unreadable };
    },
  };
}

/** More than this part of the time is too much. */
const PART = 0.01;

/** What of it all is too much. Not garbage collections: those are the function's own doing. */
export function judge(counts: Counts, elapsedNs: number, waits: boolean): string[] {
  const percent = (ns: number) => `${(ns / elapsedNs * 100).toFixed(1)} % of the time`;
  const { migrations, offCpuNs, majorFaults, stealNs } = counts;
  const reasons: string[] = [];
  if (migrations) reasons.push(`moved between CPUs ${migrations} times`);
  if (!waits && offCpuNs !== null && offCpuNs > PART * elapsedNs) {
    reasons.push(`did not run ${percent(offCpuNs)}`);
  }
  if (majorFaults) reasons.push(`waited for ${majorFaults} pages from a disk`);
  if (stealNs !== null && stealNs > PART * elapsedNs) {
    reasons.push(`the hypervisor took ${percent(stealNs)}`);
  }
  return reasons;
}

function moment(native: boolean, unreadable: Unreadable): Moment {
  return {
    cpuNs: native ? threadCpuTime() : undefined,
    usage: readUsage(unreadable),
    stealNs: readSteal(unreadable),
  };
}

function readUsage(unreadable: Unreadable): Moment["usage"] {
  try {
    return process.resourceUsage();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    for (const name of ["voluntarySwitches", "involuntarySwitches", "minorFaults", "majorFaults"]) {
      unreadable[name] = reason;
    }
    return undefined;
  }
}

type UsageKey = keyof ReturnType<typeof process.resourceUsage>;

function difference(
  before: Moment["usage"],
  after: Moment["usage"],
): ((key: UsageKey) => number) | undefined {
  return before && after && ((key) => after[key] - before[key]);
}

const STAT = "/proc/stat";
const USER_HZ = 100; // what the kernel tells user space, on every architecture of ours

function readSteal(unreadable: Unreadable): number | undefined {
  const text = readKernelFile(STAT);
  const ns = text === undefined ? undefined : parseSteal(text);
  if (ns === undefined) unreadable["stealNs"] = `${STAT} may not be read`;
  return ns;
}

/** The eighth figure of the line `cpu` of proc_stat(5), in nanoseconds. */
export function parseSteal(stat: string): number | undefined {
  const steal = /^cpu +(?:\d+ ){7}(\d+)/m.exec(stat)?.[1];
  return steal === undefined ? undefined : Number(steal) * (1e9 / USER_HZ);
}

function readGovernor(cpu: number, unreadable: Unreadable): string | undefined {
  const path = `/sys/devices/system/cpu/cpu${cpu}/cpufreq/scaling_governor`;
  const text = readKernelFile(path)?.trim();
  if (text === undefined) unreadable["governor"] = `${path} is not there, or may not be read`;
  return text;
}

// ---- Garbage collections. ----

interface Collections {
  readonly count: number;
  readonly ns: number;
}

/** Whether this runtime tells; found out once. */
let tells: Promise<boolean> | undefined;

async function watchCollections(
  unreadable: Unreadable,
): Promise<{ end(): Promise<Collections> } | undefined> {
  if (await (tells ??= tellsCollections())) return observe();
  unreadable["collections"] =
    unreadable["collectionNs"] =
      "This runtime does not tell of its garbage collections";
  return undefined;
}

/** By making garbage: Deno claims to tell, and does not. */
async function tellsCollections(): Promise<boolean> {
  if (!PerformanceObserver.supportedEntryTypes.includes("gc")) return false;
  const observer = observe();
  let chain: unknown[] = [];
  for (let i = 0; i < 1_000_000; i++) chain = i % 1000 === 0 ? [] : [chain, i];
  const { count } = await observer.end();
  return count > 0 && chain.length > 0;
}

function observe(): { end(): Promise<Collections> } {
  let count = 0;
  let ms = 0;
  const start = performance.now();
  const take = (entries: readonly { startTime: number; duration: number }[]) => {
    for (const { startTime, duration } of entries) {
      if (startTime < start) continue;
      count++;
      ms += duration;
    }
  };
  const observer = new PerformanceObserver((list) => take(list.getEntries()));
  observer.observe({ entryTypes: ["gc"] });
  return {
    async end() {
      // Node hands them over in a later turn of its event loop.
      for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve, 0));
      observer.disconnect();
      return { count, ns: ms * 1e6 };
    },
  };
}
