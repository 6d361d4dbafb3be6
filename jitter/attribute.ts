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
/** All gaps that are put down to waits have at least this part of them to show for it. */
const ENOUGH = 0.7;
const SWITCH_NS = 5000;
/** A move takes less. What is longer was a wait, until another CPU was free. */
const MOVE_NS = 1e6;
/** Less may be what the thread does before and after the loop. */
const SLEEP_NS = 100_000;

type NamedGap = Pick<RawGap, "ns" | "moved"> & { cause?: Cause };

/**
 * An estimate for each gap. What was measured by itself, a jump or a sleep, is put down to the gap that
 * fits it best, and what a quota took to the longest ones; then what the thread has waited for a CPU to
 * as many gaps as it was switched away from. What nothing explains is an interrupt or the host.
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
  // The kernel counts both as waiting for a CPU as well, and as a switch.
  const known = [
    ...nameThrottled(named, signs.throttledNs ?? 0, signs.throttledPeriods ?? 0),
    ...nameMoves(named),
  ];
  // Without schedstat the number of switches alone tells, and the longest gaps are likeliest.
  const waited = (signs.runDelayNs ?? Infinity) - sumOf(known);
  nameWaits(named, waited, (signs.involuntary ?? 0) - known.length);
  return named.map(({ cause }) => cause ?? "interrupt or host");
}

function sumOf(gaps: readonly NamedGap[]): number {
  return gaps.reduce((sum, { ns }) => sum + ns, 0);
}

/** A gap may have a wait behind the quota. */
function nameThrottled(gaps: readonly NamedGap[], ns: number, times: number): NamedGap[] {
  const throttled: NamedGap[] = [];
  let left = ns;
  for (const gap of gaps) {
    if (throttled.length >= times) break;
    if (gap.cause || left < MOSTLY * gap.ns) continue;
    gap.cause = "throttled";
    throttled.push(gap);
    left -= gap.ns;
  }
  return throttled;
}

function nameMoves(gaps: readonly NamedGap[]): NamedGap[] {
  const moves = gaps.filter(({ cause, moved, ns }) => !cause && moved && ns < MOVE_NS);
  for (const gap of moves) gap.cause = "moved";
  return moves;
}

/**
 * The gaps in which a thread has waited so often and for so long: one that fits, or else the longest that
 * are not longer. A gap may also have what the host took, so that what is left is less than the rest.
 */
function nameWaits(gaps: readonly NamedGap[], ns: number, times: number): void {
  let left = ns;
  let sum = 0;
  for (let i = 1; i <= times && left > 0; i++) {
    const open = gaps.filter(({ cause }) => cause === undefined);
    const whole = open.findLast((gap) => gap.ns >= WHOLE * left);
    const parts = open.filter((gap) => WHOLE * gap.ns <= left).slice(0, times - i + 1);
    // A far longer gap is taken only where shorter ones do not add up to so much.
    const takesWhole = whole && (left >= MOSTLY * whole.ns || sumOf(parts) < WHOLE * left);
    const gap = takesWhole ? whole : parts[0];
    if (!gap || ns + i * SWITCH_NS < ENOUGH * (sum + gap.ns)) return;
    gap.cause = "preempted";
    sum += gap.ns;
    left -= gap.ns;
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
