/**
 * The Server-Timing header.
 *
 * @module
 */
import { show } from "../core/internals.ts";

/** What {@link serverTiming} takes beside the durations. */
export interface ServerTimingOptions {
  /**
   * Nanoseconds: durations are rounded to multiples of this, and smaller ones than half of it become
   * 0. 1 if left out. A millisecond tells whoever may read the header what they could measure anyway,
   * and not which branch a comparison of secrets took.
   */
  readonly quantum?: number;
}

/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/;

/**
 * The value of a Server-Timing header: `serverTiming({ db: 1_234_567 })` is `"db;dur=1.234567"`.
 *
 * Browsers show it among a request's timings, to pages of the same origin, and to others if
 * Timing-Allow-Origin names them; curl shows it to anybody. Costs about a microsecond. See
 * https://www.w3.org/TR/server-timing/.
 *
 * @param durations nanoseconds by name; a NaN, which a clock answers that the kernel has forbidden
 * meanwhile, leaves the name without a duration
 * @throws {TypeError} if a name is not a token of HTTP, or a duration not a number
 * @throws {RangeError} if a duration is negative or infinite, or `quantum` not above 0
 *
 * @example
 * ```ts
 * import { now } from "@x/vdso";
 * import { serverTiming } from "@x/vdso/server";
 *
 * const start = now();
 * const rows = JSON.parse('[{"id": 1}]');
 * const headers = { "server-timing": serverTiming({ db: now() - start }, { quantum: 1000 }) };
 * console.log(Response.json(rows, { headers }).headers.get("server-timing")); // db;dur=0.012
 * ```
 */
export function serverTiming(
  durations: Readonly<Record<string, number>>,
  options: ServerTimingOptions = {},
): string {
  const { quantum = 1 } = options;
  if (!(quantum > 0 && quantum < Infinity)) {
    throw new RangeError(`Expected \`quantum\` to be above 0 and finite, got ${show(quantum)}`);
  }
  return Object.entries(durations).map(([name, ns]) => metric(name, ns, quantum)).join(", ");
}

function metric(name: string, ns: number, quantum: number): string {
  if (!TOKEN.test(name)) {
    throw new TypeError(`Expected \`durations\` to have tokens for names, got ${show(name)}`);
  }
  if (typeof ns !== "number") {
    throw new TypeError(`Expected \`${name}\` to be a number of nanoseconds, got ${show(ns)}`);
  }
  if (Number.isNaN(ns)) return name;
  if (!(ns >= 0 && ns < Infinity)) {
    throw new RangeError(`Expected \`${name}\` to be 0 or more nanoseconds, got ${show(ns)}`);
  }
  return `${name};dur=${milliseconds(Math.round(ns / quantum) * quantum)}`;
}

/** Without an exponent, and without zeros at its end. */
function milliseconds(ns: number): string {
  return (ns / 1e6).toFixed(6).replace(/\.?0+$/, "");
}
