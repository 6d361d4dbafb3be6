/**
 * What callers may get wrong.
 *
 * @module
 */
import type { BenchOptions } from "./types.ts";

/** What is left out is filled in; throws for the rest. */
export function checkOptions(
  options: Pick<BenchOptions, "mode" | "time" | "warmup">,
): { mode: "throughput" | "latency"; time: number; warmup: number } {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Expected \`options\` to be an object, got ${String(options)}`);
  }
  const { mode = "throughput", time = 500, warmup = 1000 } = options;
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

export function checkFunction(fn: unknown, name: "fn" | "declare"): void {
  if (typeof fn === "function") return;
  throw new TypeError(`Expected \`${name}\` to be a function, got ${typeof fn}`);
}

export function checkName(name: unknown): void {
  if (typeof name === "string") return;
  throw new TypeError(`Expected \`name\` to be a string, got ${typeof name}`);
}

/** Every combination of the parameters' values; the last parameter changes fastest. */
export function combinations(
  params: Readonly<Record<string, readonly unknown[]>> = {},
): Record<string, unknown>[] {
  let all: Record<string, unknown>[] = [{}];
  for (const [name, values] of Object.entries(params)) {
    if (!Array.isArray(values) || values.length === 0) {
      throw new TypeError(`Expected \`params.${name}\` to be an array of values`);
    }
    all = all.flatMap((some) => values.map((value: unknown) => ({ ...some, [name]: value })));
  }
  return all;
}
