/**
 * The kernel's clocksource: what its clocks cost, and whether they go on.
 *
 * @module
 */
import type { Facts } from "../facts/types.ts";
import {
  choices,
  costEvidence,
  entersKernel,
  evidence,
  isGuest,
  isIn,
  known,
  paysSyscalls,
  type Rule,
  slowing,
} from "./rule.ts";

/** Above, a server that reads the clock 100,000 times a second spends a tenth of a CPU on it. */
const CRITICAL_NS = 1000;
const COARSE = "nowCoarse() costs a few ns, where a timer tick is exact enough";

const syscall: Rule = (facts) => {
  if (!entersKernel(facts)) return undefined;
  const { measured, clocksource } = facts;
  const { nativeNs = 0 } = measured.clocks?.["monotonic"] ?? {};
  return {
    id: "clock.syscall",
    severity: nativeNs > CRITICAL_NS ? "critical" : "warning",
    evidence: [
      ...costEvidence(facts),
      ...known("clocksource", clocksource.current),
      ...known("offered", clocksource.available),
      ...known("the CPU's counter", facts.counter.costNs, "ns"),
    ],
    meaning: "The vDSO is there, but enters the kernel at each reading of a fine clock: in every " +
      "program of this machine, whatever its language.",
    advice: syscallAdvice(facts),
  };
};

function syscallAdvice(facts: Facts): string | null {
  const { clocksource: { current, available }, machine } = facts;
  if (isIn(facts, "gvisor")) return null; // its coarse clock is its fine one
  if (slowing(facts).length > 0) {
    return `See clock.boot-parameter: somebody chose this. Until then: ${COARSE}.`;
  }
  if (isIn(facts, "docker-desktop")) {
    return "Restart Docker Desktop: its machine loses the counter when the computer sleeps.";
  }
  if (counterIsBetter(facts)) {
    return `As root on the host: echo tsc > /sys/devices/system/clocksource/clocksource0/` +
      `current_clocksource. The kernel offers it, the CPU states that it is constant, and reading ` +
      `it is cheap. Measure again; clocksource=tsc on the boot command line keeps it.`;
  }
  if (machine.arch !== "x86_64" && (available?.length ?? 0) < 2) {
    return `No other clocksource is there: the kernel keeps programs from this counter, as a rule ` +
      `for an erratum of the CPU. ${COARSE}.`;
  }
  if (current === "kvm-clock") return `See clock.guest-unstable. Until then: ${COARSE}.`;
  return `No better clocksource is offered here. ${COARSE}.`;
}

/** Only of tsc can that be told from within: what it costs was measured, and the kernel accepts it. */
function counterIsBetter({ clocksource, counter, measured, machine }: Facts): boolean {
  const { syscallNs = 0 } = measured.clocks?.["monotonic"] ?? {};
  return clocksource.available?.includes("tsc") === true && clocksource.current !== "tsc" &&
    machine.invariant === true && counter.costNs !== null && counter.costNs < syscallNs / 3;
}

const tscRejected: Rule = (facts) => {
  const { machine, clocksource: { current, available, log } } = facts;
  const rejected = machine.arch === "x86_64" && isGuest(facts) === false &&
    machine.invariant === true && available !== null && !available.includes("tsc") &&
    ["hpet", "acpi_pm"].includes(current ?? "");
  const isFast = facts.measured.clocks?.["monotonic"] !== undefined && !paysSyscalls(facts);
  if (
    !rejected || isFast || choices(facts).some((choice) => /^(tsc=unstable|notsc)$/.test(choice))
  ) {
    return undefined;
  }
  return {
    id: "clock.tsc-rejected",
    severity: "warning",
    evidence: [
      ...known("clocksource", current),
      ...known("offered", available),
      ...(log ?? []).filter((line) => /unstable|skew|TSC warp|Measured/i.test(line)).slice(0, 3)
        .map((line) => evidence("kernel log", line)),
      ...costEvidence(facts),
    ],
    meaning: "The CPU states that its counter is constant, but the kernel found it wrong beside " +
      `${current} and dropped it.`,
    advice: "Update firmware and kernel, and look for what stops CPUs (firmware, overheating, " +
      "overclocking). Never tsc=reliable: it takes away the check, not the error.",
  };
};

