/**
 * Checks the vDSO against the system calls, as vdsotest(1) and the kernel's selftests do.
 *
 * @module
 */
import {
  CLOCK_BOOTTIME,
  CLOCK_MONOTONIC,
  CLOCK_MONOTONIC_COARSE,
  CLOCK_MONOTONIC_RAW,
  CLOCK_REALTIME,
  CLOCK_REALTIME_COARSE,
  CLOCK_TAI,
  clockGetres,
  clockGettime,
  type ClockId,
  type EntryName,
  type EntrySource,
  type FractionEntry,
  getcpu,
  getrandom,
  gettimeofday,
  isNormalized,
  now,
  sources,
  syscalls,
  time,
  type Timeval,
  VdsoError,
} from "../mod.ts";

/** What one check found. */
export interface VerifyResult {
  /** `"clock_gettime monotonic"` */
  readonly name: string;
  readonly entry: EntryName;
  /** What answered; a check of a system call against itself says little, and nothing bad. */
  readonly source: EntrySource;
  readonly comparisons: number;
  readonly failures: number;
  /** The first failure, in words; null if there is none. */
  readonly failure: string | null;
}

/** One comparison: undefined if it holds, null if it says nothing this time, else what is wrong. */
export type Comparison = () => string | undefined | null;

/** A comparison that is made again and again. */
export interface Check {
  readonly name: string;
  readonly entry: EntryName;
  readonly compare: Comparison;
}

const CLOCKS: readonly [name: string, id: ClockId][] = [
  ["realtime", CLOCK_REALTIME],
  ["realtime-coarse", CLOCK_REALTIME_COARSE],
  ["monotonic", CLOCK_MONOTONIC],
  ["monotonic-coarse", CLOCK_MONOTONIC_COARSE],
  ["monotonic-raw", CLOCK_MONOTONIC_RAW],
  ["boottime", CLOCK_BOOTTIME],
  ["tai", CLOCK_TAI],
];

/** -1 is no clock, 10 was one once, 12 never was; the ends of int32. */
const BAD_CLOCKS: readonly ClockId[] = [-1, -(2 ** 31), 2 ** 31 - 1, 10, 12];

/** Every interface that vdsotest knows, and time, getrandom, bad ids, and coarse against fine. */
export function checks(): Check[] {
  return [
    ...CLOCKS.map(([name, id]): Check => ({
      name: `clock_gettime ${name}`,
      entry: "clock_gettime",
      compare: both(
        ordered(() => clockGettime(id), () => syscalls.clockGettime(id)),
        normalized("clock_gettime", id),
      ),
    })),
    ...CLOCKS.map(([name, id]): Check => ({
      name: `clock_getres ${name}`,
      entry: "clock_getres",
      compare: both(
        equal(() => clockGetres(id), () => syscalls.clockGetres(id)),
        normalized("clock_getres", id),
      ),
    })),
    {
      name: "clock_gettime bad ids",
      entry: "clock_gettime",
      compare: sameErrors(clockGettime, syscalls.clockGettime),
    },
    {
      name: "clock_getres bad ids",
      entry: "clock_getres",
      compare: sameErrors(clockGetres, syscalls.clockGetres),
    },
    {
      name: "monotonic-coarse behind fine",
      entry: "clock_gettime",
      compare: notAhead(CLOCK_MONOTONIC_COARSE, CLOCK_MONOTONIC),
    },
    {
      name: "realtime-coarse behind fine",
      entry: "clock_gettime",
      compare: notAhead(CLOCK_REALTIME_COARSE, CLOCK_REALTIME),
    },
    {
      name: "gettimeofday",
      entry: "gettimeofday",
      compare: both(
        ordered(() => micros(gettimeofday()), () => micros(syscalls.gettimeofday())),
        normalized("gettimeofday"),
      ),
    },
    { name: "time", entry: "time", compare: ordered(time, syscalls.time) },
    { name: "getcpu", entry: "getcpu", compare: sameCpu },
    { name: "getrandom", entry: "getrandom", compare: notConstant() },
  ];
}

