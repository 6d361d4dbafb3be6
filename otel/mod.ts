/**
 * OpenTelemetry's spans on this library's clock: nanoseconds, in order, and safe from whoever sets
 * the wall clock meanwhile.
 *
 * - {@link clockSpanProcessor}: in front of any span processor, for the spans of any instrumentation;
 * - {@link hrTime}, {@link toHrTime}: the times that a program gives to OpenTelemetry itself.
 *
 * Nothing of OpenTelemetry is imported: its types are structural, and the SDK's lines 1, 2 and 3
 * fit them. docs/opentelemetry.md has a whole set-up.
 *
 * @module
 */
export { hrTime, toHrTime } from "./hr_time.ts";
export { clockSpanProcessor } from "./processor.ts";
export type { Context, HrTime, ReadableSpan, SpanProcessor, TimedEvent } from "./types.ts";
