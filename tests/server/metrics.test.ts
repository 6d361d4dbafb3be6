// npm test: bun, node26 (one of each engine)
import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { connect } from "node:net";
import { test } from "node:test";
import { requestMetrics } from "../../server/mod.ts";
import { runtime, statisticalTest } from "../support.ts";
import { counts, ended, sleep, until } from "./support.ts";

test("wrong arguments are refused by name", () => {
  const metrics = requestMetrics();
  const handler = () => new Response();
  const wrong: [() => unknown, typeof TypeError | typeof RangeError, string][] = [
    [
      () => requestMetrics({ maxSeries: 0 }),
      RangeError,
      "`maxSeries` to be a positive integer, got 0",
    ],
    [() => requestMetrics({ maxSeries: 1.5 }), RangeError, "a positive integer, got 1.5"],
    [() => requestMetrics({ maxSeries: NaN }), RangeError, "a positive integer, got NaN"],
    [() => requestMetrics({ maxSeries: "9" as never }), TypeError, 'to be a number, got "9"'],
    [() => metrics.serve(5 as never), TypeError, "`options` to be an object, got 5"],
    [() => metrics.handler(null as never), TypeError, "`handler` to be a function, got null"],
    [() => metrics.handler(handler, { route: 5 as never }), TypeError, "`route` to be a string"],
    [() => metrics.handler(handler, { method: 5 as never }), TypeError, "`method` to be a string"],
    [
      () => metrics.handler(handler, { scheme: "ftp" as never }),
      RangeError,
      '`scheme` to be "http" or "https", got "ftp"',
    ],
    [() => metrics.route({}, /a/ as never), TypeError, "`pattern` to be a string, got RegExp"],
    [() => metrics.watch({} as never), TypeError, "to have pendingRequests"],
    [
      () => metrics.prometheus({} as never),
      TypeError,
      "`register.registerMetric` to be a function",
    ],
    [
      () => metrics.metricProducer({ histogram: "hdr" as never }),
      RangeError,
      '`histogram` to be "explicit" or "exponential", got "hdr"',
    ],
  ];
  for (const [call, error, message] of wrong) assertThrows(call, error, message);
  metrics.route({}, undefined); // of what no route matches
});

test("a method that is told is not read", () => {
  const metrics = requestMetrics();
  const request = {
    get method(): string {
      throw new Error("read");
    },
  };
  metrics.handler((_: object) => new Response(), { method: "PUT" })(request);
  assertEquals(counts(metrics.snapshot()), { "PUT - 200": 1 });
});

test("the functions need no this, and snapshot() is a copy", () => {
  const { handler, snapshot } = requestMetrics();
  const before = snapshot();
  handler(() => new Response())();
  assertEquals([before.series.length, snapshot().series.length], [0, 1]);
  const kept = snapshot();
  handler(() => new Response())();
  assertEquals(kept.series[0]?.count, 1);
});

statisticalTest("injected delays come back within 3 %", { timeout: 60_000 }, async () => {
  // Delays that nobody can round: what the handler itself has measured, by another clock.
  const metrics = requestMetrics();
  let exact = 0;
  const handler = metrics.handler(async (_: Request, ms: number) => {
    const start = performance.now();
    await sleep(ms);
    exact += performance.now() - start;
    return new Response();
  }, { route: "/" });
  for (let i = 0; i < 20; i++) await handler(new Request("http://localhost/"), 20);
  const { sumNs, count } = metrics.snapshot().series[0]!;
  assertEquals(count, 20);
  assertLess(Math.abs(sumNs / 1e6 / exact - 1), 0.03);
});

/** The parts of Deno that are used here. */
interface DenoServe {
  serve(
    options: { port: number; onListen(): void; onError?(): Response },
    handler: (...args: never[]) => unknown,
  ): { addr: { port: number }; shutdown(): Promise<void> };
  upgradeWebSocket(request: Request): { response: Response; socket: WebSocket };
}
const { Deno } = globalThis as unknown as { Deno: DenoServe };
const skip = runtime === "deno" ? false : "Deno.serve is Deno's";

async function serving(
  handler: (...args: never[]) => unknown,
  use: (address: string, port: number) => Promise<void>,
): Promise<void> {
  const options = {
    port: 0,
    onListen() {},
    onError: () => new Response("failed", { status: 500 }),
  };
  const server = Deno.serve(options, handler);
  try {
    await use(`localhost:${server.addr.port}/`, server.addr.port);
  } finally {
    await server.shutdown();
  }
}

