/**
 * The doctor: facts of a machine, and what they show.
 *
 * @module
 */
import { show } from "../core/internals.ts";
import { collectFacts } from "./facts/collect.ts";
import type { Facts } from "./facts/types.ts";
import {
  type Finding,
  FINDING_IDS,
  type FindingId,
  inOrder,
  type Severity,
  worst,
} from "./findings.ts";
import { CLOCK_RULES } from "./rules/clock.ts";
import { COUNTER_RULES } from "./rules/counter.ts";
import { CPU_RULES } from "./rules/cpu.ts";
import { RUNTIME_RULES } from "./rules/runtime.ts";
import { VDSO_RULES } from "./rules/vdso.ts";
import { VM_RULES } from "./rules/vm.ts";
import { WALL_RULES } from "./rules/wall.ts";

const RULES = [
  ...CLOCK_RULES,
  ...VDSO_RULES,
  ...COUNTER_RULES,
  ...CPU_RULES,
  ...WALL_RULES,
  ...VM_RULES,
  ...RUNTIME_RULES,
];

/** What {@link examine} takes. */
export interface ExamineOptions {
  /** Moves a thread between all pairs of CPUs, for a second longer. */
  readonly deep?: boolean;
  /** What is not to be found. */
  readonly ignore?: readonly FindingId[];
}

/** What {@link examine} returns: plain data. */
export interface Examination {
  /** Worst first. */
  readonly findings: readonly Finding[];
  /** The worst severity; `"information"` also of no finding. */
  readonly severity: Severity;
  /** What was read and measured. */
  readonly facts: Facts;
}

/**
 * Measures and reads, and says what is wrong with the clocks of this machine, why, and what to do
 * about it. Figures decide, never a name.
 *
 * Takes 1 to 2.5 s, most of which blocks the thread: nothing for a server at work. Never prompts;
 * what may not be read is a finding, `check.skipped`.
 *
 * @throws {TypeError} if `options.deep` is no boolean, or `options.ignore` no list
 * @throws {RangeError} if `options.ignore` has something else than ids of findings
 *
 * @example
 * ```ts
 * import { examine } from "@x/vdso/doctor";
 *
 * const { severity, findings } = await examine();
 * console.log(severity);
 * for (const { id, meaning, advice } of findings) console.log(id, meaning, advice);
 * ```
 */
export async function examine(options: ExamineOptions = {}): Promise<Examination> {
  const { deep = false, ignore = [] } = options;
  checkIds(ignore);
  if (typeof deep !== "boolean") {
    throw new TypeError(`Expected \`options.deep\` to be a boolean, got ${show(deep)}`);
  }
  return examineFacts(await collectFacts({ deep }), ignore);
}

/**
 * The same of facts that were collected elsewhere. Pure.
 *
 * @param facts as {@link examine} returns them, or {@link parseFacts}
 * @param ignore what is not to be found
 * @throws {TypeError | RangeError} as {@link examine}, if `ignore` is wrong
 *
 * @example
 * ```ts
 * import { examineFacts, parseFacts } from "@x/vdso/doctor";
 *
 * const facts = parseFacts('{ "version": 1, "time": { "uptimeS": 1e7 } }');
 * console.log(examineFacts(facts).findings[0]?.id); // "uptime.precision"
 * ```
 */
export function examineFacts(facts: Facts, ignore: readonly FindingId[] = []): Examination {
  checkIds(ignore);
  const found = RULES.flatMap((rule) => rule(facts) ?? []);
  const findings = inOrder(found.filter(({ id }) => !ignore.includes(id)));
  return { findings, severity: worst(findings) ?? "information", facts };
}

function checkIds(ignore: readonly string[]): void {
  if (!Array.isArray(ignore)) {
    throw new TypeError(`Expected \`ignore\` to be a list of ids, got ${show(ignore)}`);
  }
  const wrong = ignore.find((id) => !FINDING_IDS.some((known) => known === id));
  if (wrong !== undefined) {
    throw new RangeError(`Expected \`ignore\` to have ids of findings, got ${show(wrong)}`);
  }
}
