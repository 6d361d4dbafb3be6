/**
 * What rules are made of, and what several of them ask.
 *
 * @module
 */
import type { Facts } from "../facts/types.ts";
import type { Evidence, Finding } from "../findings.ts";

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

/** What makes a system call itself costs as much as one. */
export const SPARES_SYSCALL = 0.75;

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

/** Whether a hypervisor runs this; undefined where nobody says. */
export function isGuest({ machine }: Facts): boolean | undefined {
  if (machine.hypervisor !== null) return machine.hypervisor !== "";
  return machine.flags?.includes("hypervisor");
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

/** The boot parameters that choose a clock, or how it is read. */
export function choices({ clocksource }: Facts): string[] {
  return (clocksource.parameters ?? []).filter((parameter) =>
    /^(clocksource=|tsc=|notsc$|no-kvmclock|vdso=|vsyscall=|nohpet$|hpet=)/.test(parameter)
  );
}
