/**
 * The shapes of what comes from outside as JSON: whoever wrote it may be another program, or another
 * version of this one.
 *
 * @module
 */
import type { BenchIdentity } from "../../bench/mod.ts";

/** What a value has to be: of that type, a list of such, or an object with at least such keys. */
export type Shape =
  | "string"
  | "number"
  | "boolean"
  | "object"
  | "string or null"
  | "number or null"
  | readonly [Shape]
  | { readonly [key: string]: Shape };

/** The shape that a type has in JSON. */
export type ShapeOf<T> = { readonly [K in keyof T]-?: Shape };

/** Of a benchmark's identity. */
export const IDENTITY: ShapeOf<BenchIdentity> = {
  name: "string",
  group: ["string"],
  params: "object",
  mode: "string",
};

/** Whether a value is of that shape. */
export function has(value: unknown, shape: Shape): boolean {
  if (shape === "object") return isObject(value);
  const type: string = typeof value;
  if (typeof shape === "string") {
    return type === shape || shape === `${type} or null` ||
      (value === null && shape.endsWith(" or null"));
  }
  if (isList(shape)) {
    return Array.isArray(value) && value.every((item) => has(item, shape[0]));
  }
  return isObject(value) && Object.entries(shape).every(([key, part]) => has(value[key], part));
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}

/** An object, and no list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
