/**
 * Who else takes CPU time: a quota, neighbours, the host.
 *
 * @module
 */
import type { CpuFacts, Facts } from "../facts/types.ts";
import { evidence, known, type Rule } from "./rule.ts";

/** More than this part of a group's periods is no accident. */
const THROTTLED_PART = 0.05;

const throttled: Rule = ({ cpu, machine }) => {
  const now = (cpu.throttledPeriods ?? 0) > 0;
  const often = (cpu.allThrottledPeriods ?? 0) > THROTTLED_PART * (cpu.allPeriods ?? Infinity);
  if (!now && !often) return undefined;
  return {
    id: "cpu.throttled",
    severity: now ? "warning" : "information",
    evidence: [
      ...known("quota", cpu.quotaCpus, "CPUs"),
      ...known("CPUs that this process sees", machine.cpus),
      ...(now ? inWindow(cpu) : []),
      ...known("periods since the group began", cpu.allPeriods),
      ...known("of them stopped", cpu.allThrottledPeriods),
    ],
    meaning:
      "The kernel stops every thread of the cgroup for the rest of a period once its quota " +
      "is used up: the program stalls for up to a tenth of a second, and nothing records it.",
    advice: throttledAdvice(cpu, machine),
  };
};

function inWindow(cpu: CpuFacts) {
  return [
    ...known("periods while this measured", cpu.periods),
    ...known("of them stopped", cpu.throttledPeriods),
    ...known("for, summed over CPUs", (cpu.throttledNs ?? 0) / 1e6, "ms"),
  ];
}

function throttledAdvice({ quotaCpus }: CpuFacts, { cpus }: Facts["machine"]): string {
  if (quotaCpus === null || cpus === null || cpus <= Math.ceil(quotaCpus)) {
    return "Raise the quota (cpu.max, --cpus, resources.limits.cpu), or do less at once.";
  }
  return `Raise the quota, or start fewer threads: runtimes size their pools by ${cpus} CPUs, the ` +
    `quota is of ${quotaCpus} (UV_THREADPOOL_SIZE, fewer Workers).`;
}

const PRESSURE = 10;

const pressure: Rule = ({ cpu: { pressure } }) => {
  if (pressure === null || pressure <= PRESSURE) return undefined;
  return {
    id: "cpu.pressure",
    severity: "warning",
    evidence: [evidence("time in which a task waited for a CPU, of the last 10 s", pressure, "%")],
    meaning: "More wants to run here than there are CPUs: figures of this examination are noisy.",
    advice: "Look for what runs beside (top), or take more CPUs. In a container the pressure is " +
      "that of the whole machine.",
  };
};

const STEAL = 0.01;

const steal: Rule = ({ cpu: { steal, windowNs } }) => {
  if (steal === null || steal <= STEAL) return undefined;
  return {
    id: "cpu.steal",
    severity: "warning",
    evidence: [
      evidence("CPU time that the host gave to others", 100 * steal, "%"),
      ...known("measured for", windowNs === null ? null : windowNs / 1e9, "s"),
    ],
    meaning: "The hypervisor runs others while this machine wants to run.",
    advice: "Ask the provider, or take a machine that does not share CPUs. No steal proves " +
      "nothing: many hosts do not tell.",
  };
};

const RUN_DELAY = 0.05;

const wait: Rule = ({ cpu: { runDelayNs, windowNs } }) => {
  if (runDelayNs === null || !windowNs || runDelayNs <= RUN_DELAY * windowNs) return undefined;
  return {
    id: "runqueue.wait",
    severity: "warning",
    evidence: [
      evidence("this thread waited for a CPU", runDelayNs / 1e6, "ms"),
      evidence("in", windowNs / 1e6, "ms"),
    ],
    meaning:
      "Other threads of this machine ran while this one could have: neighbours, not the host.",
    advice:
      "Look for what runs beside (top), at this program's own threads, and at nice(1) values.",
  };
};

const governor: Rule = ({ cpu: { governor } }) => {
  if (governor === null || governor === "performance") return undefined;
  return {
    id: "cpu.governor",
    severity: "information",
    evidence: [evidence("governor", governor)],
    meaning: "The CPU's frequency follows the load: short benchmarks begin slow.",
    advice: "Only for measuring: cpupower frequency-set -g performance.",
  };
};

const WAKE_UP_US = 50;

const idle: Rule = ({ cpu: { idleLatencyUs } }) => {
  if (idleLatencyUs === null || idleLatencyUs < WAKE_UP_US) return undefined;
  return {
    id: "cpu.idle",
    severity: "information",
    evidence: [evidence("waking from the deepest idle state", idleLatencyUs, "µs")],
    meaning: "A CPU with nothing to do sleeps so deep that waking it takes this long.",
    advice: "Only where latencies of some 10 µs matter: /dev/cpu_dma_latency, or fewer C-states.",
  };
};

/** All of this file. */
export const CPU_RULES: readonly Rule[] = [throttled, pressure, steal, wait, governor, idle];
