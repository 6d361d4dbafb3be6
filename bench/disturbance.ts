/**
 * What else happened to the thread while it was measured, as far as that can be read here.
 *
 * @module
 */
import { readKernelFile } from "../core/internals.ts";
import { cpu, sources, threadCpuTime, ticksInfo, UnsupportedError } from "../mod.ts";
import { watchCollections } from "./collections.ts";
import { resourceUsage } from "./globals.ts";

/** What was read; null what could not be, for the reason in `unreadable`. */
export interface Disturbance {
  /** Whether anything of what follows is too much for the result to be trusted. */
  readonly disturbed: boolean;
  /** What that is, in words. */
  readonly reasons: readonly string[];
  /** How often the thread was on another CPU than before. Looked at between slices. */
  readonly migrations: number | null;
  /**
   * How often the CPU's counter and the kernel's clock went apart at once: by suspend, a restored
   * snapshot, a migration of the virtual machine. See {@link TicksInfo.jumps}.
   */
  readonly counterJumps: number | null;
  /** Nanoseconds that the thread did not run: waited for a CPU, for a disk, slept. */
  readonly offCpuNs: number | null;
  /** Of the process with all its threads, by its own will: to wait. */
  readonly voluntarySwitches: number | null;
  /** Of the process with all its threads: the kernel gave the CPU to another thread. */
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

type Judged = Pick<
  Disturbance,
  "migrations" | "counterJumps" | "offCpuNs" | "majorFaults" | "stealNs"
>;
type Unreadable = Record<string, string>;

/** Of measurements that are not watched. */
export const UNWATCHED: Disturbance = {
  disturbed: false,
  reasons: [],
  migrations: null,
  counterJumps: null,
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

type Usage = ReturnType<typeof resourceUsage>;

/** What a moment looks like. */
interface Moment {
  readonly cpuNs: number | undefined;
  readonly usage: Usage | undefined;
  readonly stealNs: number | undefined;
  readonly jumps: number | undefined;
}

/** What can be told at once: garbage collections take a turn of the event loop. */
export type ThreadDisturbance = Omit<Disturbance, "collections" | "collectionNs">;

/** Watches one measurement, without garbage collections. */
export interface ThreadWatch {
  /** Between slices. */
  look(): void;
  /** When it is over. */
  end(elapsedNs: number): ThreadDisturbance;
}

/** Starts watching. `waits`: the function is awaited, so that being off the CPU is its own doing. */
export async function watch(waits: boolean): Promise<Watch> {
  const unreadable: Unreadable = {};
  const collections = await watchCollections();
  if (!collections) {
    unreadable["collections"] =
      unreadable["collectionNs"] =
        "This runtime does not tell of its garbage collections";
  }
  const thread = watchThread(waits);
  return {
    look: () => thread.look(),
    async end(elapsedNs) {
      const { unreadable: others, ...counts } = thread.end(elapsedNs);
      const collected = await collections?.end();
      return {
        ...counts,
        collections: collected?.count ?? null,
        collectionNs: collected?.ns ?? null,
        unreadable: { ...unreadable, ...others },
      };
    },
  };
}

/** The same without garbage collections. */
export function watchThread(waits: boolean): ThreadWatch {
  const unreadable: Unreadable = {};
  const native = sources().ffi !== "none";
  if (!native) {
    unreadable["migrations"] = unreadable["offCpuNs"] = sources().reason ?? "There is no FFI";
  }
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
    end(elapsedNs) {
      const after = moment(native, unreadable);
      const used = difference(before.usage, after.usage);
      const ran = minus(after.cpuNs, before.cpuNs);
      const counts = {
        migrations: native ? migrations : null,
        counterJumps: minus(after.jumps, before.jumps),
        offCpuNs: ran === null ? null : Math.max(0, elapsedNs - ran),
        voluntarySwitches: used?.("voluntaryContextSwitches") ?? null,
        involuntarySwitches: used?.("involuntaryContextSwitches") ?? null,
        minorFaults: used?.("minorPageFault") ?? null,
        majorFaults: used?.("majorPageFault") ?? null,
        stealNs: minus(after.stealNs, before.stealNs),
        governor: governor ?? null,
      };
      const reasons = judge(counts, elapsedNs, waits);
      return { disturbed: reasons.length > 0, reasons, ...counts, unreadable };
    },
  };
}

function minus(after: number | undefined, before: number | undefined): number | null {
  return after === undefined || before === undefined ? null : after - before;
}

/** More than this part of the time is too much. */
const PART = 0.01;

/** Which of it is too much. Garbage collections never are: they are the function's own doing. */
export function judge(counts: Judged, elapsedNs: number, waits: boolean): string[] {
  const percent = (ns: number) => `${(ns / elapsedNs * 100).toFixed(1)} % of the time`;
  const { migrations, counterJumps, offCpuNs, majorFaults, stealNs } = counts;
  const reasons: string[] = [];
  if (migrations) reasons.push(`moved between CPUs ${migrations} times`);
  if (counterJumps) reasons.push(`the CPU's counter jumped ${counterJumps} times`);
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
    jumps: readJumps(unreadable),
  };
}

/** Holds the counter against the clock, if that is due. */
function readJumps(unreadable: Unreadable): number | undefined {
  try {
    return ticksInfo().jumps;
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    unreadable["counterJumps"] = error.message;
    return undefined;
  }
}

function readUsage(unreadable: Unreadable): Usage | undefined {
  try {
    return resourceUsage();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    for (const name of ["voluntarySwitches", "involuntarySwitches", "minorFaults", "majorFaults"]) {
      unreadable[name] = reason;
    }
    return undefined;
  }
}

function difference(
  before: Usage | undefined,
  after: Usage | undefined,
): ((key: keyof Usage) => number) | undefined {
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
