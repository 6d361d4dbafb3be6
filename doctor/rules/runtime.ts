/**
 * The JavaScript runtime, and what could not be examined.
 *
 * @module
 */
import { evidence, known, type Rule } from "./rule.ts";

const stub: Rule = ({ runtime }) => {
  if (!runtime.eluIsStub) return undefined;
  return {
    id: "runtime.elu-stub",
    severity: "information",
    evidence: [
      evidence("performance.eventLoopUtilization()", "zeros"),
      ...known("runtime", runtime.name),
      ...known("version", runtime.version),
    ],
    meaning:
      "This runtime has eventLoopUtilization() in name alone: metrics made of it are fiction.",
    advice: "Measure the delay of a timer instead.",
  };
};

/** Without what costs there is no verdict. */
const ESSENTIAL = "costs in C";

const skipped: Rule = ({ skipped }) => {
  if (skipped.length === 0) return undefined;
  const reasons = new Map<string, string[]>();
  for (const { check, reason } of skipped) {
    reasons.set(reason, [...reasons.get(reason) ?? [], check]);
  }
  return {
    id: "check.skipped",
    severity: skipped.some(({ check }) => check === ESSENTIAL) ? "unknown" : "information",
    evidence: Array.from(reasons, ([reason, checks]) => evidence(checks.join(", "), reason)),
    meaning: "These checks could not be made here: what they would show remains unknown.",
    advice: null,
  };
};

/** All of this file. */
export const RUNTIME_RULES: readonly Rule[] = [stub, skipped];
