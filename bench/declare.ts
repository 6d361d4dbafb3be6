/**
 * Declaring benchmarks, for {@link run}.
 *
 * @module
 */
import {
  checkFunction,
  checkHooks,
  checkKeys,
  checkName,
  checkOptions,
  checkSkip,
  combinations,
} from "./options.ts";
import { add, fullName, toSubject } from "./registry.ts";
import { run } from "./run.ts";
import { isIterator, isThenable } from "./results.ts";
import { runner } from "./runner.ts";
import type { BenchOptions, Params, SetupIfNeeded } from "./types.ts";

let groups: readonly string[] = [];

/**
 * Declares a benchmark, for {@link run}. With `params`, one for each combination of their values.
 *
 * What `fn` returns is used, so that no compiler leaves the work out: return what you compute.
 *
 * @param name what it is called in the results
 * @param fn what is measured; gets what `setup` returned, or the parameters if there is none. A promise
 * that it returns is awaited, and that is part of what is measured
 * @throws {TypeError | RangeError} for wrong arguments, and options that it does not know
 *
 * @example
 * ```ts
 * import { bench } from "@x/vdso/bench";
 *
 * bench("sort", (numbers) => numbers.toSorted(), {
 *   setup: () => Array.from({ length: 1000 }, Math.random),
 * });
 * ```
 */
export function bench<P extends Params = Params, I = P>(
  name: string,
  fn: (input: I) => unknown,
  options?: BenchOptions<P, I> & SetupIfNeeded<P, I>,
): void;
/**
 * The same with the function last. TypeScript infers from left to right: if `setup` takes
 * parameters, it knows only in this order what `fn` gets.
 *
 * @example
 * ```ts
 * import { bench } from "@x/vdso/bench";
 *
 * bench("sort", {
 *   params: { length: [10, 1000] },
 *   setup: ({ length }) => Array.from({ length }, Math.random),
 * }, (numbers) => numbers.toSorted());
 * ```
 */
export function bench<P extends Params = Params, I = P>(
  name: string,
  options: BenchOptions<P, I> & SetupIfNeeded<P, I>,
  fn: (input: I) => unknown,
): void;
export function bench<P extends Params, I>(
  name: string,
  first: ((input: I) => unknown) | BenchOptions<P, I>,
  second: ((input: I) => unknown) | BenchOptions<P, I> = {},
): void {
  checkName(name);
  const [fn, given] = (typeof second === "function" ? [second, first] : [first, second]) as [
    (input: I) => unknown,
    BenchOptions<P, I>,
  ];
  checkFunction(fn, "fn");
  const options = checkKeys(given, "bench");
  const { mode } = checkOptions(options);
  checkHooks(options);
  const skip = checkSkip(options.skip);
  for (const params of combinations(options.params)) {
    const { time, warmup } = options;
    add({
      name,
      group: groups,
      params,
      mode,
      skip,
      options: { ...(time !== undefined && { time }), ...(warmup !== undefined && { warmup }) },
      subject: toSubject(fn, options, params as P),
    });
    runner()?.declared(fullName({ name, group: groups }), run);
  }
}

/**
 * Puts the benchmarks that `declare` declares into a group. Groups may contain groups.
 *
 * @throws {TypeError} for wrong arguments, and if `declare` is async or a generator: what comes after
 * its first await would be in no group, and of a generator nothing would run
 *
 * @example
 * ```ts
 * import { bench, group } from "@x/vdso/bench";
 *
 * group("parse", () => {
 *   bench("JSON", () => JSON.parse('{"answer":42}'));
 *   bench("number", () => parseFloat("42.5"));
 * });
 * ```
 */
export function group(name: string, declare: () => void): void {
  checkName(name);
  checkFunction(declare, "declare");
  const outer = groups;
  groups = [...outer, name];
  try {
    const returned: unknown = declare();
    if (isThenable(returned)) {
      throw new TypeError("Expected `declare` to return nothing, got a promise");
    }
    if (isIterator(returned)) {
      throw new TypeError("Expected `declare` to return nothing, got an iterator");
    }
  } finally {
    groups = outer;
  }
}
