/** Spans with the times of this library's clock. */
import { show } from "../core/internals.ts";
import {
  addNs,
  type Anchor,
  type Anchors,
  anchors,
  type Clocks,
  nsBetween,
  SYSTEM,
  timeAt,
} from "./anchor.ts";
import { isGiven } from "./hr_time.ts";
import type { HrTime, ReadableSpan, SpanProcessor } from "./types.ts";

/**
 * A span processor that gives each span this library's times, and passes it on to `next`, for the
 * SDK's lines 1, 2 and 3.
 *
 * The SDK takes the start of a span from `Date.now()`, in whole milliseconds and from a clock that may
 * be set meanwhile, and adds what `performance.now()` counts. Here the start is a reading of
 * CLOCK_MONOTONIC, and all that a local root has below it counts from one anchor on the wall clock:
 * nanoseconds, in order, children inside their parents, also when the wall clock is set. Nothing is
 * patched: what `next.onEnd()` gets is a plain copy, and the span itself keeps the SDK's times.
 *
 * Times that the caller gave stay. The SDK does not say which those are, so they are recognized:
 *
 * - a start by the SDK's own mark; before its version 1.10 by not being the time at which the span
 *   was started;
 * - an end or an event by coming from {@link hrTime} or {@link toHrTime}, by being a whole number of
 *   milliseconds from the start, as those of `Date` are, or by lying outside the span. What is none
 *   of these counts from the start, and moves with it, by less than a millisecond.
 * - In a span whose start was given, the SDK's own times are whole milliseconds of `Date.now()`: its
 *   events stay, and its end gets the nanoseconds, if it is just now, or was put at the start because
 *   `Date.now()` was before that.
 *
 * Costs one to two microseconds a span. Where the process has been forbidden to ask the time, spans pass
 * through as they are. See https://opentelemetry.io/docs/specs/otel/trace/sdk/#span-processor.
 *
 * @param next a BatchSpanProcessor, say, which passes the spans on to an exporter
 * @throws {TypeError} if `next` is no span processor
 *
 * @example
 * ```ts
 * import { clockSpanProcessor } from "@x/vdso/otel";
 *
 * // With the SDK: next = new BatchSpanProcessor(new OTLPTraceExporter())
 * const next = {
 *   onStart() {},
 *   onEnd({ name, duration }: { name: string; duration: [number, number] }) {
 *     console.log(name, duration);
 *   },
 *   forceFlush: () => Promise.resolve(),
 *   shutdown: () => Promise.resolve(),
 * };
 * // new NodeSDK({ spanProcessors: [processor] })
 * const processor = clockSpanProcessor(next);
 * await processor.shutdown();
 * ```
 */
export function clockSpanProcessor(next: SpanProcessor): SpanProcessor {
  return processorOn(SYSTEM, anchors, next);
}

/** How a span began. */
interface Begin {
  readonly anchor: Anchor;
  /** The monotonic clock's reading. */
  readonly now: number;
  /** Whether the caller gave the start. */
  readonly given: boolean;
}

/** {@link clockSpanProcessor} on other clocks. */
export function processorOn(
  clocks: Clocks,
  anchors: Anchors,
  next: SpanProcessor,
): SpanProcessor {
  checkProcessor(next);
  // What the first reading loads is loaded before there are spans.
  const first = clocks.now();
  if (!Number.isNaN(first)) anchors.at(first);
  const begun = new WeakMap<object, Begin>();
  return {
    onStart(span, parentContext) {
      const now = clocks.now();
      if (!Number.isNaN(now)) {
        const given = isStartGiven(span, clocks);
        // A given start is of the wall clock as it is now, whatever the trace began with.
        const parent = given ? undefined : begun.get(parentContext.getValue(SPAN) as object);
        begun.set(span, { anchor: parent?.anchor ?? anchors.at(now), now, given });
      }
      next.onStart(span, parentContext);
    },
    ...(next.onEnding && { onEnding: (span: ReadableSpan) => next.onEnding?.(span) }),
    onEnd(span) {
      const now = clocks.now();
      const begin = begun.get(span);
      const unknown = begin === undefined || Number.isNaN(now);
      next.onEnd(unknown ? span : corrected(span, begin, now, clocks));
    },
    forceFlush: () => next.forceFlush(),
    shutdown: () => next.shutdown(),
  };
}

