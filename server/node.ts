/**
 * Requests of node:http, as the runtime tells of them by diagnostics_channel: nothing is wrapped.
 *
 * @module
 */
import { builtin, detectRuntime } from "../core/internals.ts";
import { now, UnsupportedError } from "../mod.ts";
import { ABORT, type Registry } from "./registry.ts";

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
  request: IncomingMessage | undefined;
  response: ServerResponse | undefined;
  start: number;
}

/**
 * Counts from the start of a request until its response is handed to the operating system, or the
 * client has gone.
 *
 * @param patterns what is known of routes by whoever said so
 * @returns what ends that; what is in flight then is not counted
 * @throws {UnsupportedError} where the runtime publishes nothing, which is so in Bun
 */
export function subscribe(registry: Registry, patterns: WeakMap<object, string>): () => void {
  const channels = builtin("node:diagnostics_channel") as DiagnosticsChannel | undefined;
  if (detectRuntime() === "bun" || !channels) {
    throw new UnsupportedError("The node:http of this runtime has no diagnostics channels");
  }
  // Of a connection, since listeners and properties of each response cost more than all the rest.
  // More than one where a client does not wait for a response before it sends the next request.
  const exchangesOf = Symbol("vdso exchanges");
  type Known = Socket & { [exchangesOf]?: Exchange[] };
  const connections = new Set<Known>();

  function end(exchange: Exchange, socket: Socket, status: number): void {
    const { request, start } = exchange;
    if (!request) return;
    const ns = now() - start;
    exchange.request = exchange.response = undefined;
    const pattern = patterns.get(request) ?? expressRoute(request);
    registry.inFlight--;
    registry.route(pattern, socket.encrypted ? "https" : "http")
      .record(request.method ?? "", status, ns);
  }

  function onClose(this: Known): void {
    connections.delete(this);
    for (const exchange of this[exchangesOf] ?? []) end(exchange, this, ABORT);
  }

  function onStart({ request, response, socket }: HttpMessage): void {
    const exchanges = (socket as Known)[exchangesOf] ?? newConnection(socket);
    let exchange = exchanges[0]; // mostly there is one
    if (exchange?.request) exchange = exchanges.find(isFree);
    if (!exchange) exchanges.push(exchange = { request, response, start: 0 });
    exchange.request = request;
    exchange.response = response;
    registry.inFlight++;
    exchange.start = now();
  }

  function newConnection(socket: Known): Exchange[] {
    socket.on("close", onClose);
    connections.add(socket);
    return socket[exchangesOf] = [];
  }

  function onFinish({ response, socket }: HttpMessage): void {
    const exchanges = (socket as Known)[exchangesOf];
    let exchange = exchanges?.[0];
    if (exchange?.response !== response) {
      exchange = exchanges?.find((one) => one.response === response);
    }
    if (exchange) end(exchange, socket, response.statusCode);
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
      for (const { request } of socket[exchangesOf] ?? []) if (request) registry.inFlight--;
      delete socket[exchangesOf];
    }
    connections.clear();
  };
}

function isFree({ request }: Exchange): boolean {
  return request === undefined;
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
function expressRoute({ baseUrl = "", originalUrl, route }: IncomingMessage): string | undefined {
  if (route?.path === undefined) return undefined;
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
