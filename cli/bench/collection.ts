/**
 * What comes of all the processes together.
 *
 * @module
 */
import type { ProcessOutcome } from "./outcome.ts";
import type { ReportFailure } from "./report.ts";
import { benchmarkKey, type FileResult } from "./rows.ts";

/** Which process it was: see {@link ReportFailure}. */
export type Place = Pick<ReportFailure, "runtime" | "file" | "run">;

/** Takes their outcomes one after the other. */
export class Collection {
  readonly results: FileResult[] = [];
  readonly failures: ReportFailure[] = [];
  readonly #thrown = new Set<string>();
  readonly #broken = new Set<string>();

  /** Whether a file did not come to its end in a runtime: it would not the next time. */
  isBroken({ file, runtime }: Pick<Place, "file" | "runtime">): boolean {
    return this.#broken.has(JSON.stringify([file, runtime]));
  }

  /** Returns what is wrong and was not so in an earlier run. */
  take(place: Place, outcome: ProcessOutcome): ReportFailure[] {
    const { file, runtime, run } = place;
    for (const { benchmark: result, occurrence } of outcome.results) {
      this.results.push({ file, runtime, run, result, occurrence });
    }
    const thrown = outcome.thrown.filter(({ benchmark, occurrence }) => {
      const key = `${runtime} ${benchmarkKey({ ...benchmark, file, occurrence })}`;
      const isNew = !this.#thrown.has(key);
      this.#thrown.add(key);
      return isNew;
    });
    const reasons = thrown.map(({ reason }) => reason);
    const failure = outcome.failure ??
      (outcome.declared === 0 ? `${file} declares no benchmark` : undefined);
    if (failure !== undefined) {
      reasons.push(failure);
      this.#broken.add(JSON.stringify([file, runtime]));
    }
    const found = reasons.map((reason) => ({ ...place, reason, output: outcome.printed.lines }));
    this.failures.push(...found);
    return found;
  }
}
