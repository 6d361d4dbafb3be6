/**
 * Collects the facts of this machine.
 *
 * @module
 */
import { detectPlatform } from "../../core/internals.ts";
import {
  CLOCK_BOOTTIME,
  CLOCK_MONOTONIC,
  CLOCK_MONOTONIC_COARSE,
  clockGetres,
  clockGettime,
  inspect,
  now,
  realtimeBigInt,
  sources,
  UnsupportedError,
} from "../../mod.ts";
import { measureNative } from "./costs.ts";
import { type KernelFiles, kernelFiles, Reader } from "./files.ts";
import { measureHops, ownCpus } from "./hops.ts";
import { loadBetween, readLoad } from "./load.ts";
import {
  readClocksource,
  readMachine,
  readNamespace,
  readProcess,
  readRtc,
  readVm,
} from "./machine.ts";
import { askCounter, askCpuid, askLog, askTai, askTimex } from "./native.ts";
import { askRuntime, measureRuntime } from "./runtime.ts";
import { fillFacts, type PartialFacts } from "./shape.ts";
import type { Facts, MeasuredFacts, VdsoFacts } from "./types.ts";

/** How to collect. */
export interface CollectOptions {
  /** Hops between all pairs of CPUs, for a second longer. */
  readonly deep?: boolean;
  /** Where the kernel's files are read; this machine's if left out. */
  readonly files?: KernelFiles;
}

/** Reads and measures: 1 to 2.5 s, most of which blocks. Never prompts, and never throws. */
export async function collectFacts(options: CollectOptions = {}): Promise<Facts> {
  const { deep = false, files = kernelFiles() } = options;
  const reader = new Reader(files);
  const before = readLoad(reader, now());
  const { arch } = detectPlatform();
  const read = readMachine(reader);
  const runtime = await askRuntime();
  const isNative = sources().ffi !== "none";
  const measured = await measure(reader, deep, isNative);
  const natively = isNative ? askNatively(reader, arch, read.places, measured) : {};
  const clocksource = readClocksource(reader);
  return fillFacts({
    runtime,
    machine: {
      arch,
      cpus: isNative ? ownCpus().length || null : null,
      ...read,
      ...natively.machine,
    },
    process: readProcess(reader),
    clocksource: { ...clocksource, ...natively.clocksource },
    vdso: askVdso(),
    measured,
    counter: { ...natively.counter },
    cpu: loadBetween(reader, before, readLoad(reader, now())),
    wall: { ...natively.wall, rtcS: rtcDifference(reader) },
    vm: readVm(reader),
    time: { ...readNamespace(reader), ...natively.time },
    skipped: reader.skipped,
  });
}

/**
 * Collects anew what passes: who else has taken CPU time since the time before, and how right the wall
 * clock is. About a millisecond.
 *
 * @param timex asks for NTP's state, which may come to be refused
 */
export function passingCollector(
  files: KernelFiles = kernelFiles(),
  timex: typeof askTimex = askTimex,
): (facts: Facts) => Facts {
  let before = readLoad(new Reader(files), now());
  return (facts) => {
    const reader = new Reader(files);
    const after = readLoad(reader, now());
    const cpu = loadBetween(reader, before, after);
    before = after;
    // Filled, not added to the old: what can be asked no more is unknown, and its findings end.
    const { wall } = fillFacts({
      wall: {
        ...timex(reader, facts.machine.places),
        taiS: askTai(),
        rtcS: rtcDifference(reader),
      },
    });
    return { ...facts, cpu, wall };
  };
}

async function measure(
  reader: Reader,
  deep: boolean,
  isNative: boolean,
): Promise<Partial<MeasuredFacts>> {
  const inRuntime = await attempt(reader, "costs in JavaScript", measureRuntime);
  if (!isNative) {
    reader.skip("costs in C", sources().reason ?? "There is no FFI");
    return { ...inRuntime };
  }
  const hops = measureHops(deep);
  if (hops.hops === null) {
    reader.skip("time that goes backwards", "This process may run on one CPU alone, or not choose");
  }
  const costs = measureNative();
  if (!costs.clocks["monotonic"]) {
    reader.skip("costs in C", "clock_gettime(2) fails in this process: a seccomp filter, say");
  }
  return {
    ...inRuntime,
    ...costs,
    coarseNs: Number(clockGetres(CLOCK_MONOTONIC_COARSE)),
    ...hops,
  };
}

/** A clock that stands still, a loop that may not be made. */
async function attempt<T>(
  reader: Reader,
  check: string,
  make: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await make();
  } catch (error) {
    reader.skip(check, error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function askNatively(
  reader: Reader,
  arch: string,
  places: readonly string[] | null,
  { clocks }: Partial<MeasuredFacts>,
): PartialFacts {
  // BOOTTIME last: what passes in between is no negative sleep.
  const [monotonic, boot] = [clockGettime(CLOCK_MONOTONIC), clockGettime(CLOCK_BOOTTIME)];
  return {
    machine: askCpuid(arch),
    clocksource: { log: askLog(reader, places) },
    counter: askCounter(clocks?.["monotonic"]?.syscallNs),
    wall: { ...askTimex(reader, places), taiS: askTai() },
    time: {
      uptimeS: Number(monotonic) / 1e9,
      suspendedS: Number(boot - monotonic) / 1e9,
    },
  };
}

function askVdso(): VdsoFacts {
  const { ffi, entries, reason = null } = sources();
  const known = { ffi, entries, reason };
  try {
    return { ...known, mapped: true, vsyscall: inspect().vsyscall ?? null };
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    return { ...known, mapped: ffi === "none" ? null : false, vsyscall: null };
  }
}

function rtcDifference(reader: Reader): number | null {
  const rtc = readRtc(reader);
  return rtc === undefined ? null : Math.round(Number(realtimeBigInt()) / 1e9 - rtc);
}
