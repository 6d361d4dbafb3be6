/**
 * The CPU's counter, as `ticks()` judges it.
 *
 * @module
 */
import type { Finding } from "../findings.ts";
import { evidence, known, type Rule } from "./rule.ts";

const unusable: Rule = ({ counter: { refusal, costNs } }) => {
  if (!refusal) return undefined;
  return {
    id: "counter.unusable",
    severity: "information",
    evidence: [evidence("reason", refusal), ...known("reading it", costNs, "ns")],
    meaning: "ticks() refuses to read the CPU's counter here.",
    advice: "Use now().",
  };
};

const guest: Rule = ({ counter: { trust }, clocksource, machine }) => {
  if (trust !== "guest") return undefined;
  return {
    id: "counter.guest",
    severity: "information",
    evidence: [
      ...known("clocksource", clocksource.current),
      ...known("hypervisor", machine.hypervisor),
    ],
    meaning:
      "The kernel reads the counter through a clock that the host vouches for: a restore or " +
      "a migration may shift what ticks() reads, but not now().",
    advice: null,
  };
};

const jumped: Rule = ({ counter: { jumps } }) => jumps ? counterJumped(jumps) : undefined;

/** Also of those that were seen while somebody watched. */
export function counterJumped(jumps: number): Finding {
  return {
    id: "counter.jumped",
    severity: "warning",
    evidence: [evidence("jumps", jumps)],
    meaning:
      "The counter and CLOCK_MONOTONIC_RAW went apart at once: intervals by ticks() across " +
      "that moment are wrong.",
    advice: "Use now() for what spans suspend, a restore or a migration.",
  };
}

/** All of this file. */
export const COUNTER_RULES: readonly Rule[] = [unusable, guest, jumped];
