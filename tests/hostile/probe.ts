/**
 * What a runtime finds in some place, through the public API alone: checked here, against the
 * system calls, and printed as one line of JSON. Nothing in it may end the program.
 */
import { clockCost, syscalls } from "../../doctor/mod.ts";
import {
  clockGetres,
  clockGettime,
  cpu,
  getcpu,
  getrandom,
  gettimeofday,
  inspect,
  now,
  nowBigInt,
  nowBoot,
  nowCoarse,
  nowRaw,
  randomF64,
  randomU32,
  realtimeBigInt,
  type Sources,
  sources,
  ticks,
  ticksInfo,
  ticksToNs,
  time,
  timestampBigInt,
  UnsupportedError,
  VdsoError,
} from "../../mod.ts";

/** What is printed, behind `PROBE `. */
export interface ProbeReport {
  readonly runtime: string;
  readonly sources: Sources;
  /** What does not hold; empty where all is well. */
  readonly failures: readonly string[];
  /** How many checks were made. */
  readonly checks: number;
  /** Nanoseconds of CLOCK_REALTIME, in decimal. */
  readonly realtime: string;
  readonly cost: { readonly now: number; readonly native: number; readonly syscall: number };
  readonly ticks: { readonly refused: string } | { readonly trust: string; readonly hz: number };
  readonly image:
    | { readonly refused: string }
    | { readonly hashStyles: readonly string[]; readonly symbols: readonly string[] };
}

const MARK = "PROBE "; // machines.ts looks for it

const failures: string[] = [];
let checks = 0;

function check(holds: boolean, what: string): void {
  checks++;
  if (!holds && failures.length < 20) failures.push(what);
}

/** All of them, even if one throws what nobody expects. */
function section(name: string, body: () => void): void {
  try {
    body();
  } catch (error) {
    check(false, `${name} threw ${error}`);
  }
}

/** The clocks that every kernel has, and whose two sides are read from one counter. */
const CLOCKS = {
  0: "REALTIME",
  1: "MONOTONIC",
  4: "RAW",
  5: "REALTIME_COARSE",
  6: "COARSE",
  7: "BOOTTIME",
  11: "TAI",
};
const CPU_CLOCKS = [2, 3];
const STRANGE = [8, 9, 10, 12, 13, 15, 16, 23, 24, 1000, -1, -7, 2 ** 31 - 1, -(2 ** 31)];

section("clocks", () => {
  for (const clock of [...Object.keys(CLOCKS).map(Number), ...CPU_CLOCKS]) {
    for (let time = 0; time < 300; time++) {
      const before = syscalls.clockGettime(clock);
      const between = clockGettime(clock);
      const after = syscalls.clockGettime(clock);
      check(
        before <= between && between <= after,
        `clock ${clock}: ${before}, ${between}, ${after} (system call, entry, system call)`,
      );
    }
    const [resolution, expected] = [clockGetres(clock), syscalls.clockGetres(clock)];
    check(resolution === expected, `resolution of clock ${clock}: ${resolution}, not ${expected}`);
  }
});

section("strange clocks", () => {
  const outcome = (read: (clock: number) => bigint, clock: number): string => {
    try {
      read(clock);
      return "an answer";
    } catch (error) {
      return error instanceof VdsoError ? error.code : String(error);
    }
  };
  for (const clock of STRANGE) {
    const [found, expected] = [outcome(clockGettime, clock), outcome(syscalls.clockGettime, clock)];
    check(found === expected, `clock ${clock} gave ${found}, not ${expected}`);
  }
  for (const clock of [10, 12, -1, 2 ** 31 - 1, -(2 ** 31)]) {
    const found = outcome(clockGettime, clock);
    check(found === "EINVAL", `clock ${clock} gave ${found}, not EINVAL`);
  }
});

section("other entries", () => {
  for (let round = 0; round < 300; round++) {
    const micros = ({ sec, usec }: { sec: number; usec: number }) => sec * 1e6 + usec;
    const [first, middle, last] = [
      syscalls.gettimeofday(),
      gettimeofday(),
      syscalls.gettimeofday(),
    ];
    check(
      micros(first) <= micros(middle) && micros(middle) <= micros(last),
      `gettimeofday: ${micros(first)}, ${micros(middle)}, ${micros(last)}`,
    );
    const seconds = [syscalls.time(), time(), syscalls.time()] as const;
    check(seconds[0] <= seconds[1] && seconds[1] <= seconds[2], `time: ${seconds}`);
    // The thread may be moved, but not each time.
    const places = [syscalls.getcpu(), getcpu(), syscalls.getcpu()].map(({ cpu, node }) =>
      `${cpu} of ${node}`
    );
    if (places[0] === places[2]) check(places[0] === places[1], `getcpu: ${places.join(", ")}`);
    check(Number.isInteger(cpu()) && cpu() >= 0, "cpu() is no CPU");
  }
});

