/**
 * This library's clock for mitata.
 *
 * `measure(fn, { now })` of mitata takes it; `bench()` and `run()` of mitata 1.0 have no way to be
 * given a clock. Nanoseconds, as mitata wants them.
 *
 * @example
 * ```ts ignore
 * import { now } from "@x/vdso/bench/mitata";
 * import { measure } from "mitata";
 *
 * const { p50 } = await measure(() => JSON.parse("{}"), { now });
 * ```
 *
 * @module
 */
export { now } from "../mod.ts";