/** The key of the span in a context, for which OpenTelemetry's API takes a registered symbol. */
const SPAN = Symbol.for("OpenTelemetry Context Key SPAN");

function checkProcessor(next: SpanProcessor): void {
  for (const name of ["onStart", "onEnd", "forceFlush", "shutdown"] as const) {
    const method: unknown = next?.[name];
    if (typeof method === "function") continue;
    throw new TypeError(`Expected \`next\` to have a method ${name}(), got ${show(method)}`);
  }
}

const MS = 1e6;
/** Nanoseconds that may pass between two readings of clocks, one of them the SDK's. */
const PAUSE = 1000 * MS;

/** What the SDK has known since version 1.10, and does not say in its interface. */
interface Mark {
  readonly _startTimeProvided?: unknown;
}

function isStartGiven(span: ReadableSpan, { wall }: Clocks): boolean {
  const { _startTimeProvided: mark } = span as Mark;
  return typeof mark === "boolean" ? mark : !isDateNow(span.startTime, wall());
}

/** Whether a time is what `Date.now()` said just before `now`. */
function isDateNow(time: HrTime, now: HrTime): boolean {
  const age = nsBetween(time, now);
  return time[1] % MS === 0 && age >= 0 && age < 2 * MS;
}

/** A plain copy, with all that the span has. */
function corrected(span: ReadableSpan, begin: Begin, now: number, clocks: Clocks): ReadableSpan {
  const startTime = begin.given ? span.startTime : timeAt(begin.anchor, begin.now);
  const end = begin.given
    ? dateEnd(span, begin, now, clocks)
    : counted(span.endTime, span, begin, now);
  const ns = Math.max(0, nsBetween(startTime, end));
  return {
    ...span,
    // What the SDK's class has as methods and accessors, which a spread leaves out.
    spanContext: () => span.spanContext(),
    ended: span.ended,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
    startTime,
    endTime: addNs(startTime, ns),
    duration: addNs([0, 0], ns),
    events: begin.given ? span.events : span.events.map((event) => ({
      ...event,
      time: counted(event.time, span, begin, now),
    })),
  };
}

/**
 * The end of a span whose start was given: then the SDK ends it at `Date.now()`, and at its start if
 * that is later. It may well be: a start may have nanoseconds, and the wall clock be set back.
 */
function dateEnd(
  { startTime, endTime }: ReadableSpan,
  { anchor }: Begin,
  now: number,
  { wall }: Clocks,
): HrTime {
  if (isGiven(endTime)) return endTime;
  const time = wall();
  const isStart = nsBetween(startTime, endTime) === 0 && nsBetween(startTime, time) < 2 * MS;
  return isStart || isDateNow(endTime, time) ? timeAt(anchor, now) : endTime;
}

/**
 * The time of an end or an event of a span whose start was not given: there the SDK adds to the start
 * what `performance.now()` has counted since. That is the same clock as ours, so the start is all that
 * has to be another. Ours was read a little later, or much later if the thread was interrupted:
 * no time may be later than the end.
 */
function counted(time: HrTime, span: ReadableSpan, begin: Begin, now: number): HrTime {
  const ns = nsBetween(span.startTime, time);
  const length = now - begin.now;
  const isOwn = ns === 0 || ns > 0 && ns <= length + PAUSE && ns % MS !== 0;
  if (!isOwn || isGiven(time)) return time;
  return timeAt(begin.anchor, begin.now + Math.min(ns, length));
}
