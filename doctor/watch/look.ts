/**
 * One look at the clocks, cheap enough to be taken for as long as a server runs.
 *
 * @module
 */
import {
  builtin,
  counterJumps,
  mayReadKernelFiles,
  native,
  SHIM_REFERENCE,
} from "../../core/internals.ts";
import {
  CLOCK_BOOTTIME,
  CLOCK_MONOTONIC,
  CLOCK_MONOTONIC_RAW,
  CLOCK_REALTIME,
  clockGettime,
  UnsupportedError,
} from "../../mod.ts";
import { type Group, type GroupCounters, readCounters } from "../facts/cgroup.ts";
import { type KernelFiles, kernelFiles, Reader } from "../facts/files.ts";

/** What is seen at one moment. What cannot be had here is undefined. */
export interface Look {
  /** CLOCK_MONOTONIC in nanoseconds. */
  readonly monotonic: bigint;
  readonly raw: bigint;
  readonly boottime: bigint;
  readonly realtime: bigint;
  /** How far apart the readings may lie, in nanoseconds. */
  readonly width: number;
  /** What reading CLOCK_MONOTONIC costs, over the system call: of a few calls. */
  readonly costRatio: number;
  readonly quota: GroupCounters;
  /** As `ticksInfo().jumps`. */
  readonly jumps: number | undefined;
  /** Of /dev/vmclock0: another one after each disruption. */
  readonly disruption: bigint | undefined;
}

const TRIES = 3;
const CALLS = 16;
/**
 * Takes looks, each in 0.1 to 0.4 ms, most of which goes into reading one file.
 *
 * @param groups whose counters are read: a process stays in them, as a rule
 * @throws {UnsupportedError} if there is no FFI
 */
export function looker(
  groups: readonly Group[] = [],
  files: KernelFiles = kernelFiles(),
): () => Look {
  const { vdso_loop } = native().shim.open(SHIM_REFERENCE);
  const readDisruption = disruptionReader();
  const leastOf = (bySyscall: number) => {
    let least = Infinity;
    for (let i = 0; i < TRIES; i++) {
      least = Math.min(least, vdso_loop(bySyscall, CLOCK_MONOTONIC, CALLS));
    }
    return least;
  };
  return () => ({
    ...readClocks(),
    costRatio: leastOf(0) / leastOf(1),
    quota: readCounters(new Reader(files), groups),
    jumps: countJumps(),
    disruption: readDisruption(),
  });
}

/** All clocks within as little time as can be had: the narrowest of some tries. */
function readClocks(): Pick<Look, "monotonic" | "raw" | "boottime" | "realtime" | "width"> {
  let best;
  for (let i = 0; i < TRIES; i++) {
    const monotonic = clockGettime(CLOCK_MONOTONIC);
    const raw = clockGettime(CLOCK_MONOTONIC_RAW);
    const boottime = clockGettime(CLOCK_BOOTTIME);
    const realtime = clockGettime(CLOCK_REALTIME);
    const width = Number(clockGettime(CLOCK_MONOTONIC) - monotonic);
    if (!best || width < best.width) best = { monotonic, raw, boottime, realtime, width };
  }
  return best as NonNullable<typeof best>;
}

function countJumps(): number | undefined {
  try {
    return counterJumps();
  } catch (error) {
    if (error instanceof UnsupportedError) return undefined;
    throw error;
  }
}

interface Files {
  openSync(path: string, flags: "r"): number;
  readSync(fd: number, bytes: Uint8Array, offset: number, length: number, at: number): number;
  closeSync(fd: number): void;
}

/** Of struct vmclock_abi, include/uapi/linux/vmclock-abi.h: a magic number, and behind 16 bytes it. */
const MAGIC = 0x4b4c4356;
const MARKER_AT = 16;
const HEAD_BYTES = 24;
/** Why there is no such device for this process, nor will be. */
const ABSENT: readonly unknown[] = ["ENOENT", "EACCES", "EPERM", "ENXIO", "ENODEV"];

/** Reads the marker of disruptions, where there is such a device; the last one where it cannot be read. */
export function disruptionReader(path = "/dev/vmclock0"): () => bigint | undefined {
  const fs = mayReadKernelFiles() ? builtin("node:fs") as Files | undefined : undefined;
  let isThere = fs !== undefined;
  let last: bigint | undefined;
  return () => {
    if (!fs || !isThere) return undefined;
    try {
      const bytes = new Uint8Array(HEAD_BYTES);
      const file = fs.openSync(path, "r");
      try {
        fs.readSync(file, bytes, 0, bytes.length, 0);
      } finally {
        fs.closeSync(file);
      }
      const view = new DataView(bytes.buffer);
      isThere = view.getUint32(0, true) === MAGIC;
      last = isThere ? view.getBigUint64(MARKER_AT, true) : undefined;
    } catch (error) { // of which most pass, such as no descriptor being left
      if (ABSENT.includes((error as { code?: unknown }).code)) isThere = false;
    }
    return isThere ? last : undefined;
  };
}
