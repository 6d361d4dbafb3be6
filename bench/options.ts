/**
 * What callers may get wrong.
 *
 * @module
 */
import { types } from "node:util";
import type { BenchOptions, CompareOptions, MeasureOptions, RunOptions } from "./types.ts";

/** Who takes options, and the keys that each of them knows: all that its type has. */
const KEYS = {
  bench: {
    mode: true,
    time: true,
    warmup: true,
    skip: true,
    params: true,
    setup: true,
    teardown: true,
    beforeSample: true,
    afterSample: true,
  } satisfies Record<keyof BenchOptions, true>,
  measure: {
    name: true,
    mode: true,
    time: true,
    warmup: true,
    setup: true,
    teardown: true,
    beforeSample: true,
    afterSample: true,
  } satisfies Record<keyof MeasureOptions, true>,
  run: {
    filter: true,
    time: true,
    warmup: true,
    onResult: true,
  } satisfies Record<keyof RunOptions, true>,
  compare: {
    alpha: true,
    threshold: true,
    margin: true,
    paired: true,
  } satisfies Record<keyof CompareOptions, true>,
};

/**
 * What is the object's own of them. Throws for what a misspelling makes: it would be ignored in
 * silence.
 */
export function checkKeys<O extends object>(options: O, of: keyof typeof KEYS): O {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Expected \`options\` to be an object, got ${String(options)}`);
  }
  const known = Object.keys(KEYS[of]);
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return ownOf(options);
  throw new TypeError(
    `Expected the keys of \`options\` to be among ${known.join(", ")}, got ${unknown}`,
  );
}

/**
 * The same without what is inherited: a benchmark must not be another one because somebody has
 * written to Object.prototype.
 */
export function ownOf<O extends object>(options: O): O {
  return Object.assign(Object.create(null) as object, options);
}

/** The reason; false if there is none. */
export function checkSkip(skip: unknown = false): string | false {
  if (skip !== false && typeof skip !== "string") {
    throw new TypeError(`Expected \`skip\` to be a reason or false, got ${typeName(skip)}`);
  }
  if (skip !== false && skip.trim() === "") {
    throw new RangeError("Expected `skip` to be a reason or false, got a string without words");
  }
  return skip;
}

function typeName(value: unknown): string {
  return value === null || value === true ? String(value) : typeof value;
}

/** What is left out is filled in; throws for the rest. */
export function checkOptions(
  options: Pick<BenchOptions, "mode" | "time" | "warmup">,
): { mode: "throughput" | "latency"; time: number; warmup: number } {
  const { mode = "throughput", time = 500, warmup = 1000 } = ownOf(options);
  if (mode !== "throughput" && mode !== "latency") {
    throw new RangeError(`Expected \`mode\` to be "throughput" or "latency", got ${String(mode)}`);
  }
  return {
    mode,
    time: nanoseconds(time, "time"),
    warmup: nanoseconds(warmup, "warmup"),
  };
}

function nanoseconds(milliseconds: number, name: string): number {
  if (typeof milliseconds !== "number") {
    throw new TypeError(`Expected \`${name}\` to be a number, got ${typeof milliseconds}`);
  }
  if (milliseconds > 0 && milliseconds < Infinity) return milliseconds * 1e6;
  throw new RangeError(`Expected \`${name}\` to be milliseconds above 0, got ${milliseconds}`);
}

export function checkFunction(fn: unknown, name: string): void {
  if (typeof fn === "function") return;
  throw new TypeError(`Expected \`${name}\` to be a function, got ${typeName(fn)}`);
}

/** What is called before and after: functions, where they are there. */
export function checkHooks(
  hooks: { readonly [K in "setup" | "teardown" | "beforeSample" | "afterSample"]?: unknown },
): void {
  for (const name of ["setup", "teardown", "beforeSample", "afterSample"] as const) {
    if (hooks[name] !== undefined) checkFunction(hooks[name], name);
  }
}

/** What a run does with benchmarks and results. */
export function checkRun({ filter, onResult }: RunOptions): void {
  if (filter !== undefined && !types.isRegExp(filter)) {
    throw new TypeError(
      `Expected \`filter\` to be a regular expression, got ${typeName(filter)}`,
    );
  }
  if (onResult !== undefined) checkFunction(onResult, "onResult");
}

export function checkName(name: unknown): void {
  if (typeof name === "string") return;
  throw new TypeError(`Expected \`name\` to be a string, got ${typeof name}`);
}

/** Whether its keys are all that it has: no Map, no array; of any realm. */
function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Every combination of the parameters' values; the last parameter changes fastest. */
export function combinations(
  params: Readonly<Record<string, readonly unknown[]>> = {},
): Record<string, unknown>[] {
  if (!isPlain(params)) {
    throw new TypeError("Expected `params` to be a plain object of arrays");
  }
  let all: Record<string, unknown>[] = [{}];
  for (const [name, values] of Object.entries(params)) {
    if (!Array.isArray(values) || values.length === 0) {
      throw new TypeError(`Expected \`params.${name}\` to be an array of values`);
    }
    // Array.from() has holes, too, for undefined.
    all = all.flatMap((some) => Array.from(values, (value) => ({ ...some, [name]: value })));
  }
  return all;
}
