/**
 * What callers may get wrong, said in the words of the library's other errors.
 *
 * @module
 */
import { show } from "../core/internals.ts";

function message(name: string, what: string, value: unknown): string {
  return `Expected \`${name}\` to be ${what}, got ${show(value)}`;
}

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw new TypeError(message(name, "a function", value));
}

export function checkObject<T>(name: string, value: T): T & object {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(message(name, "an object", value));
  }
  return value;
}

export function checkString(name: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(message(name, "a string", value));
  return value;
}

export function checkPositive(name: string, value: unknown): void {
  if (typeof value !== "number") throw new TypeError(message(name, "a number", value));
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(message(name, "a positive integer", value));
  }
}

export function checkOneOf(name: string, values: readonly string[], value: string): void {
  if (!values.includes(value)) {
    throw new RangeError(message(name, values.map(show).join(" or "), value));
  }
}
