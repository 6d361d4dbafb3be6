/**
 * `requestMetrics()`: what counts requests, and what reads the counts.
 *
 * @module
 */
import { now } from "../mod.ts";
import { checkFunction, checkObject, checkOneOf, checkPositive, checkString } from "./arguments.ts";
import { type BunRoutes, type ServeOptions, wrapOptions } from "./bun.ts";
import { gaugeReader, type Gauges, type ServerLike, Servers } from "./gauges.ts";
import { type HonoMiddleware, honoMiddleware } from "./hono.ts";
import { Patterns, subscribe } from "./node.ts";
import { type MetricProducerOptions, producer } from "./otel.ts";
import type { MetricProducer } from "./otel_types.ts";
import { type PrometheusRegistry, register as registerMetrics } from "./prometheus.ts";
import { Registry } from "./registry.ts";
import { BOUNDS } from "./semconv.ts";
import type { Labels } from "./series.ts";
import { type Snapshot, snapshotOf } from "./snapshot.ts";
import { type RequestLike, type StreamLike, Streams } from "./streams.ts";
import { type Handler, timed, type Timing } from "./timed.ts";

/** What {@link requestMetrics} takes. */
export interface RequestMetricsOptions {
  /**
   * How many series there may be, of about 6.5 KB each; 1000 if left out. What comes after the last one
   * is counted together, in a series without labels.
   */
  readonly maxSeries?: number;
}

/** What {@link RequestMetrics.handler} takes beside the handler. */
export interface HandlerOptions {
  /** The pattern that all requests of this handler match. Left out, they get no route. */
  readonly route?: string;
  /**
   * The method of all its requests, which is not read then: Deno takes 250 ns for it, unless the
   * handler reads `url` or `method` anyway. Left out, a handler that takes no request has `_OTHER`.
   */
  readonly method?: string;
  /** `"http"` if left out. */
  readonly scheme?: Labels["scheme"];
}

/** Counts requests, and has the counts. The functions need no `this`. */
export interface RequestMetrics {
  /**
   * A copy of options for `Bun.serve` or `server.reload`, in which the handler functions are timed:
   * `fetch`, and those in `routes`, whose keys are the routes. All else is as it was. A request costs
   * 50 to 200 ns more, up to 500 with an asynchronous handler.
   *
   * @throws {TypeError} if `options` is no object
   */
  readonly serve: <T extends object>(options: T | BunRoutes) => T;
  /**
   * A timed handler, for `Deno.serve` and whatever else calls a function with a request and wants a
   * response, or a promise of one. It has the same name and number of parameters, and passes on up to
   * four arguments. In Deno a request costs 50 to 200 ns more, up to 300 with an asynchronous handler.
   *
   * @throws {TypeError} if `handler` is no function, or `route` or `method` no string
   * @throws {RangeError} if `scheme` is another
   */
  readonly handler: <F extends Handler>(handler: F, options?: HandlerOptions) => F;
  /** Middleware for Hono, in any runtime: `app.use(metrics.hono())`, before all other. */
  readonly hono: () => HonoMiddleware;
  /**
   * Counts the requests of all servers of node:http in this thread, and so of Express, Fastify, Koa and
   * Nest: 500 to 1000 ns a request. Returns what ends that; what is in flight then is not counted. Node
   * tells nothing of upgrades and CONNECT, so they are not counted.
   *
   * @throws {UnsupportedError} where node:http publishes nothing, which is so in Bun
   */
  readonly node: () => () => void;
  /**
   * Tells the route of a request of node:http, for frameworks that do not say it. Undefined: none.
   *
   * @throws {TypeError} if `pattern` is no string
   */
  readonly route: (request: object, pattern: string | undefined) => void;
  /**
   * A stream of the same chunks, to be the body of the response: its end is the end of the request.
   * If nobody reads it after all, the request is counted as any other: at once if the handler cancels
   * the stream, else when that has been garbage-collected.
   *
   * @throws {TypeError} if somebody reads `source` already
   */
  readonly stream: <S extends StreamLike>(request: RequestLike, source: S) => S;
  /**
   * Has the pending requests and WebSockets of a server of Bun among the gauges, and returns it.
   *
   * @throws {TypeError} if it is no such server
   */
  readonly watch: <S extends ServerLike>(server: S) => S;
  /** What is pending, and what the thread has done since the last call of this function. */
  readonly gauges: () => Gauges;
  /**
   * Registers the histogram and the gauges in a registry of prom-client or @prometheus-io/client.
   *
   * @throws {TypeError} if `register` is no such registry
   * @throws {Error} if it has metrics of these names; the registry says that
   */
  readonly prometheus: (register: PrometheusRegistry) => void;
  /**
   * For the option `metricProducers` of OpenTelemetry's readers, in the SDK's lines 1, 2 and 3.
   *
   * @throws {RangeError} if `histogram` is of another kind
   */
  readonly metricProducer: (options?: MetricProducerOptions) => MetricProducer;
  /**
   * What is not counted, since Bun answers it without JavaScript: `/logo.png`, `GET /logo.png`. Of each
   * route, as the options say that had it last. What a reload leaves out stays here, since those
   * options may as well be for another server.
   */
  readonly uncounted: readonly string[];
  /** All that was counted until now, as plain data. Takes some microseconds a series. */
  readonly snapshot: () => Snapshot;
}