test("handler() in Deno.serve", { skip }, async () => {
  const metrics = requestMetrics();
  const handler = metrics.handler(async (request: Request, info: { remoteAddr: object }) => {
    assert("hostname" in info.remoteAddr);
    if (request.url.endsWith("throws")) throw new Error("of the handler");
    await sleep(1);
    return new Response("hello", { status: request.method === "POST" ? 201 : 200 });
  }, { route: "/:what" });
  await serving(handler, async (address) => {
    await (await fetch(`http://${address}`)).text();
    await (await fetch(`http://${address}`, { method: "POST" })).text();
    assertEquals(await fetch(`http://${address}throws`).then((r) => r.text()), "failed");
  });
  assertEquals(counts(metrics.snapshot()), {
    "GET /:what 200": 1,
    "POST /:what 201": 1,
    "GET /:what error": 1,
  });
  assertEquals(metrics.snapshot().inFlight, 0);
});

test(
  "handler() without parameters in Deno.serve, which makes no request for it",
  { skip },
  async () => {
    const metrics = requestMetrics();
    const seen = new Set<number>();
    function handler() {
      seen.add(arguments.length);
      return new Response("hello");
    }
    await serving(metrics.handler(handler, { route: "/", method: "GET" }), async (address) => {
      for (let i = 0; i < 3; i++) await (await fetch(`http://${address}`)).text();
    });
    assertEquals(counts(metrics.snapshot()), { "GET / 200": 3 });
    assertEquals([...seen], [0]);
  },
);

test(
  "handler() in Deno.serve: an upgrade, and a stream that the client leaves",
  { skip },
  async () => {
    const metrics = requestMetrics();
    const handler = metrics.handler((request: Request) => {
      if (request.headers.has("upgrade")) {
        const { response, socket } = Deno.upgradeWebSocket(request);
        socket.onmessage = ({ data }) => socket.send(data);
        return response;
      }
      const source = new ReadableStream<Uint8Array>({
        async pull(controller) {
          await sleep(5);
          controller.enqueue(new Uint8Array(8));
        },
      });
      return new Response(metrics.stream(request, source));
    });
    await serving(handler, async (address, port) => {
      const socket = new WebSocket(`ws://${address}`);
      const echo = new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));
      socket.onopen = () => socket.send("echo");
      assertEquals(await echo, "echo");
      const closed = new Promise((resolve) => socket.onclose = resolve);
      socket.close();
      await closed;
      const client = connect(port, "localhost");
      client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await until(() => metrics.snapshot().inFlight === 1);
      await sleep(20);
      client.destroy();
      await ended(metrics);
    });
    assertEquals(counts(metrics.snapshot()), { "GET - 101": 1, "GET - abort": 1 });
    assertEquals(
      metrics.snapshot().series.map(({ labels }) => labels?.outcome),
      ["upgrade", "abort"],
    );
  },
);

test("handler() in Deno.serve does not see that the client has gone", { skip }, async () => {
  const metrics = requestMetrics();
  const handler = metrics.handler(async (_: Request) => {
    await sleep(100);
    return new Response("late");
  }, { route: "/" });
  await serving(handler, async (_, port) => {
    const client = connect(port, "localhost");
    client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await until(() => metrics.snapshot().inFlight === 1);
    client.destroy();
    await ended(metrics);
  });
  assertEquals(counts(metrics.snapshot()), { "GET / 200": 1 });
});

test("the scheme is that of the server: https where it has tls", () => {
  const metrics = requestMetrics();
  const fetch = (_: Request) => new Response();
  metrics.serve({ port: 0, tls: { key: "", cert: "" }, fetch }).fetch(
    new Request("https://localhost/"),
  );
  metrics.handler(fetch, { scheme: "https", route: "/" })(new Request("https://localhost/"));
  assertEquals(metrics.snapshot().series.map(({ labels }) => labels?.scheme), ["https", "https"]);
});

test("the scheme of serve() is what the server says that answers", () => {
  const metrics = requestMetrics();
  const handler = (_: Request, _server?: object): Response => new Response();
  const request = new Request("https://localhost/");
  const schemes = () =>
    metrics.snapshot().series.map(({ labels, count }) =>
      `${labels?.route ?? "-"} ${labels?.scheme} ${count}`
    );
  metrics.serve({ tls: { key: "", cert: "" }, fetch: handler, routes: { "/known": handler } });
  // A reload leaves out what the server is to keep; or is that another server, without tls?
  const { "/": route } = metrics.serve({ routes: { "/": handler } }).routes;
  assertEquals(schemes(), ["/known https 0"]);
  route(request, { protocol: "https" });
  // Two servers, the other without tls; and empty options, which Bun takes for none.
  metrics.serve({ fetch: handler }).fetch(request, { protocol: "http" });
  metrics.serve({ fetch: handler, tls: {} }).fetch(request, { protocol: "http" });
  assertEquals(schemes(), ["/known https 0", "/ https 1", "- http 2"]);
  metrics.serve({ fetch: handler }).fetch(request);
  assertEquals(schemes(), ["/known https 0", "/ https 1", "- http 2", "- https 1"]);
});
