// npm test: bun, node26 (one of each engine)
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { now } from "../../mod.ts";
import { requestMetrics } from "../../server/mod.ts";
import { Streams } from "../../server/streams.ts";
import { runtime } from "../support.ts";
import { counts, ended, sleep } from "./support.ts";

const request = () => new Request("http://localhost/");

/** Some chunks, with time between them. */
function slow(chunks: number, failAt = Infinity): ReadableStream<string> {
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      await sleep(10);
      if (sent === failAt) throw new Error("of the source");
      if (sent++ === chunks) controller.close();
      else controller.enqueue(`${sent}`);
    },
  });
}

/** Has the garbage collected. */
function collect(): void {
  if (runtime === "bun") return Bun.gc(true);
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

function setUp(chunks = 3, failAt?: number) {
  const metrics = requestMetrics();
  const body = (request: Request) =>
    metrics.stream(request, slow(chunks, failAt)).pipeThrough(new TextEncoderStream());
  const handler = metrics.handler((request: Request) => new Response(body(request)), {
    route: "/",
  });
  return { metrics, body, handler };
}

test("stream() has the request end with its stream", async () => {
  const { metrics, handler } = setUp();
  const response = handler(request());
  await sleep(1);
  assertEquals([counts(metrics.snapshot()), metrics.snapshot().inFlight], [{}, 1]);
  assertEquals(await response.text(), "123");
  const { series, inFlight } = metrics.snapshot();
  assertEquals([counts(metrics.snapshot()), inFlight], [{ "GET / 200": 1 }, 0]);
  assert(series[0]!.sumNs >= 30e6, `${series[0]!.sumNs} ns`); // four times 10 ms, less what timers round
});

test("stream() of an asynchronous handler, beside requests without one", async () => {
  const { metrics, body } = setUp();
  const handler = metrics.handler(async (request: Request) => {
    await sleep(1);
    return new Response(body(request), { status: 201 });
  });
  const plain = metrics.handler((_: Request) => new Response("plain"));
  const response = await handler(request());
  assertEquals(metrics.snapshot().inFlight, 1);
  plain(request());
  assertEquals(counts(metrics.snapshot()), { "GET - 200": 1 });
  await response.text();
  assertEquals(counts(metrics.snapshot()), { "GET - 200": 1, "GET - 201": 1 });
  assertEquals(metrics.snapshot().inFlight, 0);
});

test("a stream that fails is an error, one that is cancelled an abort", async () => {
  const { metrics, handler } = setUp(3, 1);
  await assertRejects(() => handler(request()).text(), Error, "of the source");
  assertEquals(counts(metrics.snapshot()), { "GET / error": 1 });
  const other = setUp();
  const reader = other.handler(request()).body!.getReader();
  await reader.read();
  await reader.cancel();
  await ended(other.metrics);
  assertEquals(counts(other.metrics.snapshot()), { "GET / abort": 1 });
});

test("a stream that has ended before the response is ready", async () => {
  const { metrics, body } = setUp(0);
  const handler = metrics.handler(async (request: Request) =>
    new Response(await new Response(body(request)).text())
  );
  await handler(request());
  assertEquals(counts(metrics.snapshot()), { "GET - 200": 1 });
  assertEquals(metrics.snapshot().inFlight, 0);
});

test("a handler that fails after stream() is an error at once", async () => {
  const { metrics, body } = setUp();
  const handler = metrics.handler(async (request: Request) => {
    body(request);
    await sleep(1);
    throw new Error("after all");
  });
  await assertRejects(() => handler(request()));
  assertEquals(counts(metrics.snapshot()), { "GET - error": 1 });
  assertEquals(metrics.snapshot().inFlight, 0);
});

test("a stream that cannot be timed, since it is read already, leaves nothing behind", () => {
  const metrics = requestMetrics();
  const handler = metrics.handler((request: Request) => {
    const source = new ReadableStream();
    source.getReader();
    assertThrows(() => metrics.stream(request, source), TypeError);
    return new Response(null, { status: 500 });
  });
  handler(request());
  assertEquals([counts(metrics.snapshot()), metrics.snapshot().inFlight], [{ "GET - 500": 1 }, 0]);
});

test("a stream that its handler cancels is that of another response", async () => {
  const { metrics, body } = setUp();
  const handler = metrics.handler(async (request: Request) => {
    await body(request).cancel();
    return new Response(null, { status: 401 });
  });
  await handler(request());
  assertEquals([counts(metrics.snapshot()), metrics.snapshot().inFlight], [{ "GET - 401": 1 }, 0]);
});

test("a stream that nobody reads ends its request when it is collected", {
  skip: runtime === "deno" ? "Deno has no way to collect on demand" : false,
}, async () => {
  const streams = new Streams();
  const ended: { status: number; ns: number }[] = [];
  const start = now();
  for (let i = 0; i < 20; i++) {
    const each = request();
    streams.add(each, slow(3));
    assert(streams.continue(each, start, 401, (status, ns) => ended.push({ status, ns })));
  }
  const ready = now() - start;
  // Collectors that look for pointers on the stack may keep some.
  const most = () => ended.length >= 15;
  for (let i = 0; i < 50 && !most(); i++) {
    await sleep(20);
    collect();
  }
  assert(most(), `${ended.length} have ended`);
  // Until the response was ready, and not until the collection.
  assertEquals(ended.filter(({ status, ns }) => status !== 401 || ns < 0 || ns > ready), []);
  assertEquals(streams.open, 0);
});

test("requests without a stream are not slower for one that was given up", () => {
  const streams = new Streams();
  const requests = [request(), request()] as const;
  for (const each of requests) streams.add(each, slow(1));
  streams.add(requests[0], slow(1)); // the handler has thought better of it
  assertEquals(streams.open, 2);
  streams.forget(requests[0]);
  assert(streams.continue(requests[1], 0, 200, () => {}));
  assertEquals(streams.open, 0);
  for (const none of [requests[0], undefined, null]) {
    streams.forget(none);
    assertEquals(streams.continue(none, 0, 200, () => {}), false);
  }
  assertEquals(streams.open, 0);
});