const MANY = 100_000;
const SERIES: readonly (readonly [string, () => number])[] = [
  ["now", now],
  ["nowRaw", nowRaw],
  ["nowCoarse", nowCoarse],
  ["nowBoot", nowBoot],
];
for (const [name, read] of SERIES) {
  section(name, () => {
    let backwards = 0;
    const start = read();
    let last = start;
    for (let i = 0; i < MANY; i++) {
      const value = read();
      if (!(value >= last)) backwards++;
      last = value;
    }
    check(backwards === 0, `${name}() went back ${backwards} times in ${MANY}`);
    // It may stand still for a tick, but not for good.
    const deadline = Date.now() + 2000;
    while (last === start && Date.now() < deadline) last = read();
    check(last > start, `${name}() stands still`);
  });
}

section("timelines", () => {
  const [first, exact, last] = [now(), Number(nowBigInt()), now()];
  check(first <= exact && exact <= last, `now, nowBigInt, now: ${first}, ${exact}, ${last}`);
  const [one, two] = [timestampBigInt(), timestampBigInt()];
  check(one < two, `timestampBigInt: ${one}, ${two}`);
  const wall = Number(realtimeBigInt() / 1_000_000n) - Date.now();
  check(Math.abs(wall) < 1000, `realtimeBigInt() is ${wall} ms from Date.now()`);
});

section("getrandom", () => {
  const buffers = Array.from({ length: 64 }, () => {
    const buffer = new Uint8Array(64);
    getrandom(buffer);
    return buffer.join();
  });
  check(new Set(buffers).size === buffers.length, "getrandom() gave the same twice");
  const bytes = new Uint8Array(65_536);
  getrandom(bytes);
  const mean = bytes.reduce((sum, byte) => sum + byte, 0) / bytes.length;
  check(Math.abs(mean - 127.5) < 3, `the mean of 65536 random bytes is ${mean}`); // 10 sigma
  const words = new Set(Array.from({ length: 1000 }, randomU32));
  check(words.size >= 998, `randomU32() gave ${words.size} different numbers in 1000`);
  const fractions = Array.from({ length: 1000 }, randomF64);
  check(fractions.every((x) => x >= 0 && x < 1), "randomF64() left [0, 1)");
  check(new Set(fractions).size === 1000, "randomF64() gave the same twice");
});

/** The counter between two readings of the clock. */
function sampleTicks(): { ticks: number; ns: number; width: number } {
  const before = nowRaw();
  const value = ticks();
  const after = nowRaw();
  return { ticks: value, ns: (before + after) / 2, width: after - before };
}

let ticksReport: ProbeReport["ticks"] = { refused: "not tried" };
section("ticks", () => {
  try {
    ticks(); // binds
    const first = sampleTicks();
    let step = Infinity; // of the clock: a nanosecond, or a timer tick
    let jump = 0;
    for (let time = first.ns; time - first.ns < 100e6;) {
      const next = nowRaw();
      if (next > time) step = Math.min(step, next - time);
      jump = Math.max(jump, next - time);
      time = next;
    }
    const last = sampleTicks();
    const elapsed = last.ns - first.ns;
    const ratio = ticksToNs(last.ticks - first.ticks) / elapsed;
    // A clock of timer ticks stands while the virtual machine does, and jumps when it goes on.
    const late = step < 1e6 ? step : jump;
    const tolerance = 0.01 + (first.width + last.width + 2 * late) / elapsed;
    check(
      Math.abs(ratio - 1) < tolerance,
      `100 ms of ticks are ${ratio} of CLOCK_MONOTONIC_RAW, at most ${tolerance} off`,
    );
    ticksReport = { trust: ticksInfo().trust, hz: ticksInfo().ticksPerSecond };
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    ticksReport = { refused: error.message };
  }
});

let imageReport: ProbeReport["image"] = { refused: "not tried" };
section("inspect", () => {
  try {
    const { hashStyles, symbols } = inspect();
    imageReport = { hashStyles, symbols: symbols.map(({ name }) => name) };
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    imageReport = { refused: error.message };
  }
});

let cost = { now: NaN, native: NaN, syscall: NaN };
section("cost", () => {
  const { nativeNs, syscallNs } = clockCost();
  const rounds = Array.from({ length: 31 }, () => {
    const start = now();
    for (let i = 0; i < 10_000; i++) now();
    return (now() - start) / 10_000;
  });
  const median = rounds.sort((a, b) => a - b)[15] ?? NaN;
  cost = { now: median, native: nativeNs, syscall: syscallNs };
});

interface Versions {
  deno?: string;
  bun?: string;
  node?: string;
}
const { Deno, process } = globalThis as {
  Deno?: { version: { deno: string } };
  process?: { versions: Versions };
};
const versions: Versions = Deno ? { deno: Deno.version.deno } : process?.versions ?? {};
const report: ProbeReport = {
  runtime: versions.deno
    ? `Deno ${versions.deno}`
    : versions.bun
    ? `Bun ${versions.bun}`
    : `Node ${versions.node}`,
  sources: sources(),
  failures,
  checks,
  realtime: String(realtimeBigInt()),
  cost,
  ticks: ticksReport,
  image: imageReport,
};
console.log(MARK + JSON.stringify(report));
