/**
 * The wrapper around a handler of requests: from its call until its response is ready.
 *
 * @module
 */
import { builtin } from "../core/internals.ts";
import { now } from "../mod.ts";
import { ABORT, ERROR, type Registry, type Route, UPGRADE } from "./registry.ts";
import { OTHER_METHOD } from "./semconv.ts";
import type { End, RequestLike, Streams } from "./streams.ts";

/** A handler as Bun, Deno and fetch-style servers call it: what it takes is none of our business. */
export type Handler = (this: never, ...args: never[]) => unknown;
type MaybeRequest = RequestLike | null | undefined;
type AnyHandler = (this: unknown, ...args: unknown[]) => unknown;

/** Few give up sooner, and a signal that nobody has asked for costs as much as all else here. */
export const LEAST_ABORT_NS = 1e6;

/** The runtime's own, whatever has replaced `Promise`: zone.js, say. */
const { then } = (async () => {})();

/** So many objects wait for further requests of a handler: 10 KB. */
const MOST_SPARE = 100;

/** A request whose promise is waited for. */
interface Pending {
  next: Pending | undefined;
  request: MaybeRequest;
  method: string;
  start: number;
  readonly onResponse: (this: void, response: unknown) => void;
  readonly onError: (this: void) => void;
}

/** How a handler is timed. */
export interface Timing {
  readonly registry: Registry;
  readonly route: Route;
  readonly streams: Streams;
  /** Of all requests: then it is not read. */
  readonly method: string | undefined;
  /**
   * Where it is Bun that calls the handler. Its signals tell if the client has gone: Deno's makes Deno
   * print a warning, and other servers' may cost what they like. It waits for promises alone.
   */
  readonly bun: BunTiming | undefined;
}

/** What only the server of Bun knows. */
export interface BunTiming {
  /** The route on the server that answers: asked with that server at the first request. */
  readonly routeOn: (server: unknown) => Route;
  /** Whether a handler may return nothing, since it has made a WebSocket of the request. */
  readonly upgrades: () => boolean;
}

/**
 * Wraps a handler. It is called with the same `this`, arguments and number of arguments, up to four, and
 * what it returns is passed on as it is: a promise stays the same promise.
 */
