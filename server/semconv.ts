/**
 * What OpenTelemetry's conventions say of HTTP servers, as far as it is needed here.
 *
 * See https://opentelemetry.io/docs/specs/semconv/http/http-metrics/.
 *
 * @module
 */

/** The upper bounds of the explicit buckets, in seconds; one more bucket goes to infinity. */
export const BOUNDS: readonly number[] = [
  0.005,
  0.01,
  0.025,
  0.05,
  0.075,
  0.1,
  0.25,
  0.5,
  0.75,
  1,
  2.5,
  5,
  7.5,
  10,
];

/** RFC 9110, PATCH of RFC 5789 and QUERY: a client can send any other word. */
const METHODS = new Set([
  "CONNECT",
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "PATCH",
  "POST",
  "PUT",
  "QUERY",
  "TRACE",
]);

/** What stands for all others. */
export const OTHER_METHOD = "_OTHER";

/** A method as a label: there are eleven of them. */
export function knownMethod(method: string): string {
  return METHODS.has(method) ? method : OTHER_METHOD;
}