/**
 * Makes all checks in turn, again and again, for a while.
 *
 * @param milliseconds how long
 * @param onProgress called a few times a second with the part that is done, 0 to 1
 */
export function verify(
  milliseconds: number,
  onProgress: (part: number) => void = () => {},
  list: readonly Check[] = checks(),
): VerifyResult[] {
  const { entries } = sources();
  const results = list.map(({ name, entry }) => ({
    name,
    entry,
    source: entries[entry],
    comparisons: 0,
    failures: 0,
    failure: null,
  } as Writable<VerifyResult>));
  const start = now();
  // At least once around, however short the time.
  for (let part = 0; part < 1; part = (now() - start) / (milliseconds * 1e6)) {
    onProgress(part);
    list.forEach(({ compare }, i) => {
      const result = results[i];
      if (!result) return;
      const until = now() + SLICE_NS;
      do {
        const failure = compare();
        if (failure === null) continue;
        result.comparisons++;
        if (failure === undefined) continue;
        result.failures++;
        result.failure ??= failure;
      } while (now() < until);
    });
  }
  onProgress(1);
  return results;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Long enough for some thousand comparisons, short enough to meet every tick of the timer. */
const SLICE_NS = 2e6;

/** The system call, the vDSO, the system call: in this order also in time. */
function ordered<T extends bigint | number>(vdso: () => T, syscall: () => T): Comparison {
  const attempt = () => {
    const before = syscall();
    const value = vdso();
    const after = syscall();
    if (before < 0 || value < 0) return `negative: ${before}, ${value}`;
    return before <= value && value <= after
      ? undefined
      : `out of order: ${before}, ${value} (vDSO), ${after}`;
  };
  // The wall clock may be set back in between, but not twice in a row.
  return () => attempt() && attempt();
}

/** The second where the first holds. */
function both(first: Comparison, second: Comparison): Comparison {
  return () => first() ?? second();
}

function normalized(entry: FractionEntry, id?: ClockId): Comparison {
  return () => isNormalized(entry, id) ? undefined : "the fraction is not below its unit";
}

function equal<T>(vdso: () => T, syscall: () => T): Comparison {
  return () => {
    const [a, b] = [vdso(), syscall()];
    return a === b ? undefined : `${a} (vDSO), ${b} (system call)`;
  };
}

function sameErrors(vdso: (id: ClockId) => bigint, syscall: (id: ClockId) => bigint): Comparison {
  return () => {
    for (const id of BAD_CLOCKS) {
      const [a, b] = [outcome(() => vdso(id)), outcome(() => syscall(id))];
      if (a !== b || a !== "EINVAL") return `clock ${id}: ${a} (vDSO), ${b} (system call)`;
    }
    return undefined;
  };
}

function outcome(read: () => bigint): string {
  try {
    return String(read());
  } catch (error) {
    if (error instanceof VdsoError) return error.code;
    throw error;
  }
}

function notAhead(coarse: ClockId, fine: ClockId): Comparison {
  const attempt = () => {
    const value = clockGettime(coarse);
    const after = clockGettime(fine);
    return value <= after ? undefined : `${value} (coarse), then ${after} (fine)`;
  };
  return () => attempt() && attempt();
}

function micros({ sec, usec }: Timeval): number {
  return sec * 1e6 + usec;
}

/** Says nothing if the thread has moved meanwhile; pinned (taskset(1)) it always says something. */
function sameCpu(): string | undefined | null {
  const before = syscalls.getcpu();
  const { cpu, node } = getcpu();
  const after = syscalls.getcpu();
  if (before.cpu !== after.cpu) return null;
  return cpu === before.cpu && node === before.node
    ? undefined
    : `CPU ${cpu}, node ${node} (vDSO), CPU ${before.cpu}, node ${before.node} (system call)`;
}

/** Two blocks of 16 bytes are equal once in 2^128 times. */
function notConstant(): Comparison {
  let last = "";
  const block = new Uint32Array(4);
  return () => {
    getrandom(block);
    const text = block.join(" ");
    const same = text === last;
    last = text;
    return same ? `twice the same: ${text}` : undefined;
  };
}
