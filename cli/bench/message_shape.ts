/**
 * Whether what came as a message is one. Any program may print what looks like it.
 *
 * @module
 */
import type { BenchResult } from "../../bench/mod.ts";
import type { ChildMessage } from "./child.ts";
import { has, IDENTITY, isObject, type Shape, type ShapeOf } from "./shape.ts";

const RESULT: ShapeOf<BenchResult> = {
  ...IDENTITY,
  async: "boolean",
  ns: {
    min: "number",
    p50: "number",
    p75: "number",
    p90: "number",
    p99: "number",
    p999: "number",
    p9999: "number",
    max: "number",
    mean: "number",
    deviation: "number",
  } satisfies ShapeOf<BenchResult["ns"]>,
  histogram: [["number"]],
  median: { low: "number", high: "number", level: "number" },
  slices: ["number"],
  samples: "number",
  calls: "number",
  batch: "number",
  clock: { name: "string", source: "string", costNs: "number", resolutionNs: "number" },
  baseline: { ns: "number", p99: "number" },
  warmup: { ns: "number", calls: "number", settled: "boolean" },
  disturbance: { disturbed: "boolean", reasons: ["string"], unreadable: "object" },
  warnings: [{ code: "string", message: "string" }],
};

const SHAPES: Readonly<Record<ChildMessage["kind"], Shape>> = {
  run: { names: ["string"] },
  result: { result: RESULT },
  skipped: { benchmark: { ...IDENTITY, reason: "string" } },
  thrown: { benchmark: IDENTITY, error: "string" },
  failed: { error: "string" },
  end: { declared: "number" },
  exit: { declared: "number" },
};

/** The message that a text is; undefined if it is none. */
export function parseMessage(text: string): ChildMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const kind = isObject(value) ? value["kind"] : undefined;
  const isKnown = typeof kind === "string" && Object.hasOwn(SHAPES, kind);
  return isKnown && has(value, SHAPES[kind as ChildMessage["kind"]])
    ? value as ChildMessage
    : undefined;
}
