/**
 * What the kernel tells without root of a thread that does not run: read before and after each run of
 * the loop.
 *
 * @module
 */
import { readKernelFile } from "../core/internals.ts";
import { now, threadCpuTime } from "../mod.ts";
import { cpuStatFiles, parseThrottling } from "./cgroup.ts";

/** Of one moment, for all CPUs together. What cannot be read is left out. */
interface Machine {
  /** How often a quota has stopped the thread's control groups, */
  readonly throttledPeriods?: number;
  /** and for how long. */
  readonly throttledNs?: number;
  /** What the hypervisor took from this machine. In steps of 10 ms. */
  readonly stealNs?: number;
}

/** Of one moment. */
export interface Moment extends Machine {
  readonly atNs: number;
  /** CPU time of this thread. */
  readonly cpuNs: number;
  /** How long this thread has waited for a CPU that others had. */
  readonly runDelayNs?: number;
  /** How often the kernel took the CPU from it. */
  readonly involuntary?: number;
  /** How often it went to sleep. */
  readonly voluntary?: number;
}

/** Between two moments; null what was not read at both. */
export interface Signs {
  readonly runDelayNs: number | null;
  readonly involuntary: number | null;
  readonly voluntary: number | null;
  readonly throttledPeriods: number | null;
  readonly throttledNs: number | null;
  readonly stealNs: number | null;
  /** When the thread neither ran nor waited for a CPU: it slept, or what interrupts and hosts take. */
  readonly offNs: number | null;
}

/** What is read of the machine. */
export interface Reader {
  /** The text of one of the kernel's files; undefined where it may not be read. */
  file(path: string): string | undefined;
  /** CPU time of this thread in nanoseconds. */
  cpuNs(): number;
  /** A clock in nanoseconds. */
  now(): number;
}

/** This machine. */
export const READER: Reader = { file: readKernelFile, cpuNs: threadCpuTime, now };

const SCHEDSTAT = "/proc/thread-self/schedstat";
const STATUS = "/proc/thread-self/status";
const CGROUP = "/proc/thread-self/cgroup";
const MOUNTS = "/proc/self/mountinfo";
const STAT = "/proc/stat";
const THROTTLING = ["throttledPeriods", "throttledNs"] as const;
const TRIES = 5;
const USER_HZ = 100; // what the kernel tells user space, on every architecture of ours

/** Reads the signs for one thread: the one that calls. */
export class SignReader {
  /** By sign, what could not be read, and why. */
  readonly unreadable: Record<string, string> = {};
  readonly #reader: Reader;
  readonly #cpuStats: ReturnType<typeof cpuStatFiles>;

  constructor(reader: Reader = READER) {
    this.#reader = reader;
    this.#cpuStats = cpuStatFiles(
      this.#read(CGROUP, ...THROTTLING) ?? "",
      this.#read(MOUNTS, ...THROTTLING) ?? "",
    );
    if (this.#cpuStats.length === 0) {
      for (const sign of THROTTLING) {
        this.unreadable[sign] ??= "No cgroup with the cpu controller is mounted here";
      }
    }
  }

  /**
   * Calls a function, and says what happened to this thread meanwhile. What takes longer to read is
   * read further away from it: about 0.3 ms in all.
   */
  around(fn: () => void): Signs {
    const machineBefore = this.#machine();
    const threadBefore = this.#thread();
    fn();
    const threadAfter = this.#thread();
    const machineAfter = this.#machine();
    const before = { ...machineBefore, ...threadBefore };
    return between(before, { ...machineAfter, ...threadAfter });
  }

  /** Of one moment indeed: not where the thread waited for a CPU between two of these readings. */
  #thread(): Omit<Moment, keyof Machine> {
    for (let tries = 1;; tries++) {
      const before = this.#read(SCHEDSTAT, "runDelayNs") ?? "";
      const status = parseStatus(this.#read(STATUS, "involuntary", "voluntary") ?? "");
      const atNs = this.#reader.now();
      const cpuNs = this.#reader.cpuNs();
      const delay = parseSchedstat(this.#read(SCHEDSTAT, "runDelayNs") ?? "");
      if (parseSchedstat(before).runDelayNs === delay.runDelayNs || tries === TRIES) {
        return { atNs, cpuNs, ...delay, ...status };
      }
    }
  }

  #machine(): Machine {
    return { ...this.#throttling(), ...parseSteal(this.#read(STAT, "stealNs") ?? "") };
  }

  /** A file, and the signs that come from it. */
  #read(path: string, ...signs: readonly (keyof Signs)[]): string | undefined {
    const text = this.#reader.file(path);
    if (text === undefined) {
      for (const sign of signs) this.unreadable[sign] = `${path} is not there, or may not be read`;
    }
    return text;
  }

  #throttling(): Omit<Machine, "stealNs"> {
    let [throttledPeriods, throttledNs, told] = [0, 0, false];
    for (const { path, version } of this.#cpuStats) {
      const found = parseThrottling(this.#reader.file(path) ?? "", version);
      if (!found) continue;
      throttledPeriods += found.periods;
      throttledNs += found.ns;
      told = true;
    }
    return told ? { throttledPeriods, throttledNs } : {};
  }
}

/** proc(5): nanoseconds on the CPU, nanoseconds waiting for one, times that it got one. */
export function parseSchedstat(text: string): Pick<Moment, "runDelayNs"> {
  const delay = /^\d+ (\d+) \d+$/m.exec(text)?.[1];
  return delay === undefined ? {} : { runDelayNs: Number(delay) };
}

/** proc_pid_status(5). */
export function parseStatus(text: string): Pick<Moment, "involuntary" | "voluntary"> {
  const voluntary = /^voluntary_ctxt_switches:\s*(\d+)$/m.exec(text)?.[1];
  const involuntary = /^nonvoluntary_ctxt_switches:\s*(\d+)$/m.exec(text)?.[1];
  if (voluntary === undefined || involuntary === undefined) return {};
  return { voluntary: Number(voluntary), involuntary: Number(involuntary) };
}

/** The eighth figure of the line `cpu` of proc_stat(5). */
export function parseSteal(text: string): Pick<Moment, "stealNs"> {
  const steal = /^cpu +(?:\d+ ){7}(\d+)/m.exec(text)?.[1];
  return steal === undefined ? {} : { stealNs: Number(steal) * (1e9 / USER_HZ) };
}

/** What happened between two moments. */
export function between(before: Moment, after: Moment): Signs {
  const difference = (key: Exclude<keyof Moment, "atNs" | "cpuNs">) => {
    const [from, to] = [before[key], after[key]];
    return from === undefined || to === undefined ? null : to - from;
  };
  const runDelayNs = difference("runDelayNs");
  const passed = after.atNs - before.atNs - (after.cpuNs - before.cpuNs);
  return {
    runDelayNs,
    involuntary: difference("involuntary"),
    voluntary: difference("voluntary"),
    throttledPeriods: difference("throttledPeriods"),
    throttledNs: difference("throttledNs"),
    stealNs: difference("stealNs"),
    offNs: runDelayNs === null ? null : Math.max(0, passed - runDelayNs),
  };
}
