/**
 * Findings that pass by themselves, and that no difference of two looks at the clocks shows.
 *
 * @module
 */
import type { Facts } from "../facts/types.ts";
import type { Finding } from "../findings.ts";
import { CPU_RULES } from "../rules/cpu.ts";
import { restored } from "../rules/vm.ts";
import { WALL_RULES } from "../rules/wall.ts";
import type { ClockChange } from "./watcher.ts";

/** Those that such facts show. */
export function passingFindings(facts: Facts): Finding[] {
  return [...CPU_RULES, ...WALL_RULES, restored].flatMap((rule) => rule(facts) ?? []);
}

/** Those that are there now, also if they were before, and those that are over. */
export function passingChanges(before: Facts, now: Facts): ClockChange[] {
  const found = passingFindings(now);
  const gone = passingFindings(before).filter(({ id }) => !found.some((other) => other.id === id));
  return [
    ...found.map((finding) => ({ finding, over: false })),
    ...gone.map((finding) => ({ finding, over: true })),
  ];
}
