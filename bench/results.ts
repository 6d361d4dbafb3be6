/**
 * What a benchmarked function returned.
 *
 * @module
 */

/** Whether awaiting it does something. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof property(value, "then") === "function";
}

/** Whether it is an iterator: a generator, say, none of whose code has run yet. */
export function isIterator(value: unknown): boolean {
  return typeof property(value, "next") === "function" &&
    [Symbol.iterator, Symbol.asyncIterator].some((key) =>
      typeof property(value, key) === "function"
    );
}

function property(value: unknown, key: PropertyKey): unknown {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) {
    return undefined;
  }
  try {
    return (value as Record<PropertyKey, unknown>)[key];
  } catch {
    return undefined; // of a proxy, say, that was revoked
  }
}
