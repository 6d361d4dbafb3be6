/** What `npm test` prints. */
import type { RuntimeName } from "../runtimes.ts";
import type { TestCase } from "./junit.ts";
import { unitKey } from "./plan.ts";
import type { UnitResult } from "./run.ts";

const SLOWEST = 10;

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A file in which something is wrong beside its tests counts as a failure more. */
export function count(results: readonly UnitResult[]): Counts {
  const cases = results.flatMap(({ cases }) => cases);
  const of = (outcome: TestCase["outcome"]) =>
    cases.filter((one) => one.outcome === outcome).length;
  const problems = results.filter(({ problem }) => problem !== undefined).length;
  return { passed: of("passed"), failed: of("failed") + problems, skipped: of("skipped") };
}

/** CI reads this line. */
export function printCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

export function printRuntime(name: RuntimeName, results: readonly UnitResult[]): string {
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
  return `${name}: ${printCounts(count(results))} in ${seconds.toFixed(0)} s`;
}

/** All that a unit printed, if something in it failed. */
export function printFailure({ unit, output, problem, cases }: UnitResult): string | undefined {
  const failed = cases.filter(({ outcome }) => outcome === "failed").map(({ name }) => name);
  if (failed.length === 0 && problem === undefined) return undefined;
  const title = `---- ${unitKey(unit)} `.padEnd(100, "-");
  return `${title}\n${output.trimEnd()}\n${printFailedNames(unit, failed, problem)}`;
}

function printFailedNames(
  unit: UnitResult["unit"],
  names: readonly string[],
  problem: string | undefined,
): string {
  return [...names, ...(problem === undefined ? [] : [`the file ${problem}`])]
    .map((what) => `FAILED  ${unitKey(unit)}: ${what}`).join("\n");
}

/** What is worth knowing of all of them: what failed, what needed a second try, what took long. */
export function printSummary(results: readonly UnitResult[]): string {
  const cases = results.flatMap(({ unit, cases }) =>
    cases.map((one) => ({ ...one, where: unitKey(unit) }))
  );
  const slowest = cases.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
  const failures = results.map(({ unit, cases, problem }) =>
    printFailedNames(
      unit,
      cases.filter(({ outcome }) => outcome === "failed").map(({ name }) => name),
      problem,
    )
  ).filter((text) => text !== "");
  const retries = results.flatMap(({ unit, retries }) =>
    retries.map((what) => `  ${unitKey(unit)}: ${what}`)
  );
  return [
    "Slowest tests:",
    ...slowest.map(({ seconds, where, name }) => `  ${seconds.toFixed(1)} s  ${where}: ${name}`),
    ...(retries.length > 0 ? ["Statistical tests that needed their second try:", ...retries] : []),
    ...failures,
  ].join("\n");
}
