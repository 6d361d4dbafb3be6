/**
 * Requests of node:http, as the runtime tells of them by diagnostics_channel: nothing is wrapped.
 *
 * @module
 */
import { builtin, detectRuntime } from "../core/internals.ts";
import { now, UnsupportedError } from "../mod.ts";
import { ABORT, type Registry, type Route } from "./registry.ts";
import type { Labels } from "./series.ts";

/** What is read of a request of node:http, and of Express's, which is the same object. */
interface IncomingMessage {
  readonly method?: string;
  /** Of Express: where the router is mounted, what was asked for, and the route. */
  readonly baseUrl?: string;
  readonly originalUrl?: string;
  readonly route?: { readonly path?: unknown };
}

interface ServerResponse {
  readonly statusCode: number;
  readonly req: IncomingMessage;
}

interface Socket {
  readonly encrypted?: boolean;
  on(event: "close", listener: (this: Socket) => void): unknown;
  off(event: "close", listener: (this: Socket) => void): unknown;
}

interface HttpMessage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
}

/** What Fastify publishes when it calls a route's handler. */
interface FastifyMessage {
  readonly request: { readonly raw: object };
  readonly route: { readonly url?: string };
}

interface DiagnosticsChannel {
  subscribe(name: string, listener: (message: never) => void): void;
  unsubscribe(name: string, listener: (message: never) => void): boolean;
}

const START = "http.server.request.start";
const FINISH = "http.server.response.finish";
const FASTIFY = "tracing:fastify.request.handler:start";

/** A request that has begun on a connection; used again for the next one. */
interface Exchange {
  /** Until it has ended. It knows its request: to keep that as well costs the collector's barrier. */
  response: ServerResponse | undefined;
  start: number;
  /** Of requests whose pattern nobody knows. */
  readonly unmatched: Route;
  /** Where a client does not wait for a response before it sends the next request. */
  next: Exchange | undefined;
}

/** The patterns of requests, by whoever said so. */
export class Patterns {
  readonly #patterns = new WeakMap<object, string>();
  /** Most servers never say so, and each look costs more than a property. */
  #some = false;

  get(request: object): string | undefined {
    return this.#some ? this.#patterns.get(request) : undefined;
  }

  set(request: object, pattern: string): void {
    this.#patterns.set(request, pattern);
    this.#some = true;
  }
}

/**
 * Counts from the start of a request until its response is handed to the operating system, or the
 * client has gone.
 *
 * @returns what ends that; what is in flight then is not counted
 * @throws {UnsupportedError} where the runtime publishes nothing, which is so in Bun
 */
export function subscribe(registry: Registry, patterns: Patterns): () => void {
  const channels = builtin("node:diagnostics_channel") as DiagnosticsChannel | undefined;
  if (detectRuntime() === "bun" || !channels) {
    throw new UnsupportedError("The node:http of this runtime has no diagnostics channels");
  }
  // Of a connection, since listeners and properties of each response cost more than all the rest.
  const exchangeOf = Symbol("vdso exchange");
  type Known = Socket & { [exchangeOf]?: Exchange };
  const connections = new Set<Known>();

  function end(
    exchange: Exchange,
    request: IncomingMessage,
    socket: Socket,
    status: number,
  ): void {
    const { start, unmatched } = exchange;
    const ns = now() - start;
    exchange.response = undefined;
    registry.inFlight--;
    const pattern = patterns.get(request) ?? expressRoute(request);
    const route = pattern === undefined ? unmatched : registry.route(pattern, schemeOf(socket));
    route.record(request.method ?? "", status, ns);
  }

  function onClose(this: Known): void {
    connections.delete(this);
    for (let one = this[exchangeOf]; one; one = one.next) {
      if (one.response) end(one, one.response.req, this, ABORT);
    }
  }

  function onStart({ response, socket }: HttpMessage): void {
    let exchange = (socket as Known)[exchangeOf] ?? newConnection(socket);
    while (exchange.response) exchange = exchange.next ??= newExchange(socket);
    exchange.response = response;
    registry.inFlight++;
    exchange.start = now();
  }

  function newConnection(socket: Known): Exchange {
    socket.on("close", onClose);
    connections.add(socket);
    return socket[exchangeOf] = newExchange(socket);
  }

  function newExchange(socket: Socket): Exchange {
    const unmatched = registry.route(undefined, schemeOf(socket));
    return { response: undefined, start: 0, unmatched, next: undefined };
  }

  function onFinish({ request, response, socket }: HttpMessage): void {
    let exchange = (socket as Known)[exchangeOf];
    while (exchange && exchange.response !== response) exchange = exchange.next;
    if (exchange) end(exchange, request, socket, response.statusCode);
  }

  function onFastify({ request, route }: FastifyMessage): void {
    if (route.url !== undefined) patterns.set(request.raw, route.url);
  }

  channels.subscribe(START, onStart);
  channels.subscribe(FINISH, onFinish);
  channels.subscribe(FASTIFY, onFastify);
  return () => {
    channels.unsubscribe(START, onStart);
    channels.unsubscribe(FINISH, onFinish);
    channels.unsubscribe(FASTIFY, onFastify);
    // Connections may live much longer, and nobody would tell when their requests end.
    for (const socket of connections) {
      socket.off("close", onClose);
      for (let one = socket[exchangeOf]; one; one = one.next) if (one.response) registry.inFlight--;
      delete socket[exchangeOf];
    }
    connections.clear();
  };
}

function schemeOf(socket: Socket): Labels["scheme"] {
  return socket.encrypted ? "https" : "http";
}

/** A pattern of literals and names, each of which takes one segment of an address. */
const PLAIN = /^[^*?+(){}]*$/;

/** A route of Express where it was mounted when it was last asked for. */
interface Mounted {
  readonly baseUrl: string;
  readonly pattern: string;
  /** Of an address that it matches; undefined where that may be any number. */
  readonly segments: number | undefined;
}

const mounted = new WeakMap<object, Mounted>();

/** What the router has matched: a string, a regular expression or a list of them. */
function expressRoute(request: IncomingMessage): string | undefined {
  const { route } = request;
  if (route?.path === undefined) return undefined; // the rest is not looked for without need
  const { baseUrl = "", originalUrl } = request;
  let known = mounted.get(route);
  if (known?.baseUrl !== baseUrl) {
    const pattern = baseUrl + String(route.path);
    const plain = typeof route.path === "string" && PLAIN.test(route.path);
    known = { baseUrl, pattern, segments: plain ? segments(pattern) : undefined };
    mounted.set(route, known);
  }
  // When a handler has called next(error), the routers have put baseUrl back: the rest is no route.
  if (known.segments === undefined || originalUrl === undefined) return known.pattern;
  return known.segments === segments(originalUrl) ? known.pattern : undefined;
}

/** How many segments an address has, without what comes after "?". */
function segments(address: string): number {
  let begin = 0;
  if (address.charCodeAt(0) !== SLASH) {
    // As a proxy is asked: http://localhost/path
    begin = address.indexOf("/", address.indexOf("//") + 2);
    if (begin < 0) return 0;
  }
  let count = 0;
  for (let i = begin; i < address.length; i++) {
    const character = address.charCodeAt(i);
    if (character === QUESTION_MARK) break;
    // A slash at the end, or after another, begins no segment.
    const next = address.charCodeAt(i + 1); // NaN at the end
    if (character === SLASH && next !== SLASH && next !== QUESTION_MARK && next > 0) count++;
  }
  return count;
}

const SLASH = 0x2f;
const QUESTION_MARK = 0x3f;
