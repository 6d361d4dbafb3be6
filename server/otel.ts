/**
 * The counts for OpenTelemetry's readers, which ask a MetricProducer for what is already aggregated.
 *
 * @module
 */
import { hrTime } from "../mod.ts";
import type { Gauges } from "./gauges.ts";
import {
  type Attributes,
  CUMULATIVE,
  type Descriptor,
  EXPONENTIAL_HISTOGRAM,
  type ExponentialHistogram,
  GAUGE,
  HISTOGRAM,
  type Histogram,
  type HrTime,
  type MetricData,
  type MetricProducer,
  type Resource,
} from "./otel_types.ts";
import { BOUNDS } from "./semconv.ts";
import type { SeriesSnapshot, Snapshot } from "./snapshot.ts";

/** What {@link RequestMetrics.metricProducer} takes. */
export interface MetricProducerOptions {
  /**
   * The buckets: `"explicit"` ones of the conventions, which every backend takes, if left out;
   * `"exponential"` ones are within 3 % everywhere.
   */
  readonly histogram?: "explicit" | "exponential";
}

/** What the metrics read. */
export interface OtelSources {
  readonly snapshot: () => Snapshot;
  readonly gauges: () => Gauges;
}

export function producer(
  { snapshot, gauges }: OtelSources,
  histogram: NonNullable<MetricProducerOptions["histogram"]>,
): MetricProducer {
  return {
    collect() {
      const { since, series } = snapshot();
      const times = {
        startTime: [Math.floor(since / 1e3), since % 1e3 * 1e6] satisfies HrTime as HrTime,
        endTime: hrTime() as HrTime,
      };
      const points = <T>(value: (one: SeriesSnapshot) => T) =>
        series.map((one) => ({ ...times, attributes: attributesOf(one), value: value(one) }));
      const duration = {
        descriptor: descriptor(
          "http.server.request.duration",
          "Duration of HTTP server requests.",
          "s",
          "HISTOGRAM",
        ),
        aggregationTemporality: CUMULATIVE,
      } as const;
      const metrics: MetricData[] = [
        histogram === "explicit"
          ? { ...duration, dataPointType: HISTOGRAM, dataPoints: points(explicit) }
          : {
            ...duration,
            dataPointType: EXPONENTIAL_HISTOGRAM,
            dataPoints: points(exponential),
          },
        ...gaugeData(gauges(), times),
      ];
      return Promise.resolve({
        resourceMetrics: {
          resource: NO_RESOURCE,
          scopeMetrics: [{ scope: { name: "@x/vdso/server" }, metrics }],
        },
        errors: [],
      });
    },
  };
}

const NO_RESOURCE: Resource = {
  attributes: {},
  merge: (other) => other as never,
  getRawAttributes: () => [],
};

function descriptor(name: string, description: string, unit: string, type: string): Descriptor {
  return { name, description, unit, type: type as never, valueType: 1 };
}

function explicit({ count, sumNs, buckets }: SeriesSnapshot): Histogram {
  return { buckets: { boundaries: [...BOUNDS], counts: [...buckets] }, sum: sumNs / 1e9, count };
}

function exponential(series: SeriesSnapshot): ExponentialHistogram {
  const { scale, zeroCount, offset, counts } = series.exponential;
  return {
    count: series.count,
    sum: series.sumNs / 1e9,
    scale,
    zeroCount,
    positive: { offset, bucketCounts: [...counts] },
    negative: { offset: 0, bucketCounts: [] },
  };
}

/** By the conventions for HTTP servers, as far as it is known. */
function attributesOf({ labels }: SeriesSnapshot): Attributes {
  if (!labels) return { "otel.metric.overflow": true };
  const { method, scheme, route, status, outcome } = labels;
  const error = outcome === "error"
    ? "exception"
    : outcome === "abort"
    ? "abort"
    : status !== undefined && status >= 500
    ? String(status)
    : undefined;
  return {
    "http.request.method": method,
    "url.scheme": scheme,
    ...(route !== undefined && { "http.route": route }),
    ...(status !== undefined && { "http.response.status_code": status }),
    ...(error !== undefined && { "error.type": error }),
  };
}

function* gaugeData(
  gauges: Gauges,
  times: { startTime: HrTime; endTime: HrTime },
): Generator<MetricData> {
  const { pendingRequests, pendingWebSockets, threadBusy, cpuNsPerRequest } = gauges;
  const cpu = cpuNsPerRequest === undefined ? undefined : cpuNsPerRequest / 1e9;
  for (
    const [name, description, unit, value] of [
      ["requests.pending", "Requests that have begun and not ended.", "{request}", pendingRequests],
      ["websockets.pending", "Open WebSockets.", "{websocket}", pendingWebSockets],
      [
        "thread.busy",
        "Part of the time in which the JavaScript thread had a CPU.",
        "1",
        threadBusy,
      ],
      ["request.cpu", "CPU time of the JavaScript thread per request.", "s", cpu],
    ] as const
  ) {
    if (value === undefined) continue;
    yield {
      descriptor: descriptor(`vdso.server.${name}`, description, unit, "GAUGE"),
      aggregationTemporality: CUMULATIVE,
      dataPointType: GAUGE,
      dataPoints: [{ ...times, attributes: {}, value }],
    };
  }
}
