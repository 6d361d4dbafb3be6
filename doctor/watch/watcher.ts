/**
 * From looks at the clocks to what has come, and what is over. Pure but for what it is given.
 *
 * @module
 */
import { mostStopped } from "../facts/cgroup.ts";
import { fillFacts } from "../facts/shape.ts";
import type { ClocksourceFacts, Facts, PathCost } from "../facts/types.ts";
import type { Finding, FindingId } from "../findings.ts";
import { CLOCK_RULES } from "../rules/clock.ts";
import { counterJumped } from "../rules/counter.ts";
import { CPU_RULES } from "../rules/cpu.ts";
import { evidence, isGuest, known, SPARES_SYSCALL } from "../rules/rule.ts";
import { SLEW_PPM, slewing, slewPpm } from "../rules/wall.ts";
import type { Look } from "./look.ts";

/** A finding that has come, or is over. */
export interface ClockChange {
  /** What was found. Of one that is over: as it was at last. */
  readonly finding: Finding;
  /** Whether it is over. */
  readonly over: boolean;
}

/** How a watcher comes to what a look does not have. */
export interface WatcherOptions {
  /** What is known beforehand: the machine, its boot parameters, whether its clocks are slewed. */
  readonly facts: Facts;
  /** What CLOCK_MONOTONIC costs, and by which clocksource. Asked at first, and at a hint of a change. */
  readonly measure: () => ClockState;
  /** The quota in CPUs, when it has stopped the group. */
  readonly quotaCpus: () => number | null;
  /** Moments, such as a step of the wall clock, are findings for so long. */
  readonly holdNs: number;
}

/** What the clock is like. */
export interface ClockState {
  readonly cost: PathCost;
  /** Null where that cannot be read. */
  readonly clocksource: Pick<ClocksourceFacts, "current" | "available">;
}

/** Of the wall clock, against the clock that nobody sets. */
const STEP_NS = 1e6;
const SUSPEND_NS = 1e7;
/** A shorter interval says little of a rate, which then waits for another look. */
const LEAST_INTERVAL_NS = 1e8;

/** Those of the rules that a change of the clock's cost can bring or end. */
const CHANGES: readonly FindingId[] = [
  "clock.syscall",
  "clock.tsc-rejected",
  "clock.guest-unstable",
  "clock.jiffies",
];

/** Compares each look with the one before it. */
export class Watcher {
  readonly #options: WatcherOptions;
  #last: Look | undefined;
  #state: ClockState | undefined;
  #ofClock: readonly Finding[] = [];
  /** The look that the next rate begins at. */
  #ratedFrom: Look | undefined;
  /** Of the last rate, at first of what the kernel says; undefined as long as nobody knows. */
  #ofRate: readonly Finding[] | undefined;
  /** By id: what holds, and until when. */
  readonly #active = new Map<FindingId, { finding: Finding; until: bigint }>();

  constructor(options: WatcherOptions) {
    this.#options = options;
    const { facts } = options;
    const slews = slewing(facts);
    if (slewPpm(facts.wall) !== null) this.#ofRate = slews ? [slews] : [];
  }

