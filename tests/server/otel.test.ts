// npm test: bun, node26 (one of each engine)
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import * as line1 from "otel-metrics-1";
import * as line2 from "otel-metrics-2";
import * as line3 from "otel-metrics-3";
import { quantile, requestMetrics } from "../../server/mod.ts";

const request = new Request("http://localhost/");

/** What a test looks at of what a reader collects. */
interface Point {
  attributes: Record<string, unknown>;
  startTime: [number, number];
  endTime: [number, number];
  value: {
    count: number;
    sum: number;
    scale: number;
    buckets: { boundaries: number[]; counts: number[] };
    positive: { offset: number; bucketCounts: number[] };
  };
}
interface Collected {
  resourceMetrics: {
    resource: { attributes: Record<string, unknown> };
    scopeMetrics: {
      scope: { name: string };
      metrics: {
        descriptor: { name: string; unit: string };
        dataPointType: number;
        dataPoints: Point[];
      }[];
    }[];
  };
  errors: unknown[];
}

type Metrics = ReturnType<typeof requestMetrics>;
type Histogram = "explicit" | "exponential";

/**
 * By line of the SDK: a reader with our producer beside an instrument of the SDK's own. A class for
 * each line, so that TypeScript holds our types against each of theirs.
 */
const LINES: Readonly<
  Record<string, (metrics: Metrics, histogram?: Histogram) => () => Promise<Collected>>
> = {
  "1": (metrics, histogram) => {
    class Reader extends line1.MetricReader {
      protected override onForceFlush = () => Promise.resolve();
      protected override onShutdown = () => Promise.resolve();
    }
    const options = histogram ? { histogram } : {};
    const reader = new Reader({ metricProducers: [metrics.metricProducer(options)] });
    const provider = new line1.MeterProvider({ readers: [reader] });
    provider.getMeter("own").createCounter("own").add(1);
    return async () => await reader.collect() as unknown as Collected;
  },
  "2": (metrics, histogram) => {
    class Reader extends line2.MetricReader {
      protected override onForceFlush = () => Promise.resolve();
      protected override onShutdown = () => Promise.resolve();
    }
    const options = histogram ? { histogram } : {};
    const reader = new Reader({ metricProducers: [metrics.metricProducer(options)] });
    const provider = new line2.MeterProvider({ readers: [reader] });
    provider.getMeter("own").createCounter("own").add(1);
    return async () => await reader.collect() as unknown as Collected;
  },
  "3": (metrics, histogram) => {
    class Reader extends line3.MetricReader {
      protected override onForceFlush = () => Promise.resolve();
      protected override onShutdown = () => Promise.resolve();
    }
    const options = histogram ? { histogram } : {};
    const reader = new Reader({ metricProducers: [metrics.metricProducer(options)] });
    const provider = new line3.MeterProvider({ readers: [reader] });
    provider.getMeter("own").createCounter("own").add(1);
    return async () => await reader.collect() as unknown as Collected;
  },
};

function some(): Metrics {
  const metrics = requestMetrics();
  const answer = (status: number, route?: string) =>
    metrics.handler((_: Request) => new Response("", { status }), {
      ...(route !== undefined && { route }),
      scheme: "https",
    })(request);
  answer(200, "/users/:id");
  answer(200, "/users/:id");
  answer(503);
  try {
    metrics.handler((_: Request) => {
      throw new Error();
    }, { route: "/throws" })(request);
  } catch {
    // It is counted.
  }
  return metrics;
}

