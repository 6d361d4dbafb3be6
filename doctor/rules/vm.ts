/**
 * Virtual machines, suspend and namespaces: what shifts clocks as a whole.
 *
 * @module
 */
import type { Facts } from "../facts/types.ts";
import { evidence, isGuest, isIn, known, type Rule } from "./rule.ts";

/** The device counts whole seconds, and drifts. */
const RTC_S = 5;
/** Some keep it in local time. */
const ZONE_S = 900;

/** By the real-time clock device alone. */
export const restored: Rule = (facts) => {
  const { wall: { rtcS }, clocksource } = facts;
  if (rtcS === null || Math.abs(rtcS) <= RTC_S || isGuest(facts) !== true) return undefined;
  const ofZone = Math.abs(rtcS - Math.round(rtcS / ZONE_S) * ZONE_S);
  if (Math.abs(rtcS) >= ZONE_S - RTC_S && ofZone <= RTC_S) return undefined;
  return {
    id: "vm.restored",
    severity: "warning",
    evidence: [
      evidence("wall clock less real-time clock device", rtcS, "s"),
      ...known("clocksource", clocksource.current),
    ],
    meaning: "The wall clock is far from the device that the host keeps: as a rule this machine " +
      "was paused or restored from a snapshot.",
    advice: "Let the NTP daemon step the clock (chronyc makestep), and deadlines that are older " +
      "than this expire. Under Firecracker, kvm-clock is put right at a restore, tsc is not.",
  };
};

const timeSync: Rule = ({ vm: { ptp, vmclock } }) => {
  const sources = (ptp ?? []).filter((name) => /kvm|vmclock|hyperv/i.test(name));
  if (vmclock) sources.push("/dev/vmclock0");
  if (sources.length === 0) return undefined;
  return {
    id: "vm.time-sync",
    severity: "information",
    evidence: [evidence("clocks of the host", sources.join(", "))],
    meaning: "The host offers its own clock, which is closer than any server on the network.",
    advice: "chrony: refclock PHC /dev/ptp0 poll 2 (the device whose clock_name this is).",
  };
};

/** Readings of two clocks, one after the other, differ by far less. */
const SUSPEND_S = 0.5;

function suspendedFor({ time }: Facts): number | null {
  const { suspendedS, monotonicOffsetS, boottimeOffsetS } = time;
  if (suspendedS === null) return null;
  return suspendedS - ((boottimeOffsetS ?? 0) - (monotonicOffsetS ?? 0));
}

const suspend: Rule = (facts) => {
  const seconds = suspendedFor(facts);
  // There CLOCK_BOOTTIME is CLOCK_MONOTONIC.
  if (seconds === null || seconds < SUSPEND_S || isIn(facts, "gvisor")) return undefined;
  return {
    id: "suspend.seen",
    severity: "information",
    evidence: [evidence("suspended since it booted", seconds, "s")],
    meaning: "This machine has slept: now() and timers stood still then.",
    advice: "What must expire while it sleeps takes nowBoot(). A paused virtual machine shows in " +
      "neither.",
  };
};

const shifted: Rule = ({ time: { monotonicOffsetS, boottimeOffsetS } }) => {
  if (!monotonicOffsetS && !boottimeOffsetS) return undefined;
  return {
    id: "timens.shifted",
    severity: "information",
    evidence: [
      ...known("CLOCK_MONOTONIC", monotonicOffsetS, "s"),
      ...known("CLOCK_BOOTTIME", boottimeOffsetS, "s"),
    ],
    meaning: "A time namespace shifts the monotonic clocks by this: their stamps do not compare " +
      "with those of programs outside.",
    advice: null,
  };
};

/** 2^53 ns. */
const EXACT_S = 2 ** 53 / 1e9;

const precision: Rule = ({ time: { uptimeS } }) => {
  if (uptimeS === null || uptimeS <= EXACT_S) return undefined;
  return {
    id: "uptime.precision",
    severity: "information",
    evidence: [evidence("CLOCK_MONOTONIC", uptimeS / 86_400, "days")],
    meaning: `After 104 days nanoseconds do not fit a number: now() is rounded to ${
      2 ** Math.ceil(Math.log2(uptimeS / EXACT_S))
    } ns.`,
    advice: "nowBigInt() is exact.",
  };
};

/** All of this file. */
export const VM_RULES: readonly Rule[] = [restored, timeSync, suspend, shifted, precision];