  /** What has come and what is over since the last look. The first one is what others are held against. */
  take(look: Look): ClockChange[] {
    const last = this.#last;
    this.#last = look;
    if (!last) {
      this.#ruleClock();
      this.#ratedFrom = look;
      this.#hold(look, [...this.#ofClock, ...this.#ofRate ?? []]);
      return [];
    }
    const isCheap = (ratio: number) => ratio < SPARES_SYSCALL;
    const cost = this.#state?.cost;
    const wasCheap = cost !== undefined && isCheap(cost.nativeNs / cost.syscallNs);
    if (isCheap(look.costRatio) !== wasCheap) this.#ruleClock();
    return this.#update(look, [
      ...this.#ofClock,
      ...this.#moments(last, look),
      ...this.#rate(look),
      ...this.#throttled(last, look),
    ]);
  }

  /** What the rules say of the clock as it is now: asked when it was measured. */
  #ruleClock(): void {
    const { facts, measure } = this.#options;
    const { cost, clocksource } = this.#state = measure();
    const seen = fillFacts({
      ...facts,
      clocksource: { ...facts.clocksource, ...clocksource },
      measured: { clocks: { monotonic: cost } },
    });
    this.#ofClock = CLOCK_RULES.flatMap((rule) => rule(seen) ?? [])
      .filter(({ id }) => CHANGES.includes(id));
  }

  /** What the rules say of a quota that has stopped the group. */
  #throttled(last: Look, look: Look): Finding[] {
    const stopped = mostStopped(last.quota, look.quota);
    if (!stopped || stopped.throttled <= 0) return [];
    const { facts, quotaCpus } = this.#options;
    const seen = fillFacts({
      machine: facts.machine,
      cpu: {
        quotaCpus: quotaCpus(),
        periods: stopped.periods,
        throttledPeriods: stopped.throttled,
        throttledNs: stopped.throttledNs,
      },
    });
    return CPU_RULES.flatMap((rule) => rule(seen) ?? []);
  }

  /** What shows in the difference of two looks alone. */
  #moments(last: Look, look: Look): Finding[] {
    const moved = (of: (look: Look) => bigint) => Number(of(look) - of(last));
    const width = last.width + look.width;
    const stepped = moved(({ realtime, boottime }) => realtime - boottime);
    const slept = moved(({ boottime, monotonic }) => boottime - monotonic);
    const found: Finding[] = [];
    if (Math.abs(stepped) > STEP_NS + width) found.push(wallStepped(stepped));
    if (slept > SUSPEND_NS + width) found.push(suspendSeen(slept));
    const jumps = (look.jumps ?? 0) - (last.jumps ?? 0);
    if (jumps > 0) found.push(counterJumped(jumps));
    const disrupted = look.disruption !== undefined && last.disruption !== undefined &&
      look.disruption !== last.disruption;
    const slips = jumps > 0 && slept <= SUSPEND_NS + width && isGuest(this.#options.facts) === true;
    if (disrupted || slips) found.push(vmRestored(this.#state, disrupted));
    return found;
  }

  /**
   * Whether the clocks are slewed. Where they are sped up, timers come early, so that each look may
   * come too soon after the one before it: a rate is held against the look of the last rate.
   */
  #rate(look: Look): readonly Finding[] {
    const from = this.#ratedFrom ?? look;
    const raw = Number(look.raw - from.raw);
    if (Math.abs(raw) < LEAST_INTERVAL_NS) return this.#ofRate ?? [];
    this.#ratedFrom = look;
    const ppm = 1e6 * (Number(look.monotonic - from.monotonic) - raw) / raw;
    const most = SLEW_PPM + 1e6 * (from.width + look.width) / raw;
    const found = raw > 0 && Math.abs(ppm) > most ? [wallSlewing(ppm)] : [];
    // The kernel did not say how it was at the start: the first rate does.
    if (!this.#ofRate) this.#hold(look, found);
    return this.#ofRate = found;
  }

  /** What was so from the start is no change, but its end is one. */
  #hold({ monotonic }: Look, findings: readonly Finding[]): void {
    for (const finding of findings) {
      this.#active.set(finding.id, { finding, until: monotonic });
    }
  }

  #update({ monotonic }: Look, found: readonly Finding[]): ClockChange[] {
    const changes: ClockChange[] = [];
    for (const finding of found) {
      if (!this.#active.has(finding.id)) changes.push({ finding, over: false });
      const holds = MOMENTS.includes(finding.id) ? BigInt(this.#options.holdNs) : 0n;
      this.#active.set(finding.id, { finding, until: monotonic + holds });
    }
    for (const [id, { finding, until }] of this.#active) {
      if (until >= monotonic || found.some((other) => other.id === id)) continue;
      this.#active.delete(id);
      changes.push({ finding, over: true });
    }
    return changes;
  }
}

/** What is over at once, and yet worth a while of attention. */
const MOMENTS: readonly FindingId[] = [
  "wall.stepped",
  "suspend.seen",
  "counter.jumped",
  "vm.restored",
  "cpu.throttled",
];

function wallStepped(ns: number): Finding {
  return {
    id: "wall.stepped",
    severity: "warning",
    evidence: [evidence("the wall clock was set by", ns / 1e9, "s")],
    meaning: "Somebody set the wall clock: durations by Date.now() across that moment are wrong, " +
      "and stamps may repeat.",
    advice: "Find out who sets it: an NTP daemon after an outage, an agent of the host. Take " +
      "durations from now(), order from timestampBigInt().",
  };
}

function suspendSeen(ns: number): Finding {
  return {
    id: "suspend.seen",
    severity: "information",
    evidence: [evidence("suspended for", ns / 1e9, "s")],
    meaning: "This machine has just slept: now() and timers stood still.",
    advice: "What must expire while it sleeps takes nowBoot().",
  };
}

function wallSlewing(ppm: number): Finding {
  return {
    id: "wall.slewing",
    severity: "warning",
    evidence: [evidence("slew, measured against CLOCK_MONOTONIC_RAW", ppm, "ppm")],
    meaning: "Somebody corrects a large error by making seconds longer or shorter: durations by " +
      "now() are off by that much.",
    advice: "nowRaw() is not slewed. Wait until it is over.",
  };
}

function vmRestored(state: ClockState | undefined, disrupted: boolean): Finding {
  return {
    id: "vm.restored",
    severity: "warning",
    evidence: [
      evidence("seen by", disrupted ? "/dev/vmclock0" : "a jump of the counter without suspend"),
      ...known("clocksource", state?.clocksource.current ?? null),
    ],
    meaning: "This virtual machine was migrated or restored from a snapshot.",
    advice: "Have the wall clock corrected (chronyc makestep), let old deadlines expire, seed " +
      "random numbers anew.",
  };
}