for (const [line, readerOf] of Object.entries(LINES)) {
  const metricsOf = async (metrics: Metrics, histogram?: Histogram) => {
    const { resourceMetrics: { resource, scopeMetrics }, errors } = await readerOf(
      metrics,
      histogram,
    )();
    assertEquals(errors, []);
    assertEquals(scopeMetrics.map(({ scope }) => scope.name), ["own", "@x/vdso/server"]);
    // The resource is that of the provider.
    assertEquals("service.name" in resource.attributes, true);
    return scopeMetrics[1]!.metrics;
  };

  test(`line ${line} of OpenTelemetry's SDK reads http.server.request.duration`, async () => {
    const metrics = some();
    const [duration] = await metricsOf(metrics);
    const { name, unit } = duration!.descriptor;
    assertEquals([name, unit, duration!.dataPointType], ["http.server.request.duration", "s", 0]);
    assertEquals(duration!.dataPoints.map(({ attributes }) => attributes), [
      {
        "http.request.method": "GET",
        "url.scheme": "https",
        "http.route": "/users/:id",
        "http.response.status_code": 200,
      },
      {
        "http.request.method": "GET",
        "url.scheme": "https",
        "http.response.status_code": 503,
        "error.type": "503",
      },
      {
        "http.request.method": "GET",
        "url.scheme": "http",
        "http.route": "/throws",
        "error.type": "exception",
      },
    ]);
    const [{ value, startTime, endTime }] = duration!.dataPoints as [Point];
    assertEquals(value.count, 2);
    assertEquals(value.buckets.boundaries.length, 14);
    assertEquals(value.buckets.counts.reduce((sum, count) => sum + count), 2);
    assert(value.sum > 0 && value.sum < 60);
    assert(startTime[0] <= endTime[0] && endTime[0] - startTime[0] < 600);
    for (const [seconds, nanoseconds] of [startTime, endTime]) {
      assertLess(Math.abs(seconds - Date.now() / 1000), 600);
      assert(Number.isInteger(nanoseconds) && nanoseconds >= 0 && nanoseconds < 1e9);
    }
  });

  test(`line ${line} of OpenTelemetry's SDK reads exponential buckets, losslessly`, async () => {
    const metrics = some();
    const [duration] = await metricsOf(metrics, "exponential");
    assertEquals(duration!.dataPointType, 1);
    const [{ value }] = duration!.dataPoints as [Point];
    const [series] = metrics.snapshot().series;
    assertEquals(value.scale, 4);
    assertEquals(value.positive.offset, series!.exponential.offset);
    assertEquals(value.positive.bucketCounts, [...series!.exponential.counts]);
    // The slower of the two, out of their buckets and out of ours.
    const last = value.positive.offset + value.positive.bucketCounts.length - 1;
    const [lower, upper] = [2 ** (last / 16) * 1e9, 2 ** ((last + 1) / 16) * 1e9];
    const ours = quantile([series!], 1);
    assert(lower < ours && ours < upper, `${ours} in ${lower} to ${upper}`);
  });

  test(`line ${line} of OpenTelemetry's SDK reads the gauges`, async () => {
    const [, ...gauges] = await metricsOf(some());
    assertEquals(gauges.map(({ dataPointType }) => dataPointType), gauges.map(() => 2));
    const names = gauges.map(({ descriptor }) => descriptor.name);
    assertEquals(names[0], "vdso.server.requests.pending");
    assertEquals(names.includes("vdso.server.thread.busy"), true);
  });
}

test("OpenTelemetry's PrometheusExporter is scraped for the histogram and the gauges", async () => {
  const metrics = some();
  const exporter = new PrometheusExporter({
    preventServerStart: true, // it would listen on a port of its own choice
    metricProducers: [metrics.metricProducer()],
  });
  const provider = new line2.MeterProvider({ readers: [exporter] });
  const server = createServer((request, response) =>
    exporter.getMetricsRequestHandler(request, response)
  );
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const text = await (await fetch(`http://localhost:${port}/metrics`)).text();
    const name = "http_server_request_duration"; // without the unit, which it has in a comment
    const linesOf = (name: string, route: string) =>
      text.split("\n").filter((line) =>
        line.startsWith(`${name}{`) && line.includes(`http_route="${route}"`)
      );
    const values = (lines: string[]) => lines.map((line) => Number(/\} (\S+)/.exec(line)?.[1]));
    assertMatch(text, new RegExp(`^# TYPE ${name} histogram$`, "m"));
    assertEquals(values(linesOf(`${name}_count`, "/users/:id")), [2]);
    assertEquals(values(linesOf(`${name}_count`, "/throws")), [1]);
    const buckets = linesOf(`${name}_bucket`, "/users/:id");
    assertEquals([buckets.length, values(buckets).at(-1)], [15, 2]);
    assertMatch(buckets.at(-1) ?? "", /le="\+Inf"/);
    assertMatch(text, /^vdso_server_requests_pending\{.*\} 0$/m);
  } finally {
    await provider.shutdown();
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }
});

test("the overflow series is what OpenTelemetry calls one", async () => {
  const metrics = requestMetrics({ maxSeries: 1 });
  for (const route of ["/a", "/b"]) metrics.handler(() => new Response(), { route })();
  const { resourceMetrics } = await metrics.metricProducer().collect();
  const [duration] = resourceMetrics.scopeMetrics[0]!.metrics;
  assertEquals(duration!.dataPoints[1]?.attributes, { "otel.metric.overflow": true });
});
