/**
 * OpenTelemetry's SDK in its three lines. The second wants version 1.9 of the API and the third 1.10;
 * package.json gives all of them 1.10, since only one can be at the root.
 */
import * as sdk3 from "@opentelemetry/sdk-trace";
import type { Tracer } from "@opentelemetry/api";
import * as sdk1 from "otel-trace-1";
import * as sdk2 from "otel-trace-2";
import { clockSpanProcessor } from "../../otel/mod.ts";
import type { HrTime, ReadableSpan, SpanProcessor } from "../../otel/mod.ts";

/** What the tests look at, in all lines. */
export interface Exported extends ReadableSpan {
  readonly kind: number;
  readonly attributes: Record<string, unknown>;
  readonly links: { context: { spanId: string }; attributes?: Record<string, unknown> }[];
  readonly status: { code: number; message?: string };
  readonly resource: unknown;
  readonly parentSpanId?: string;
  readonly parentSpanContext?: { spanId: string };
  readonly instrumentationLibrary?: { name: string };
  readonly instrumentationScope?: { name: string };
}

interface Provider {
  getTracer(name: string): Tracer;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

export interface Sdk {
  readonly line: 1 | 2 | 3;
  provider(processor: SpanProcessor): Provider;
  /** A processor of the SDK, and the spans that come out at its end. */
  simple(): { processor: SpanProcessor; spans(): Exported[] };
  batch(): { processor: SpanProcessor; spans(): Exported[] };
}

// That these compile is a test, too: the SDK's processors go in, and what comes out is one.
export const SDKS: readonly Sdk[] = [
  {
    line: 1,
    provider: (processor) => new sdk1.BasicTracerProvider({ spanProcessors: [processor] }),
    simple() {
      const exporter = new sdk1.InMemorySpanExporter();
      const processor = clockSpanProcessor(new sdk1.SimpleSpanProcessor(exporter));
      return { processor, spans: () => exporter.getFinishedSpans() };
    },
    batch() {
      const exporter = new sdk1.InMemorySpanExporter();
      const processor = clockSpanProcessor(new sdk1.BatchSpanProcessor(exporter));
      return { processor, spans: () => exporter.getFinishedSpans() };
    },
  },
  {
    line: 2,
    provider: (processor) => new sdk2.BasicTracerProvider({ spanProcessors: [processor] }),
    simple() {
      const exporter = new sdk2.InMemorySpanExporter();
      const processor = clockSpanProcessor(new sdk2.SimpleSpanProcessor(exporter));
      return { processor, spans: () => exporter.getFinishedSpans() };
    },
    batch() {
      const exporter = new sdk2.InMemorySpanExporter();
      const processor = clockSpanProcessor(new sdk2.BatchSpanProcessor(exporter));
      return { processor, spans: () => exporter.getFinishedSpans() };
    },
  },
  {
    line: 3,
    provider: (processor) => new sdk3.TracerProvider({ spanProcessors: [processor] }),
    simple() {
      const exporter = new sdk3.InMemorySpanExporter();
      const processor = clockSpanProcessor(new sdk3.SimpleSpanProcessor({ exporter }));
      return { processor, spans: () => exporter.getFinishedSpans() };
    },
    batch() {
      const exporter = new sdk3.InMemorySpanExporter();
      const processor = clockSpanProcessor(new sdk3.BatchSpanProcessor({ exporter }));
      return { processor, spans: () => exporter.getFinishedSpans() };
    },
  },
];

/** Keeps what it gets. */
export function collector(): { processor: SpanProcessor; spans: Exported[] } {
  const spans: Exported[] = [];
  const processor = {
    onStart() {},
    onEnd(span: ReadableSpan) {
      spans.push(span as Exported);
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  return { processor, spans };
}

/** Nanoseconds since the epoch, exact. */
export function nanoseconds([seconds, ns]: Readonly<HrTime>): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(ns);
}
