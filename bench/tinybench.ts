/**
 * This library's clock for tinybench.
 *
 * @module
 */
import { now } from "../mod.ts";

/** What tinybench 6 calls a TimestampProvider, with a clock that returns numbers. */
export interface TimestampProvider {
  /** What tinybench's results call it. */
  readonly name: string;
  /** Nanoseconds. */
  readonly fn: () => number;
  /** Milliseconds in the unit of `fn`. */
  readonly fromMs: (milliseconds: number) => number;
  /** Of what `fn` and `fromMs` return; tinybench's type wants a bigint to be taken, too. */
  readonly toMs: (nanoseconds: number | bigint) => number;
}

/**
 * For tinybench's option `timestampProvider`: `now()`, in nanoseconds.
 *
 * @example
 * ```ts ignore
 * import { timestampProvider } from "@x/vdso/bench/tinybench";
 * import { Bench } from "tinybench";
 *
 * const bench = new Bench({ timestampProvider });
 * ```
 */
export const timestampProvider: TimestampProvider = {
  name: "vdso",
  fn: now,
  fromMs: (milliseconds) => milliseconds * 1e6,
  toMs: (nanoseconds) => Number(nanoseconds) / 1e6,
};