export function timed<F extends Handler>(handler: F, timing: Timing): F {
  const { registry, streams, bun } = timing;
  let { route } = timing;
  let routeOn = bun?.routeOn;
  const inner = handler as unknown as AnyHandler;

  function end(method: string, status: number, ns: number): void {
    registry.inFlight--;
    route.record(method, status, ns);
  }

  function ready(
    request: MaybeRequest,
    method: string,
    response: unknown,
    start: number,
    ns: number,
  ): void {
    const status = statusOf(response, bun);
    if (streams.open !== 0 && streams.continue(request, start, status, laterEnd(method))) return;
    end(method, status, ns);
  }

  /** A function of its own, since closures of one function share what they keep. */
  function laterEnd(method: string): End {
    return (status, ns) => end(method, status, ns);
  }

  function failed(request: MaybeRequest, method: string, status: number, ns: number): void {
    end(method, status, ns);
    streams.forget(request);
  }

  let free: Pending | undefined;
  let spare = 0;

  /** What waits for promises, and is used again: closures for each cost as much as all else here. */
  function makePending(): Pending {
    const pending: Pending = {
      next: undefined,
      request: undefined,
      method: "",
      start: 0,
      onResponse(response) {
        const { request, method, start } = pending;
        const ns = now() - start;
        release(pending);
        if (ns > LEAST_ABORT_NS && gone(request)) failed(request, method, ABORT, ns);
        else ready(request, method, response, start, ns);
      },
      onError() {
        const { request, method, start } = pending;
        const ns = now() - start;
        release(pending);
        // What the handler waited for may have been given up because the client has gone.
        failed(request, method, gone(request) ? ABORT : ERROR, ns);
      },
    };
    return pending;
  }

  function release(pending: Pending): void {
    pending.request = undefined;
    if (spare === MOST_SPARE) return;
    pending.next = free;
    free = pending;
    spare++;
  }

  function follow(
    request: MaybeRequest,
    method: string,
    promise: Promise<unknown>,
    start: number,
  ): void {
    let pending = free;
    if (pending) {
      free = pending.next;
      spare--;
    } else pending = makePending();
    pending.request = request;
    pending.method = method;
    pending.start = start;
    const { onResponse, onError } = pending;
    // The promise that then() makes is nobody's, and never rejects.
    if (promise.then === then) {
      promise.then(onResponse, onError);
    } else if (bun && !(promise instanceof Promise)) {
      // Of another realm, say. Bun does not ask it for a then() either.
      then.call(promise, onResponse, onError);
    } else {
      // A then() of somebody else's may call back more than once: resolve() heeds the first call.
      new Promise((resolve) => resolve(promise)).then(onResponse, onError);
    }
  }

  function gone(request: MaybeRequest): boolean {
    try {
      return bun !== undefined && request?.signal?.aborted === true;
    } catch {
      return false; // somebody else's request
    }
  }

  function wrapper(
    this: unknown,
    request?: RequestLike | null,
    second?: unknown,
    third?: unknown,
    fourth?: unknown,
  ): unknown {
    // Before the handler: Deno has no method any more once a WebSocket has been made of a request.
    const method = timing.method ?? methodOf(request);
    if (routeOn) {
      route = routeOn(second);
      routeOn = undefined;
    }
    const start = now();
    registry.inFlight++;
    let result;
    try {
      // No server gives more than three. Their number is cheap, but `arguments` itself, or `...more`,
      // would have Bun make an object at each call.
      const count = arguments.length;
      if (count === 2) result = inner.call(this, request, second);
      else if (count === 1) result = inner.call(this, request);
      else if (count === 0) result = inner.call(this);
      else if (count === 3) result = inner.call(this, request, second, third);
      else result = inner.call(this, request, second, third, fourth);
    } catch (error) {
      failed(request, method, ERROR, now() - start);
      throw error;
    }
    if (!(result instanceof Promise)) {
      if (!(bun ? bunWaitsFor(result) : isThenable(result))) {
        ready(request, method, result, start, now() - start);
        return result;
      }
      // What is lazy may begin anew each time that it is waited for: so that is done once.
      if (!bun) result = Promise.resolve(result);
    }
    follow(request, method, result as Promise<unknown>, start);
    return result;
  }

  // Deno makes no request for a handler that takes none.
  Object.defineProperties(wrapper, {
    length: { value: handler.length, configurable: true },
    name: { value: handler.name, configurable: true },
  });
  return wrapper as unknown as F;
}

// What follows reads objects of others, whose getters may throw. That must not become the response.

function methodOf(request: MaybeRequest): string {
  try {
    return request?.method ?? OTHER_METHOD;
  } catch {
    return OTHER_METHOD;
  }
}

/** The status of a response, or what is in its place. */
export function statusOf(response: unknown, bun?: BunTiming): number {
  if (response === undefined || response === null) return bun?.upgrades() ? UPGRADE : ERROR;
  try {
    const { status } = response as { status?: unknown };
    return typeof status === "number" && status > 0 ? status : ERROR; // Response.error() has 0
  } catch {
    return ERROR;
  }
}

let types: { isPromise(value: unknown): boolean } | undefined;

/**
 * Whether Bun waits for what is no `instanceof Promise`: it does for what the runtime has made as a
 * promise, in another realm too, and whatever has replaced `Promise` since.
 */
function bunWaitsFor(result: unknown): boolean {
  if (result instanceof Response) return false; // as a rule, and isPromise() takes longer to say so
  types ??= builtin("node:util/types") as typeof types;
  return types?.isPromise(result) === true;
}

function isThenable(result: unknown): boolean {
  if (result === undefined || result === null) return false;
  try {
    return typeof (result as { then?: unknown }).then === "function";
  } catch {
    return false;
  }
}