/**
 * Makes an empty one. Binds the clock, as `bind()` of the library does.
 *
 * @throws {TypeError} if `maxSeries` is no number
 * @throws {RangeError} if it is no positive integer
 *
 * @example
 * ```ts
 * import { requestMetrics } from "@x/vdso/server";
 *
 * const metrics = requestMetrics();
 * const hello = metrics.handler((_: Request) => new Response("hello"), { route: "/hello" });
 * hello(new Request("http://localhost/hello"));
 * const [series] = metrics.snapshot().series;
 * console.log(series?.labels, `${series?.sumNs} ns`);
 * ```
 */
export function requestMetrics(options: RequestMetricsOptions = {}): RequestMetrics {
  const { maxSeries = 1000 } = options;
  checkPositive("maxSeries", maxSeries);
  now(); // binds, which the first request need not wait for
  const registry = new Registry(maxSeries);
  const streams = new Streams();
  const patterns = new Patterns();
  const servers = new Servers();
  /** What is wrapped already, so that nothing is counted twice. */
  const wrapped = new WeakSet<object>();
  // Of the servers of serve(): server.reload() may leave out what the server is to keep.
  let hasTls = false;
  let hasWebSockets = false;
  const upgrades = () => hasWebSockets;

  function wrap<F extends Handler>(handler: F, timing: Omit<Timing, "registry" | "streams">): F {
    if (wrapped.has(handler)) return handler;
    const result = timed(handler, { registry, streams, ...timing });
    wrapped.add(result);
    return result;
  }

  const snapshot = (): Snapshot => ({
    since: registry.since,
    at: Date.now(),
    inFlight: registry.inFlight,
    uncounted: registry.uncounted(),
    bounds: BOUNDS,
    series: [...registry.series()].map(snapshotOf),
  });

  return {
    serve<T extends object>(given: T | BunRoutes): T {
      const options = checkObject("options", given) as T & ServeOptions;
      if (options.tls !== undefined) hasTls = Boolean(options.tls);
      if (options.websocket !== undefined) hasWebSockets = true;
      const scheme = hasTls ? "https" : "http";
      // It may be a reload of that server, or another one beside it.
      const guessed = hasTls && options.tls === undefined;
      return wrapOptions(options, (handler, pattern, ofMethod) => {
        const route = registry.route(pattern, scheme);
        // Where the scheme is guessed the series may never be any.
        if (pattern !== undefined && !guessed) route.bind(ofMethod ?? "GET", 200);
        // Of a reload, only the server that answers knows; there may be more than one.
        const routeOn = (server: unknown) => registry.route(pattern, schemeOf(server) ?? scheme);
        // Bun also asks the handler of GET for the head alone.
        return wrap(handler, { route, method: undefined, bun: { routeOn, upgrades } });
      }, (pattern, requests) => registry.leave(pattern, requests));
    },
    handler(handler, { route: pattern, method, scheme = "http" } = {}) {
      checkFunction("handler", handler);
      if (pattern !== undefined) checkString("route", pattern);
      if (method !== undefined) checkString("method", method);
      checkOneOf("scheme", ["http", "https"], scheme);
      const route = registry.route(pattern, scheme);
      return wrap(handler, { route, method, bun: undefined });
    },
    hono: () => honoMiddleware(registry, streams),
    node: () => subscribe(registry, patterns),
    route(request, pattern) {
      if (pattern !== undefined) patterns.set(request, checkString("pattern", pattern));
    },
    stream: <S extends StreamLike>(request: RequestLike, source: S) =>
      streams.add(request, source as unknown as ReadableStream<unknown>) as unknown as S,
    watch(server) {
      const { pendingRequests, pendingWebSockets } = checkObject("server", server);
      if (typeof pendingRequests !== "number" || typeof pendingWebSockets !== "number") {
        throw new TypeError("Expected `server` to have pendingRequests and pendingWebSockets");
      }
      servers.add(server);
      return server;
    },
    get uncounted() {
      return registry.uncounted();
    },
    gauges: gaugeReader(registry, servers),
    snapshot,
    prometheus(register) {
      checkFunction("register.registerMetric", checkObject("register", register).registerMetric);
      const gauges = gaugeReader(registry, servers);
      registerMetrics(register, { snapshot, gauges, reset: () => registry.reset() });
    },
    metricProducer({ histogram = "explicit" } = {}) {
      checkOneOf("histogram", ["explicit", "exponential"], histogram);
      return producer({ snapshot, gauges: gaugeReader(registry, servers) }, histogram);
    },
  };
}

/** As Bun's server says it; undefined where there is none. */
function schemeOf(server: unknown): Labels["scheme"] | undefined {
  const { protocol } = (server ?? {}) as { protocol?: unknown };
  return protocol === "http" || protocol === "https" ? protocol : undefined;
}
