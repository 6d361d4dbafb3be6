/**
 * What this room takes of OpenTelemetry's types: structural, so that the SDK's lines 1, 2 and 3 all
 * fit, and nothing of OpenTelemetry is imported.
 *
 * @module
 */

/** Whole seconds since the Unix epoch, and nanoseconds from 0 to 999999999. */
export type HrTime = [seconds: number, nanoseconds: number];

/** OpenTelemetry's `Context`. */
export interface Context {
  /** The value that the context has for a key. */
  getValue(key: symbol): unknown;
}

/** An event of a span. */
export interface TimedEvent {
  /** When it was. */
  time: HrTime;
  /** What it was. */
  name: string;
}

/** OpenTelemetry's `ReadableSpan`, as much of it as is needed here; all of it is passed on. */
export interface ReadableSpan {
  /** What the span is about. */
  readonly name: string;
  /** Its ids. */
  readonly spanContext: () => { readonly traceId: string; readonly spanId: string };
  /** When it began. */
  readonly startTime: HrTime;
  /** When it ended. */
  readonly endTime: HrTime;
  /** From begin to end. */
  readonly duration: HrTime;
  /** Whether it has ended. */
  readonly ended: boolean;
  /** What happened meanwhile. */
  readonly events: TimedEvent[];
  /** How many attributes were dropped. */
  readonly droppedAttributesCount: number;
  /** How many events were dropped. */
  readonly droppedEventsCount: number;
  /** How many links were dropped. */
  readonly droppedLinksCount: number;
}

/** OpenTelemetry's `SpanProcessor`. */
export interface SpanProcessor {
  /** A span has begun. */
  onStart(span: ReadableSpan, parentContext: Context): void;
  /** A span is about to end. */
  onEnding?(span: ReadableSpan): void;
  /** A span has ended. */
  onEnd(span: ReadableSpan): void;
  /** Exports what is still there. */
  forceFlush(): Promise<void>;
  /** Does that, and ends. */
  shutdown(): Promise<void>;
}
