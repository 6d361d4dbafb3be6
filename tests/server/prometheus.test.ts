// npm test: bun, node26 (one of each engine)
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import * as official from "@prometheus-io/client";
import { test } from "node:test";
import * as older from "prom-client";
import { requestMetrics } from "../../server/mod.ts";

/** Both have the same functions, under types that do not fit each other. */
const CLIENTS: [string, typeof older][] = [
  ["prom-client", older],
  ["@prometheus-io/client", official as unknown as typeof older],
];
const request = new Request("http://localhost/");

/** Metrics with some requests in them, two of them of https. */
function some() {
  const metrics = requestMetrics({ maxSeries: 5 });
  const answers = (status: number, route?: string, scheme: "http" | "https" = "http") =>
    metrics.handler((_: Request) => new Response("", { status }), {
      ...(route !== undefined && { route }),
      scheme,
    })(request);
  for (let i = 0; i < 3; i++) answers(200, "/users/:id");
  for (let i = 0; i < 2; i++) answers(200, "/users/:id", "https");
  answers(404);
  answers(500, 'with "quotes"\n');
  assertThrows(() =>
    metrics.handler((_: Request) => {
      throw new Error();
    }, { route: "/throws" })(request)
  );
  answers(200, "/one/too/many");
  return metrics;
}

/** Of the exposition's lines those of one name, without what time it took. */
const lines = (text: string, name: string) =>
  text.split("\n").filter((line) => line.startsWith(name) && !line.includes("_sum")).sort();

for (const [name, client] of CLIENTS) {
  test(`${name} exposes the histogram`, async () => {
    const register = new client.Registry();
    const own = new client.Counter({ name: "own", help: "The caller's", registers: [register] });
    own.inc();
    some().prometheus(register);
    const text = await register.metrics();
    assertMatch(text, /^# TYPE http_request_duration_seconds histogram$/m);
    assertMatch(text, /^own 1$/m);
    assertEquals(lines(text, "http_request_duration_seconds_count"), [
      'http_request_duration_seconds_count{method="GET",route="/throws",status_code="error"} 1',
      'http_request_duration_seconds_count{method="GET",route="/users/:id",status_code="200"} 5',
      'http_request_duration_seconds_count{method="GET",route="with \\"quotes\\"\\n",status_code="500"} 1',
      'http_request_duration_seconds_count{method="GET",status_code="404"} 1',
      'http_request_duration_seconds_count{otel_metric_overflow="true"} 1',
    ]);
    const buckets = lines(text, "http_request_duration_seconds_bucket")
      .filter((line) => line.includes("/users/:id"));
    assertEquals(buckets.length, 15);
    assert(buckets.some((line) => /le="0.005".*\} [0-5]$/.test(line)), buckets.join("\n"));
    assert(buckets.some((line) => /le="\+Inf".*\} 5$/.test(line)), buckets.join("\n"));
  });

  test(`${name} exposes what a client of its own would, but for the time`, async () => {
    const ours = new client.Registry();
    const theirs = new client.Registry();
    const metrics = requestMetrics();
    metrics.prometheus(ours);
    const histogram = new client.Histogram({
      name: "http_request_duration_seconds",
      help: "Duration of HTTP requests in seconds, until the response is ready",
      labelNames: ["method", "route", "status_code"],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
      registers: [theirs],
    });
    const handler = metrics.handler((_: Request) => new Response(), { route: "/" });
    for (let i = 0; i < 3; i++) {
      handler(request);
      histogram.observe({ method: "GET", route: "/", status_code: "200" }, 1e-5);
    }
    // The order of labels means nothing.
    const shape = async (registry: typeof ours) =>
      (await registry.getSingleMetricAsString("http_request_duration_seconds")).split("\n")
        .map((line) =>
          line.replace(/\{(.*)\}/, (_, labels: string) => `{${labels.split(",").sort()}}`)
            .replace(/(?<=_sum.*\} ).*/, "")
            .replace(/(?<=_bucket\{.*\} )\d$/, "")
        );
    assertEquals(await shape(ours), await shape(theirs));
  });

  test(`${name} exposes the gauges, as differences between scrapes`, async () => {
    const register = new client.Registry();
    const metrics = some();
    metrics.prometheus(register);
    const value = (text: string, name: string) =>
      Number(new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1] ?? NaN);
    await register.metrics();
    const quiet = await register.metrics();
    assertEquals(value(quiet, "http_requests_pending"), 0);
    assertEquals(value(quiet, "http_request_cpu_seconds"), NaN); // there was no request
    let end = () => {};
    const pending = metrics.handler((_: Request) =>
      new Promise<Response>((resolve) => end = () => resolve(new Response()))
    )(request);
    metrics.handler((_: Request) => new Response())(request);
    const busy = await register.metrics();
    assertEquals(value(busy, "http_requests_pending"), 1);
    const ratio = value(busy, "http_thread_busy_ratio");
    assert(ratio >= 0 && ratio <= 1, `${ratio}`);
    assert(value(busy, "http_request_cpu_seconds") > 0);
    end();
    await pending;
  });

  test(`${name} refuses to take it twice, and resets it`, async () => {
    const register = new client.Registry();
    const metrics = some();
    metrics.prometheus(register);
    assertThrows(() => metrics.prometheus(register), Error, "already been registered");
    register.resetMetrics();
    const text = await register.metrics();
    const counts = lines(text, "http_request_duration_seconds_count");
    assertEquals(counts.length, 5);
    for (const line of counts) assertMatch(line, /\} 0$/);
  });

  test(`${name} speaks OpenMetrics, and merges what Workers have`, async () => {
    const register = new client.Registry<older.OpenMetricsContentType>();
    register.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE);
    some().prometheus(register);
    assertMatch(await register.metrics(), /# EOF\n$/);
    const all = [await register.getMetricsAsJSON(), await register.getMetricsAsJSON()];
    const aggregated = client.AggregatorRegistry.aggregate(all);
    assertMatch(
      await aggregated.metrics(),
      /^http_request_duration_seconds_count\{.*"\/users\/:id".*\} 10$/m,
    );
  });
}

test("gauges are looked at anew while fake timers hold back microtasks", async () => {
  const register = new older.Registry();
  const metrics = requestMetrics();
  metrics.prometheus(register);
  const { queueMicrotask } = globalThis;
  globalThis.queueMicrotask = () => {};
  try {
    const pending = async () => /^http_requests_pending (.*)$/m.exec(await register.metrics())?.[1];
    assertEquals(await pending(), "0");
    metrics.handler((_: Request) => new Promise<Response>(() => {}))(request);
    assertEquals(await pending(), "1");
  } finally {
    globalThis.queueMicrotask = queueMicrotask;
  }
});

test("TypeScript takes the registries of both clients", () => {
  requestMetrics().prometheus(new older.Registry());
  requestMetrics().prometheus(new official.Registry());
});
