/**
 * Request timing for servers: what did each request cost, by route, in nanoseconds.
 *
 * {@link requestMetrics} counts the requests of `Bun.serve`, `Deno.serve`, Hono, node:http and what is
 * built on that, in histograms by route, method and status. Your own registry of Prometheus metrics
 * or your own OpenTelemetry reader takes them from there.
 *
 * ```ts ignore
 * import { requestMetrics } from "@x/vdso/server";
 *
 * const metrics = requestMetrics();
 * Bun.serve(metrics.serve({
 *   routes: {
 *     "/users/:id": (request) => new Response(`user ${request.params.id}`),
 *     "/metrics": () => Response.json(metrics.snapshot()),
 *   },
 * }));
 * ```
 *
 * - A request costs 50 to 200 ns more, up to 500 with an asynchronous handler; nothing is kept of it.
 * - The duration is from the call of the handler until its response is ready.
 * - Quantiles are within 3 %, sums and counts exact.
 *
 * docs/servers.md is the guide.
 *
 * @module
 */
export {
  type HandlerOptions,
  type RequestMetrics,
  requestMetrics,
  type RequestMetricsOptions,
} from "./metrics.ts";
export type { BunRoutes } from "./bun.ts";
export type { Labels, Outcome } from "./series.ts";
export {
  type ExponentialCounts,
  merge,
  quantile,
  type SeriesSnapshot,
  type Snapshot,
} from "./snapshot.ts";
export type { Gauges, ServerLike } from "./gauges.ts";
export type { MetricProducerOptions } from "./otel.ts";
export type {
  Attributes,
  Buckets,
  CollectionResult,
  DataPoint,
  Descriptor,
  ExponentialHistogram,
  Histogram,
  HrTime,
  Metric,
  MetricData,
  MetricProducer,
  Resource,
} from "./otel_types.ts";
export type { PrometheusRegistry } from "./prometheus.ts";
export { serverTiming, type ServerTimingOptions } from "./server_timing.ts";
export type { HonoContext, HonoMiddleware } from "./hono.ts";
export type { RequestLike, StreamLike } from "./streams.ts";
export type { Handler } from "./timed.ts";
