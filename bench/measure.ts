/**
 * Measuring one function, without declaring it.
 *
 * @module
 */
import { measureSubject } from "./engine.ts";
import { environment } from "./environment.ts";
import { checkFunction, checkHooks, checkKeys, checkName, checkOptions } from "./options.ts";
import { toSubject } from "./registry.ts";
import type { BenchResult, MeasureOptions, Params } from "./types.ts";

/**
 * Measures one function here and now, for tests and scripts. Takes a second or so, unless `time` and
 * `warmup` say less.
 *
 * @param fn what is measured; if it returns a promise, that is awaited
 * @throws what `fn` throws; {TypeError | RangeError} for wrong arguments
 *
 * @example
 * ```ts
 * import { measure } from "@x/vdso/bench";
 *
 * const text = JSON.stringify({ answer: 42 });
 * const { ns, median, disturbance } = await measure(() => JSON.parse(text), { time: 50 });
 * console.log(ns.p50, median.low, median.high, disturbance.reasons);
 * ```
 */
export async function measure<I = undefined>(
  fn: (input: I) => unknown,
  options: MeasureOptions<I> = {},
): Promise<BenchResult> {
  checkFunction(fn, "fn");
  const own = checkKeys(options, "measure");
  const settings = checkOptions(own);
  checkHooks(own);
  const { name = fn.name, setup, ...rest } = own;
  checkName(name);
  const withSetup = { ...rest, setup: () => setup ? setup() : undefined as I };
  const subject = toSubject<Params, I>(fn, withSetup, {});
  const measured = await measureSubject(subject, settings, environment());
  return { name, group: [], params: {}, ...measured };
}
