/**
 * The counts for prom-client and @prometheus-io/client, whose registries take any object that has a
 * `get()`.
 *
 * @module
 */
import type { Gauges } from "./gauges.ts";
import type { Labels } from "./series.ts";
import { addSeries, type SeriesSnapshot, type Snapshot } from "./snapshot.ts";

/** What is used of a registry of either client. */
export interface PrometheusRegistry {
  /** Takes a metric of any kind. */
  registerMetric(metric: never): void;
}

interface Value {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** What a registry reads of a metric. */
interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "histogram" | "gauge";
  /** How the clients' cluster modules add up what several processes say. */
  readonly aggregator: "sum" | "average";
  readonly get: () => Promise<Omit<Metric, "get" | "reset"> & { values: Value[] }>;
  readonly reset: () => void;
}

/** What the metrics read. */
export interface PrometheusSources {
  readonly snapshot: () => Snapshot;
  readonly gauges: () => Gauges;
  readonly reset: () => void;
}

const NAME = "http_request_duration_seconds";

const { queueMicrotask } = globalThis; // fake timers would never call what they are given

/** Registers a histogram and four gauges. */
export function register(registry: PrometheusRegistry, sources: PrometheusSources): void {
  const { snapshot, gauges, reset } = sources;
  // One look for the four of a scrape, since each look is at what came after the last one.
  let looked: Gauges | undefined;
  const look = () => {
    queueMicrotask(() => looked = undefined); // registries ask all of their metrics at once
    return looked ??= gauges();
  };
  const gauge = (
    name: string,
    help: string,
    aggregator: Metric["aggregator"],
    read: (gauges: Gauges) => number | undefined,
  ) =>
    metric({ name, help, type: "gauge", aggregator }, () => {}, () => {
      const value = read(look());
      return value === undefined ? [] : [{ labels: {}, value }];
    });
  for (
    const each of [
      metric(
        {
          name: NAME,
          help: "Duration of HTTP requests in seconds, until the response is ready",
          type: "histogram",
          aggregator: "sum",
        },
        reset,
        () => histogramValues(snapshot()),
      ),
      gauge(
        "http_requests_pending",
        "HTTP requests that have begun and not ended",
        "sum",
        ({ pendingRequests }) => pendingRequests,
      ),
      gauge(
        "http_websockets_pending",
        "Open WebSockets",
        "sum",
        ({ pendingWebSockets }) => pendingWebSockets,
      ),
      gauge(
        "http_thread_busy_ratio",
        "Part of the time since the last scrape in which the JavaScript thread had a CPU",
        "average",
        ({ threadBusy }) => threadBusy,
      ),
      gauge(
        "http_request_cpu_seconds",
        "CPU time of the JavaScript thread per HTTP request since the last scrape",
        "average",
        ({ cpuNsPerRequest }) => cpuNsPerRequest === undefined ? undefined : cpuNsPerRequest / 1e9,
      ),
    ]
  ) registry.registerMetric(each as never);
}

function metric(
  fields: Omit<Metric, "get" | "reset">,
  reset: () => void,
  values: () => Value[],
): Metric {
  return { ...fields, reset, get: () => Promise.resolve({ ...fields, values: values() }) };
}

function histogramValues({ bounds, series }: Snapshot): Value[] {
  // Schemes are no label here: what differs in that alone would be there twice.
  const groups = Map.groupBy(series, ({ labels }) => JSON.stringify(promLabels(labels)));
  return [...groups.values()].flatMap((group) => seriesValues(bounds, addSeries(group)));
}

function seriesValues(bounds: readonly number[], series: SeriesSnapshot): Value[] {
  const labels = promLabels(series.labels);
  let sum = 0;
  return [
    ...series.buckets.map((count, i) => ({
      metricName: `${NAME}_bucket`,
      labels: { le: bounds[i] ?? "+Inf", ...labels },
      value: sum += count,
    })),
    { metricName: `${NAME}_sum`, labels, value: series.sumNs / 1e9 },
    { metricName: `${NAME}_count`, labels, value: series.count },
  ];
}

/** A status, or how the request ended without one: `error`, `abort`. No route, no label. */
function promLabels(labels: Labels | undefined): Record<string, string> {
  if (!labels) return { otel_metric_overflow: "true" }; // as OpenTelemetry's name becomes one here
  const { method, route, status, outcome } = labels;
  return {
    method,
    ...(route !== undefined && { route }),
    status_code: String(status ?? outcome),
  };
}
