/** Spans of a tracer in a world of its own, and their times. */
import { ROOT_CONTEXT, type Span, trace } from "@opentelemetry/api";
import { assert } from "@std/assert";
import { Anchors } from "../../otel/anchor.ts";
import type { ReadableSpan } from "../../otel/mod.ts";
import { processorOn } from "../../otel/processor.ts";
import { collector, type Exported, nanoseconds, type Sdk } from "./sdks.ts";
import type { World } from "./world.ts";

export const HOUR = 3600; // in seconds
export const MS = 1_000_000; // in nanoseconds
/** Nanoseconds that a few readings of the clocks of {@link World} take. */
const READINGS = 3000n;

/** A tracer in a world of its own, and the spans that it has exported. */
export function traced(sdk: Sdk, world: World) {
  const { processor, spans } = collector();
  const corrected = processorOn(world.clocks, new Anchors(world.clocks), processor);
  return { tracer: sdk.provider(corrected).getTracer("tests"), spans };
}

/** The context of its children. */
export const below = (parent: Span) => trace.setSpan(ROOT_CONTEXT, parent);
/** When a span began and when it ended, in nanoseconds since the epoch. */
export const start = ({ startTime }: ReadableSpan) => nanoseconds(startTime);
export const end = ({ endTime }: ReadableSpan) => nanoseconds(endTime);

/** The first span of this name that has ended. */
export function named(spans: readonly Exported[], name: string): Exported {
  const span = spans.find((span) => span.name === name);
  assert(span !== undefined, `${name} has ended`);
  return span;
}

/** Within what a few readings of a clock take. */
export function assertNear(actual: bigint, expected: bigint): void {
  const difference = actual - expected;
  assert(-READINGS < difference && difference < READINGS, `off by ${difference} ns`);
}
