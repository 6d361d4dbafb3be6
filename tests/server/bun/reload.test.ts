/** What server.reload() does with wrapped options, and what is known of it. */
// both tiers: bun (it is about Bun.serve)
import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { requestMetrics } from "../../../server/mod.ts";
import { runtime } from "../../support.ts";
import { counts, get } from "../support.ts";

const skip = runtime === "bun" ? false : "Bun.serve is Bun's";

test("server.reload() with wrapped options goes on with the same series", { skip }, async () => {
  const metrics = requestMetrics({ maxSeries: 10 });
  const options = (text: string, more = {}) =>
    metrics.serve({ port: 0, routes: { "/": () => new Response(text), ...more } });
  const server = Bun.serve(options("0", { "/static": new Response() }));
  try {
    assertEquals(metrics.uncounted, ["/static"]);
    for (let i = 1; i <= 50; i++) {
      server.reload(options(`${i}`, { "/static": () => new Response() }));
      assertEquals(await get(server.url), [200, `${i}`]);
    }
    assertEquals(metrics.uncounted, []);
    assertEquals(counts(metrics.snapshot()), { "GET / 200": 50 });
    assertEquals(metrics.snapshot().series.length, 2);
  } finally {
    await server.stop(true);
  }
});

test("uncounted has of each route what was said of it last", { skip }, async () => {
  const metrics = requestMetrics();
  const fetch = () => new Response("fetch", { status: 404 });
  const fn = () => new Response("counted");
  const fixed = (text: string) => new Response(text);
  const server = Bun.serve(metrics.serve({
    port: 0,
    routes: {
      "/a": fixed("a"),
      "/gone": fixed("gone"),
      "/b": { GET: fn, POST: fixed("b") },
      "/c": fn,
      "/false": fixed("false"),
    },
    fetch,
  }));
  const ask = async (method: string, path: string) =>
    (await get(`${server.url}${path}`, { method }))[1];
  try {
    assertEquals(metrics.uncounted, ["/a", "/gone", "POST /b", "/false"]);
    server.reload(metrics.serve({
      routes: {
        "/a": { GET: fn, POST: fn },
        "/b": fn,
        "/c": { GET: fn, PUT: fixed("c"), POST: fixed("c") },
        "/false": false,
      },
    }) as never);
    // Nobody knows here that it was a reload; a server beside it may have that route.
    assertEquals(metrics.uncounted, ["/gone", "PUT /c", "POST /c"]);
    assertEquals(metrics.snapshot().uncounted, metrics.uncounted);
    assertEquals(
      [
        await ask("GET", "a"),
        await ask("POST", "b"),
        await ask("PUT", "c"),
        await ask("GET", "gone"),
      ],
      ["counted", "counted", "c", "fetch"],
    );
    const beside = Bun.serve(metrics.serve({ port: 0, routes: { "/beside": fixed("beside") } }));
    await beside.stop(true);
    assertEquals(metrics.uncounted, ["/gone", "PUT /c", "POST /c", "/beside"]);
    server.reload(metrics.serve({ routes: { "/c": fixed("c"), "/gone": fn } }) as never);
    assertEquals(metrics.uncounted, ["/c", "/beside"]);
    assertEquals(await ask("GET", "gone"), "counted");
  } finally {
    await server.stop(true);
  }
});

test(
  "server.reload() without routes keeps those with handlers, and no others",
  { skip },
  async () => {
    const metrics = requestMetrics();
    const fetch = () => new Response("fetch", { status: 404 });
    const server = Bun.serve(metrics.serve({
      port: 0,
      routes: {
        "/handler": () => new Response("handler"),
        "/static": new Response("static"),
        "/both": { GET: () => new Response("got"), POST: new Response("posted") },
      },
      fetch,
    }));
    try {
      server.reload(metrics.serve({ fetch }));
      assertEquals(
        [
          await get(`${server.url}handler`),
          await get(`${server.url}static`),
          await get(`${server.url}both`),
          await get(`${server.url}both`, { method: "POST" }),
        ],
        [[200, "handler"], [404, "fetch"], [200, "got"], [404, "fetch"]],
      );
      assertEquals(counts(metrics.snapshot()), {
        "GET /handler 200": 1,
        "GET - 404": 1,
        "GET /both 200": 1,
        "POST - 404": 1,
      });
      assertEquals(metrics.uncounted, ["/static", "POST /both"]);
    } finally {
      await server.stop(true);
    }
  },
);

test("server.reload() keeps the WebSockets that its options leave out", { skip }, async () => {
  const metrics = requestMetrics();
  const fetch = (request: Request, server: Bun.Server<undefined>) =>
    server.upgrade(request) ? undefined : new Response("no", { status: 400 });
  const websocket = { message() {} };
  const upgrade = (server: { port?: number | undefined }) =>
    new Promise<boolean>((resolve) => {
      const socket = new WebSocket(`ws://localhost:${server.port}/`);
      socket.onopen = () => {
        socket.close();
        resolve(true);
      };
      socket.onerror = () => resolve(false);
    });
  const server = Bun.serve(metrics.serve({ port: 0, fetch, websocket }));
  try {
    server.reload(metrics.serve({ fetch }) as never);
    assert(await upgrade(server));
    assertEquals(counts(metrics.snapshot()), { "GET - 101": 1 });
  } finally {
    await server.stop(true);
  }
  const other = requestMetrics();
  const later = Bun.serve(other.serve({ port: 0, fetch }) as never);
  try {
    later.reload(other.serve({ websocket }) as never); // the handler stays
    assert(await upgrade(later));
    assertEquals(counts(other.snapshot()), { "GET - 101": 1 });
  } finally {
    await later.stop(true);
  }
});
