// npm test: bun, node26 (one of each engine)
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { Hono } from "hono";
import { routePath } from "hono/route";
import { test } from "node:test";
import { requestMetrics } from "../../server/mod.ts";
import { runtime } from "../support.ts";
import { counts, ended, sleep, until } from "./support.ts";

function setUp() {
  const metrics = requestMetrics();
  const app = new Hono();
  app.use(metrics.hono());
  app.use("/api/*", async (_, next) => await next());
  app.get("/users/:id", (c) => c.text(routePath(c)));
  app.post("/users/:id", async (c) => {
    await sleep(1);
    return c.json({}, 201);
  });
  app.get("/throws", () => {
    throw new Error("of the handler");
  });
  app.get("/no/error", () => {
    throw "no error at all";
  });
  app.route("/api", new Hono().get("/things/:thing", (c) => c.text(routePath(c))));
  app.get("/files/*", (c) => c.text(routePath(c)));
  return { metrics, app };
}

test("hono() has the routes that Hono has", async () => {
  const { metrics, app } = setUp();
  app.onError(({ message }, c) => c.text(message, 503));
  const texts = [];
  for (const path of ["/users/1", "/users/2", "/api/things/3", "/files/a/b", "/throws"]) {
    texts.push(await (await app.request(path)).text());
  }
  assertEquals(texts, [
    "/users/:id",
    "/users/:id",
    "/api/things/:thing",
    "/files/*",
    "of the handler",
  ]);
  await app.request("/users/1", { method: "POST" });
  await app.request("/users/1", { method: "HEAD" });
  assertEquals(metrics.snapshot().inFlight, 0);
  assertEquals(counts(metrics.snapshot()), {
    "GET /users/:id 200": 2,
    "GET /api/things/:thing 200": 1,
    "GET /files/* 200": 1,
    "GET /throws 503": 1,
    "POST /users/:id 201": 1,
    "HEAD /users/:id 200": 1,
  });
});

test("hono() has no route for what nothing matches", async () => {
  const { metrics, app } = setUp();
  for (let i = 0; i < 100; i++) await app.request(`/made/up/${i}`);
  assertEquals(counts(metrics.snapshot()), { "GET - 404": 100 });
});

test("hono() passes on what is no error, and counts it", async () => {
  const { metrics, app } = setUp();
  let thrown: unknown;
  await Promise.resolve(app.request("/no/error")).catch((reason) => thrown = reason);
  assertStrictEquals(thrown, "no error at all");
  assertEquals(counts(metrics.snapshot()), { "GET /no/error error": 1 });
  assertEquals(metrics.snapshot().inFlight, 0);
});

test("hono() counts as errors what Hono sends none of", async () => {
  const { metrics, app } = setUp();
  app.get("/nothing", () => undefined as never);
  app.get("/network/error", () => Response.error());
  app.use("/unawaited", (_, next) => {
    next();
    return Promise.resolve();
  });
  app.get("/unawaited", async (c) => {
    await sleep(1);
    return c.text("late");
  });
  app.onError((_, c) => c.text("failed", 500));
  assertEquals((await app.request("/nothing")).status, 500);
  assertEquals((await app.request("/unawaited")).status, 500);
  await app.request("/network/error");
  const { "GET /nothing error": nothing, "GET /network/error error": network, ...unawaited } =
    counts(metrics.snapshot());
  assertEquals([nothing, network, Object.values(unawaited)], [1, 1, [1]]);
  assert(Object.keys(unawaited)[0]?.endsWith(" error"));
  assertEquals(metrics.snapshot().inFlight, 0);
});

test("hono() tells https by the address of the request", async () => {
  const { metrics, app } = setUp();
  await app.request("https://localhost/users/1");
  assertEquals(metrics.snapshot().series[0]?.labels?.scheme, "https");
});

test("hono() ends a request with its stream, if it is asked to", async () => {
  const { metrics, app } = setUp();
  app.get("/stream", (c) => {
    let chunks = 0;
    const source = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await sleep(5);
        if (chunks++ === 3) controller.close();
        else controller.enqueue(new Uint8Array(1));
      },
    });
    return c.body(metrics.stream(c.req.raw, source));
  });
  const response = await app.request("/stream");
  assertEquals([counts(metrics.snapshot()), metrics.snapshot().inFlight], [{}, 1]);
  assertEquals((await response.arrayBuffer()).byteLength, 3);
  assertEquals([counts(metrics.snapshot()), metrics.snapshot().inFlight], [
    { "GET /stream 200": 1 },
    0,
  ]);
});

test("hono() takes an upgrade by Hono's helper for Bun for a response", {
  skip: runtime === "bun" ? false : "the helper is Bun's",
}, async () => {
  const { upgradeWebSocket, websocket } = await import("hono/bun");
  const { metrics, app } = setUp();
  app.get(
    "/socket",
    upgradeWebSocket(() => ({
      onMessage: ({ data }, socket) => socket.send(String(data)),
    })),
  );
  const server = Bun.serve({ port: 0, fetch: app.fetch, websocket });
  try {
    const socket = new WebSocket(`ws://localhost:${server.port}/socket`);
    const echo = new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));
    socket.onopen = () => socket.send("echo");
    assertEquals(await echo, "echo");
    socket.close();
    assertEquals(counts(metrics.snapshot()), { "GET /socket 200": 1 });
    assertEquals(metrics.snapshot().inFlight, 0);
  } finally {
    await server.stop(true);
  }
});

test("hono() sees in Bun that the client has gone", {
  skip: runtime === "bun" ? false : "only Bun tells for next to nothing",
}, async () => {
  const { metrics, app } = setUp();
  app.get("/slow", async (c) => {
    await sleep(100);
    return c.text("late");
  });
  const server = Bun.serve({ port: 0, fetch: app.fetch });
  try {
    const controller = new AbortController();
    const gone = fetch(`${server.url}slow`, { signal: controller.signal }).catch(() => "gone");
    await until(() => metrics.snapshot().inFlight === 1);
    controller.abort();
    assertEquals(await gone, "gone");
    await ended(metrics);
    assertEquals(counts(metrics.snapshot()), { "GET /slow abort": 1 });
  } finally {
    await server.stop(true);
  }
});
