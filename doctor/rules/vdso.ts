/**
 * The vDSO and the system call.
 *
 * @module
 */
import type { Facts } from "../facts/types.ts";
import { choices, costEvidence, evidence, isIn, known, paysSyscalls, type Rule } from "./rule.ts";

const missing: Rule = (facts) => {
  const { vdso } = facts;
  if (vdso.mapped !== false) return undefined;
  const off = choices(facts).includes("vdso=0");
  return {
    id: "vdso.missing",
    severity: "warning",
    evidence: [...known("reason", vdso.reason), ...costEvidence(facts)],
    meaning: "This process has no vDSO that can be read: each look at a clock is a system call.",
    advice: off
      ? "The kernel was started with vdso=0: ask who set it and why."
      : "If other programs have one (grep vdso /proc/self/maps), what started this one hides it: a " +
        "debugger (rr, Valgrind), a checkpoint tool, an emulator (qemu-user). Else the kernel was " +
        "built without. nowCoarse() is no cheaper here.",
  };
};

/** By CPU: what its vDSO never had. */
const NEVER: Readonly<Record<string, readonly string[]>> = {
  aarch64: ["time", "getcpu"],
  riscv64: ["time"],
};
/** What can be called in place of an entry. */
const SUBSTITUTES: Readonly<Record<string, string>> = {
  time: "time: Math.floor(realtimeMicros() / 1e6)",
  gettimeofday: "gettimeofday: realtimeBigInt()",
  getrandom: "getrandom: one call for many bytes, or crypto.getRandomValues()",
  getcpu: "getcpu: ask seldom",
  clock_getres: "clock_getres: ask once",
  clock_gettime: "clock_gettime: none",
};

const partial: Rule = (facts) => {
  const { vdso: { mapped, entries, reason }, machine } = facts;
  if (mapped !== true || entries === null) return undefined;
  const without = Object.keys(entries).filter((entry) => entries[entry] === "syscall");
  if (without.length === 0) return undefined;
  const unexpected = without.includes("clock_gettime");
  const never = without.filter((entry) => NEVER[machine.arch ?? ""]?.includes(entry));
  return {
    id: "vdso.partial",
    severity: unexpected ? "warning" : "information",
    evidence: [
      evidence("entries by system call", without.join(" ")),
      ...known("reason", reason),
      ...known("kernel", machine.kernel),
    ],
    meaning: "These entries are not in this kernel's vDSO, so that each call of them enters the " +
      "kernel.",
    advice: `${cause(facts, never, without)} Cheap instead: ${
      without.map((entry) => SUBSTITUTES[entry] ?? entry).join("; ")
    }.`,
  };
};

function cause(facts: Facts, never: readonly string[], without: readonly string[]): string {
  if (isIn(facts, "gvisor")) return "gVisor has a small vDSO of its own.";
  if (never.length === without.length) return "No kernel of this CPU has them.";
  return without.includes("getrandom")
    ? "getrandom is there from Linux 6.11 (x86_64) or 6.12 (aarch64) on."
    : "Kernels come to have them in time.";
}

const SLOW_NS = 1000;

const slow: Rule = (facts) => {
  const { measured: { nullSyscallNs }, process } = facts;
  if (nullSyscallNs === null || nullSyscallNs <= SLOW_NS) return undefined;
  const causes = [
    ...(process.traced ? ["a tracer is attached to this process (strace, a debugger)"] : []),
    ...(process.seccomp === 2 ? ["a seccomp filter looks at every system call"] : []),
    ...(isIn(facts, "gvisor") ? ["gVisor answers system calls"] : []),
  ];
  if (causes.length === 0) return undefined;
  const matters = paysSyscalls(facts);
  return {
    id: "syscall.slow",
    severity: matters ? "warning" : "information",
    evidence: [evidence("getpid(2)", nullSyscallNs, "ns"), evidence("because", causes.join("; "))],
    meaning: matters
      ? "System calls are slow here, and reading a clock is one of them."
      : "System calls are slow here; clocks are read without one.",
    advice: matters
      ? "Repair what makes clocks enter the kernel: see the clock. and vdso. findings."
      : null,
  };
};

/** All of this file. */
export const VDSO_RULES: readonly Rule[] = [missing, partial, slow];