const bootParameter: Rule = (facts) => {
  const parameters = choices(facts);
  if (parameters.length === 0) return undefined;
  const costly = paysSyscalls(facts) && slowing(facts).length > 0;
  return {
    id: "clock.boot-parameter",
    severity: costly ? "warning" : "information",
    evidence: [evidence("boot parameters", parameters.join(" ")), ...costEvidence(facts)],
    meaning: costly
      ? "Readings are slow here because somebody asked for it on the kernel's command line."
      : "Somebody chose on the kernel's command line how clocks are read.",
    advice: costly
      ? "Ask who set it and why before it is undone. Leave it on hosts that snapshot or restore " +
        "virtual machines, where the counter is the worse clock."
      : null,
  };
};

const guestUnstable: Rule = (facts) => {
  const { current, parameters } = facts.clocksource;
  if (!entersKernel(facts) || (current !== "kvm-clock" && current !== "xen")) return undefined;
  // Then whatever the host says of kvm-clock is not asked.
  if (current === "kvm-clock" && parameters?.includes("no-kvmclock-vsyscall")) return undefined;
  return {
    id: "clock.guest-unstable",
    severity: "warning",
    evidence: [evidence("clocksource", current), ...costEvidence(facts)],
    meaning: `The host does not vouch that its counters agree (PVCLOCK_TSC_STABLE_BIT), so that ` +
      `${current} cannot be read without the kernel.`,
    advice: counterIsBetter(facts)
      ? "See clock.syscall: tsc is offered and cheap."
      : `Nothing in this machine changes that: move it to another host. Until then: ${COARSE}.`,
  };
};

const JIFFY_NS = 1e6;

const jiffies: Rule = (facts) => {
  const { clocksource: { current }, measured: { stepNs } } = facts;
  const isNamed = current !== null && /jiffies/.test(current);
  if (stepNs === null ? !isNamed : stepNs < JIFFY_NS) return undefined;
  return {
    id: "clock.jiffies",
    severity: "critical",
    evidence: [...known("clocksource", current), ...known("least step", stepNs, "ns")],
    meaning: "Time moves in ticks of the timer alone: nothing shorter can be measured.",
    advice: jiffiesAdvice(facts),
  };
};

function jiffiesAdvice(facts: Facts): string {
  if (slowing(facts).length > 0) return "See clock.boot-parameter: somebody chose this.";
  const others = (facts.clocksource.available ?? []).filter((name) => !/jiffies/.test(name));
  if (others.length > 0) {
    return `As root on the host: echo ${others[0]} > /sys/devices/system/clocksource/` +
      "clocksource0/current_clocksource. The kernel offers it.";
  }
  return isGuest(facts)
    ? "The hypervisor offers no clock and no frequency of the counter: it has to be given one " +
      "(kvm-clock, an invariant TSC with its frequency, an ACPI PM timer)."
    : "The kernel found no timer that it can use: look at its log for clocksource and tsc.";
}

const backwards: Rule = ({ measured: { backwards, hops, backwardsFirst }, clocksource }) => {
  if (!backwards) return undefined;
  return {
    id: "clock.backwards",
    severity: "critical",
    evidence: [
      evidence("times that a clock went backwards", backwards),
      ...known("hops between CPUs", hops),
      ...known("first", backwardsFirst),
      ...known("clocksource", clocksource.current),
    ],
    meaning:
      "A thread that moved to another CPU read an earlier time there: a kernel, hypervisor " +
      "or sandbox is wrong about its counters.",
    advice: "Report it to whoever made that kernel or sandbox, with the output of --collect. " +
      "Another clocksource may do without the error: hpet or acpi_pm, at its price.",
  };
};

const STEP_NS = 10;

const granularity: Rule = ({ measured: { stepNs }, clocksource, machine }) => {
  if (stepNs === null || stepNs <= STEP_NS || stepNs >= JIFFY_NS) return undefined;
  return {
    id: "clock.granularity",
    severity: "information",
    evidence: [
      evidence("least step", stepNs, "ns"),
      ...known("clocksource", clocksource.current),
      ...known("CPU", machine.arch),
    ],
    meaning: "The clock moves in steps that are longer than reading it takes: single short " +
      "intervals come out as none or as a whole step.",
    advice: "Time many calls at once. Nothing is to be repaired: Hyper-V's clock has steps of " +
      "100 ns, an ARM counter at 24 MHz of 41.7 ns.",
  };
};

/** All of this file. */
export const CLOCK_RULES: readonly Rule[] = [
  syscall,
  tscRejected,
  bootParameter,
  guestUnstable,
  jiffies,
  backwards,
  granularity,
];
