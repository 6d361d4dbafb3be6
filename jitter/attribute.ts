/**
 * Who took the CPU: the gaps of one run, and what the kernel has counted meanwhile.
 *
 * @module
 */
import type { RawGap } from "./loop.ts";
import type { Signs } from "./signs.ts";
import type { Cause } from "./types.ts";

/** A gap has all of what it is explained by, but for the errors of both figures. */
const WHOLE = 0.95;
/** What is left of a gap then, waiting for a CPU, is no more than this part of it. */
const MOSTLY = 0.5;
/** The wait for a CPU is nearly all of a gap, but for the switches to and fro. */
const NEARLY = 0.8;
const SWITCH_NS = 5000;
/** A move takes less. What is longer was a wait, until another CPU was free. */
const MOVE_NS = 1e6;
/** Less may be what the thread does before and after the loop. */
const SLEEP_NS = 100_000;

/** Time that the kernel says was taken, and how many times. */
class Account {
  #ns: number;
  #times: number;

  constructor(ns: number | null, times: number | null) {
    this.#ns = ns ?? 0;
    this.#times = times ?? 0;
  }

  /** Whether so much is left for a gap; then it is taken. */
  covers(gapNs: number, part: number, slackNs = 0): boolean {
    if (this.#times <= 0 || this.#ns <= 0 || this.#ns < part * gapNs - slackNs) return false;
    this.spend(gapNs);
    return true;
  }

  spend(gapNs: number): void {
    this.#ns -= gapNs;
    this.#times--;
  }
}

type NamedGap = Pick<RawGap, "ns" | "moved"> & { cause?: Cause };

/**
 * An estimate for each gap. What was measured by itself, a jump or a sleep, is put down to the gap that
 * fits it best. Then, from the longest on, each is explained by what is left of what the kernel has
 * counted for the thread; and what nothing explains is an interrupt or the host.
 *
 * @param gaps longest first
 * @param signs of the time in which they were
 * @param jumpNs by how much the counter went ahead of the clock at once
 */
export function attribute(
  gaps: readonly Pick<RawGap, "ns" | "moved">[],
  signs: Signs,
  jumpNs: number,
): Cause[] {
  const named: NamedGap[] = gaps.map(({ ns, moved }) => ({ ns, moved }));
  if (jumpNs > 0) name(named, jumpNs, "jumped");
  nameSleeps(named, signs.offNs ?? 0, signs.voluntary ?? 0);
  const quota = new Account(signs.throttledNs, signs.throttledPeriods);
  // Without schedstat the number of switches alone tells, and the longest gaps are likeliest.
  const others = new Account(signs.runDelayNs ?? Infinity, signs.involuntary);
  return named.map(({ ns, moved, cause }) => {
    if (cause) return cause;
    // The kernel counts that as waiting for a CPU as well, and as a switch.
    if (quota.covers(ns, MOSTLY)) return spent("throttled", ns);
    if (moved && ns < MOVE_NS) return spent("moved", ns);
    return others.covers(ns, NEARLY, SWITCH_NS) ? "preempted" : "interrupt or host";
  });

  function spent(cause: Cause, ns: number): Cause {
    others.spend(ns);
    return cause;
  }
}

/** Puts what was measured down to the shortest gap that has all of it, unless that is far longer. */
function name(gaps: NamedGap[], ns: number, cause: Cause): NamedGap | undefined {
  const gap = gaps.findLast((gap) => gap.cause === undefined && gap.ns >= WHOLE * ns);
  if (!gap || ns < MOSTLY * gap.ns) return undefined;
  gap.cause = cause;
  return gap;
}

/** One sleep, or several that are known together. */
function nameSleeps(gaps: NamedGap[], ns: number, times: number): void {
  let left = ns;
  for (let i = 0; i < times && left > SLEEP_NS && left > (1 - WHOLE) * ns; i++) {
    let gap = name(gaps, left, "stopped");
    gap ??= gaps.find(({ cause, ns }) => cause === undefined && WHOLE * ns <= left);
    if (!gap) return;
    gap.cause = "stopped";
    left -= gap.ns;
  }
}
