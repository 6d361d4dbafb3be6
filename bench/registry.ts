/**
 * The benchmarks that are declared and not run yet.
 *
 * @module
 */
import { ownOf } from "./options.ts";
import type { Subject } from "./subject.ts";
import type { BenchIdentity, BenchOptions, Params } from "./types.ts";

/** One of them. */
export interface Declared extends BenchIdentity {
  readonly skip: string | false;
  readonly options: Pick<BenchOptions, "time" | "warmup">;
  readonly subject: Subject<unknown>;
}

let waiting: Declared[] = [];

export function add(declared: Declared): void {
  waiting.push(declared);
}

/** Hands them over, once. */
export function takeAll(): readonly Declared[] {
  const all = waiting;
  waiting = [];
  return all;
}

/** What a filter sees. */
export function fullName({ name, group }: Pick<Declared, "name" | "group">): string {
  return [...group, name].join(" ");
}

/** What is measured, of what was declared. */
export function toSubject<P extends Params, I>(
  fn: (input: I) => unknown,
  options: BenchOptions<P, I>,
  params: P,
): Subject<unknown> {
  const { setup, teardown, beforeSample, afterSample } = ownOf(options);
  const subject: Subject<I> = {
    fn,
    // Without a setup the input is the parameters: then I is P.
    setup: () => setup ? setup(params) : params as unknown as I,
    teardown,
    beforeSample,
    afterSample,
  };
  return subject as Subject<unknown>;
}
