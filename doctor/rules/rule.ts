/**
 * What rules are made of, and what several of them ask.
 *
 * @module
 */
import { SPARES_SYSCALL } from "../../core/internals.ts";
import type { Facts } from "../facts/types.ts";
import type { Evidence, Finding } from "../findings.ts";

export { SPARES_SYSCALL };

/** From facts to what they show: nothing where a fact that it takes is not known. */
export type Rule = (facts: Facts) => Finding | undefined;

/** A figure, or what was read. */
export function evidence(name: string, value: number | string, unit?: string): Evidence {
  return unit === undefined ? { name, value } : { name, value, unit };
}

/** The same of what is known; no evidence of what is not. */
export function known(
  name: string,
  value: number | string | readonly string[] | null,
  unit?: string,
): Evidence[] {
  if (value === null || value === "") return [];
  if (typeof value === "object") {
    return value.length > 0 ? [evidence(name, value.join(" "))] : [];
  }
  return [evidence(name, value, unit)];
}

/** Whether the vDSO is asked, and enters the kernel for CLOCK_MONOTONIC. */
export function entersKernel({ vdso, measured }: Facts): boolean {
  const cost = measured.clocks?.["monotonic"];
  return vdso.entries?.["clock_gettime"] === "vdso" && cost !== undefined &&
    cost.nativeNs >= SPARES_SYSCALL * cost.syscallNs;
}

/** Whether every reading of the clock is a system call, for whatever reason. */
export function paysSyscalls(facts: Facts): boolean {
  return entersKernel(facts) || facts.vdso.entries?.["clock_gettime"] === "syscall";
}

/** Of DMI: vendor and product of virtual machines. Amazon's physical ones are *.metal. */
const VIRTUAL =
  /QEMU|KVM|VMware|Virtual|Google Compute Engine|vServer|^Amazon EC2 [\w-]+\.(?!metal)/;

/** Whether a hypervisor runs this; undefined where nobody says. */
export function isGuest({ machine, vm }: Facts): boolean | undefined {
  if (machine.hypervisor !== null) return machine.hypervisor !== "";
  if (machine.flags !== null) return machine.flags.includes("hypervisor");
  // Other CPUs than those of x86 do not say: what is there says it.
  const clocks = vm.ptp?.some((name) => name === "KVM virtual PTP" || name === "hyperv");
  const isVirtual = vm.vmclock || clocks || VIRTUAL.test(`${machine.vendor} ${machine.product}`);
  return isVirtual || undefined;
}

/** Whether this is such a place: `"gvisor"`. */
export function isIn({ machine }: Facts, ...places: readonly string[]): boolean {
  return places.some((place) => machine.places?.includes(place));
}

/** The evidence of what reading CLOCK_MONOTONIC costs. */
export function costEvidence({ measured }: Facts): Evidence[] {
  const cost = measured.clocks?.["monotonic"];
  return [
    ...known("CLOCK_MONOTONIC as programs read it", cost?.nativeNs ?? null, "ns"),
    ...known("by the system call", cost?.syscallNs ?? null, "ns"),
  ];
}

/** The boot parameters that choose a clock, or how it is read, whatever comes of it. */
export function choices({ clocksource }: Facts): string[] {
  return (clocksource.parameters ?? []).filter((parameter) =>
    /^(clocksource=|tsc=|notsc$|no-kvmclock|vdso=|vsyscall=|nohpet$|hpet=)/.test(parameter)
  );
}

/** Of these the ones that can be why readings are slow: they take away the clocks that are fast. */
export function slowing(facts: Facts): string[] {
  const { current } = facts.clocksource;
  return choices(facts).filter((parameter) =>
    /^(vdso=0|notsc|tsc=unstable|no-kvmclock(-vsyscall)?)$/.test(parameter) ||
    (current !== "tsc" && parameter === `clocksource=${current}`) ||
    // HPET is no faster than what the kernel takes in its place, unless that is nothing.
    (/jiffies/.test(current ?? "") && /^(nohpet|hpet=disable)$/.test(parameter))
  );
}
