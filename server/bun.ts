/**
 * The options of `Bun.serve`, with timed handlers in them.
 *
 * @module
 */
import type { Handler } from "./timed.ts";

/**
 * The routes of `Bun.serve` where Bun's types are there, else nothing: it is by them that TypeScript
 * knows what handlers take that are written in the call itself.
 */
export type BunRoutes = typeof globalThis extends
  { Bun: { serve(options: infer Options extends { routes?: unknown }): unknown } }
  ? { routes: NonNullable<Options["routes"]> }
  : never;

/** What is read of the options. */
export interface ServeOptions {
  /** The handler of requests that no route matches. */
  readonly fetch?: unknown;
  /** Handlers, handlers by method, and what Bun answers by itself. */
  readonly routes?: unknown;
  /** Where it is given, a handler that returns nothing has made a WebSocket of its request. */
  readonly websocket?: unknown;
  /** Where it is given, requests come by https. */
  readonly tls?: unknown;
}

/** Wraps one handler of a route; without a route, `fetch`. */
export type WrapHandler = (
  handler: Handler,
  route: string | undefined,
  method: string | undefined,
) => Handler;

/** Says that Bun answers a route by itself. */
export type LeaveAlone = (route: string, method: string | undefined) => void;

type Fields = Record<string, unknown>;

/**
 * A copy of the options, with its handler functions wrapped. All else is as it was: what Bun answers
 * without JavaScript would be slower, and lose its ETag, if a function did.
 */
export function wrapOptions<T extends ServeOptions>(
  options: T,
  wrap: WrapHandler,
  leave: LeaveAlone,
): T {
  const copy = copyOf(options) as Fields;
  if (typeof options.fetch === "function") {
    define(copy, "fetch", wrap(options.fetch as Handler, undefined, undefined));
  }
  if (isObject(options.routes)) define(copy, "routes", wrapRoutes(options.routes, wrap, leave));
  return copy as T;
}

function wrapRoutes(routes: Fields, wrap: WrapHandler, leave: LeaveAlone): Fields {
  const copy = copyOf(routes);
  for (const [route, value] of Object.entries(routes)) {
    if (typeof value === "function") {
      define(copy, route, wrap(value as Handler, route, undefined));
    } else if (isByMethod(value)) {
      define(copy, route, wrapMethods(route, value, wrap, leave));
    } else {
      leave(route, undefined);
    }
  }
  return copy;
}

function wrapMethods(route: string, methods: Fields, wrap: WrapHandler, leave: LeaveAlone) {
  const copy = copyOf(methods);
  for (const [method, value] of Object.entries(methods)) {
    if (typeof value !== "function") leave(route, method);
    else define(copy, method, wrap(value as Handler, route, method));
  }
  return copy;
}

/** Whether it is `{ GET: ... }`: Response, BunFile and HTMLBundle have classes, `{ dir }` no methods. */
function isByMethod(value: unknown): value is Fields {
  if (!isObject(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) &&
    Object.keys(value).some((key) => /^[A-Z]+$/.test(key));
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

/** With getters, and what a class has; what is frozen, or a module, can be changed in the copy. */
function copyOf<T extends object>(object: T): T {
  const descriptors = Object.getOwnPropertyDescriptors(object);
  for (const descriptor of Object.values(descriptors)) descriptor.configurable = true;
  return Object.create(Object.getPrototypeOf(object), descriptors) as T;
}

function define(object: Fields, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
