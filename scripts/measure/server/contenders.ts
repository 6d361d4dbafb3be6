/** Handlers with what counts their requests around them, as each one's documentation has it. */
import { prometheus } from "@hono/prometheus";
import * as newClient from "@prometheus-io/client";
import type { Context, MiddlewareHandler } from "hono";
import { MeterProvider } from "otel-metrics-3";
import oldClient from "prom-client";
import { type HonoMiddleware, type RequestMetrics, requestMetrics } from "../../../server/mod.ts";
import type { Contender } from "./results.ts";

type Sync = (request: Request) => Response;
type Async = (request: Request) => Promise<Response>;

const HELP = { name: "http_request_duration_seconds", help: "Duration of HTTP requests" };
const LABELS = ["method", "route", "status_code"];
export const ROUTE = "/";
export const OURS = "@x/vdso/server";

/** What a client of Prometheus has that is used here. */
interface Histogram {
  startTimer(labels: object): (labels: object) => unknown;
}

/** Starts to time a request, and returns what ends that. */
export type Start = (method: string) => (status: number) => void;

function startOf(histogram: Histogram): Start {
  return (method) => {
    const end = histogram.startTimer({ method, route: ROUTE });
    return (status) => void end({ status_code: status });
  };
}

/** Those that are called by hand. */
export const STARTS: readonly (readonly [Contender, Start])[] = [
  [
    "prom-client",
    startOf(new oldClient.Histogram({ ...HELP, labelNames: LABELS, registers: [] })),
  ],
  [
    "@prometheus-io/client",
    startOf(new newClient.Histogram({ ...HELP, labelNames: LABELS, registers: [] })),
  ],
  ["OpenTelemetry SDK", openTelemetry()],
];

function openTelemetry(): Start {
  const meter = new MeterProvider().getMeter("bench");
  const histogram = meter.createHistogram("http.server.request.duration", { unit: "s" });
  return (method) => {
    const start = performance.now();
    return (status) =>
      histogram.record((performance.now() - start) / 1000, {
        "http.request.method": method,
        "http.response.status_code": status,
        "http.route": ROUTE,
        "url.scheme": "http",
      });
  };
}

/**
 * It looks at what was asked for, as what routes must: the first look at method or URL is a call into
 * Deno, which would else be added by whoever counts.
 */
const hello: Sync = (request) => new Response(request.url === "" ? "nothing" : "hello");
/** It waits for what is there already, as a cache's client does. */
const later: Async = async (request) => {
  await null;
  return hello(request);
};

export const metrics: RequestMetrics = requestMetrics();

/** Ours is still to be wrapped: see serve.ts. */
export function syncHandlers(): [Contender, Sync][] {
  return [
    // Each a function of its own, and all of one form: so below.
    ["nobody", (request) => hello(request)],
    ["nobody, again", (request) => hello(request)],
    [OURS, (request) => hello(request)],
    ...STARTS.map(([contender, start]): [Contender, Sync] => [contender, (request) => {
      const end = start(request.method);
      const response = hello(request);
      end(response.status);
      return response;
    }]),
  ];
}

export function asyncHandlers(): [Contender, Async][] {
  return [
    ["nobody", (request) => later(request)],
    ["nobody, again", (request) => later(request)],
    [OURS, (request) => later(request)],
    ...STARTS.map(([contender, start]): [Contender, Async] => [contender, async (request) => {
      const end = start(request.method);
      const response = await later(request);
      end(response.status);
      return response;
    }]),
  ];
}

export type Middleware = HonoMiddleware | MiddlewareHandler;

/** Middleware; none for nobody. */
export function honoMiddleware(): [Contender, Middleware?][] {
  return [
    ["nobody"],
    ["nobody, again"],
    [
      "middleware that does nothing",
      (_: unknown, next: () => Promise<unknown>) => next().then(() => {}),
    ],
    [OURS, metrics.hono()],
    ["@hono/prometheus", prometheus({ registry: new oldClient.Registry() }).registerMetrics],
    ...STARTS.map(([contender, start]): [Contender, MiddlewareHandler] => [
      contender,
      async (context: Context, next: () => Promise<void>) => {
        const end = start(context.req.method);
        await next();
        end(context.res.status);
      },
    ]),
  ];
}
