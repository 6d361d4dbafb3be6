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
  /** What `routes` was called before Bun 1.2.3; Bun reads it where there are no `routes`. */
  readonly static?: unknown;
  /** Where it is given, a handler that returns nothing has made a WebSocket of its request. */
  readonly websocket?: unknown;
  /** Where it is given, requests come by https, as a rule: Bun takes empty options for none. */
  readonly tls?: unknown;
}

/** Wraps one handler of a route; without a route, `fetch`. */
export type WrapHandler = (
  handler: Handler,
  route: string | undefined,
  method: string | undefined,
) => Handler;

/** Says of each route what of it Bun answers by itself: `/logo.png`, `GET /logo.png`; often nothing. */
export type LeaveAlone = (route: string, requests: readonly string[]) => void;

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
  const key = options.routes === undefined ? "static" : "routes";
  const routes = options[key];
  if (isObject(routes)) define(copy, key, wrapRoutes(routes, wrap, leave));
  return copy as T;
}

function wrapRoutes(routes: Fields, wrap: WrapHandler, leave: LeaveAlone): Fields {
  const copy = copyOf(routes);
  for (const [route, value] of Object.entries(routes)) {
    const left: string[] = [];
    if (typeof value === "function") {
      define(copy, route, wrap(value as Handler, route, undefined));
    } else if (isByMethod(value)) {
      define(copy, route, wrapMethods(route, value, wrap, left));
    } else if (value) { // else `fetch` answers it
      left.push(route);
    }
    leave(route, left);
  }
  return copy;
}

function wrapMethods(route: string, methods: Fields, wrap: WrapHandler, left: string[]) {
  const copy = copyOf(methods);
  for (const [method, value] of Object.entries(methods)) {
    if (typeof value === "function") define(copy, method, wrap(value as Handler, route, method));
    else if (value) left.push(`${method} ${route}`);
  }
  return copy;
}

/** Whether it is `{ GET: ... }`, which a Response, BunFile, HTMLBundle and `{ dir }` are not. */
function isByMethod(value: unknown): value is Fields {
  return isObject(value) && Object.keys(value).some((key) => /^[A-Z]+$/.test(key));
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

/** With what a class has; what is frozen, or a module, can be changed in the copy. */
function copyOf<T extends object>(object: T): T {
  const copy = Object.create(Object.getPrototypeOf(object)) as T;
  for (
    let from: object = object;
    from && from !== Object.prototype;
    from = Object.getPrototypeOf(from) as object
  ) {
    for (const key of Reflect.ownKeys(from) as (keyof T)[]) {
      const own = Object.getOwnPropertyDescriptor(from, key) as PropertyDescriptor;
      // Getters are asked of the original, since they may read its private fields.
      if (own.get) own.get = () => object[key];
      else if (from !== object) continue;
      if (!Object.hasOwn(copy, key)) {
        Object.defineProperty(copy, key, { ...own, configurable: true });
      }
    }
  }
  return copy;
}

function define(object: Fields, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
