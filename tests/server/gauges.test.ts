import { assert, assertEquals, assertGreater } from "@std/assert";
import { test } from "node:test";
import { now } from "../../mod.ts";
import { requestMetrics } from "../../server/mod.ts";
import { sleep, until } from "./support.ts";
import { statisticalTest } from "../support.ts";

const request = new Request("http://localhost/");

function spin(ms: number): void {
  const end = now() + ms * 1e6;
  while (now() < end) continue;
}

test("gauges() adds up what the watched servers say, as long as they live", async () => {
  const metrics = requestMetrics();
  assertEquals(metrics.gauges().pendingRequests, 0);
  assertEquals("pendingWebSockets" in metrics.gauges(), false);
  const servers = [
    { pendingRequests: 1, pendingWebSockets: 10 },
    { pendingRequests: 2, pendingWebSockets: 20 },
  ];
  for (const server of servers) assertEquals(metrics.watch(server), server);
  metrics.watch(servers[0]!); // once more
  const { pendingRequests, pendingWebSockets } = metrics.gauges();
  assertEquals([pendingRequests, pendingWebSockets], [3, 30]);
  const alone = requestMetrics();
  const pending = alone.handler((_: Request) => sleep(5).then(() => new Response()))(request);
  assertEquals(alone.gauges().pendingRequests, 1);
  await pending;
  await until(() => alone.gauges().pendingRequests === 0);
  assertEquals(alone.gauges().pendingRequests, 0);
});

statisticalTest("gauges() tells a busy thread from one that waits", {}, async () => {
  const { gauges } = requestMetrics();
  gauges();
  await sleep(200);
  const idle = gauges().threadBusy ?? NaN;
  spin(200);
  const busy = gauges().threadBusy ?? NaN;
  assert(idle >= 0 && busy <= 1, `${idle}, ${busy}`);
  // A machine with more to do than CPUs gives the thread a part of one.
  assertGreater(busy, 2 * idle);
});

statisticalTest("gauges() tells the CPU time of a request", {}, async () => {
  const metrics = requestMetrics();
  const handler = metrics.handler((_: Request) => {
    spin(10);
    return new Response();
  });
  metrics.gauges();
  for (let i = 0; i < 10; i++) handler(request);
  await sleep(50); // costs nothing
  const { cpuNsPerRequest = NaN, threadBusy = NaN } = metrics.gauges();
  // 10 ms at most; less where others had the CPU meanwhile.
  assert(cpuNsPerRequest > 1e5 && cpuNsPerRequest < 12e6, `${cpuNsPerRequest} ns`);
  assert(threadBusy > 0 && threadBusy < 1, `${threadBusy}`);
  assertEquals("cpuNsPerRequest" in metrics.gauges(), false); // no request since
});

test("each reader has differences of its own", () => {
  const metrics = requestMetrics();
  metrics.handler((_: Request) => new Response())(request);
  spin(5);
  assert("cpuNsPerRequest" in metrics.gauges());
  const other = requestMetrics();
  other.handler((_: Request) => new Response())(request);
  const producer = other.metricProducer();
  other.gauges();
  other.handler((_: Request) => new Response())(request);
  spin(5);
  other.gauges();
  return producer.collect().then(({ resourceMetrics }) => {
    const names = resourceMetrics.scopeMetrics[0]!.metrics.map(({ descriptor }) => descriptor.name);
    assert(names.includes("vdso.server.request.cpu"), `${names}`);
  });
});
