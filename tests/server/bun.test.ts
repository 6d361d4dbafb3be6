// both tiers: bun (it is about Bun.serve)
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { connect } from "node:net";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { merge, requestMetrics, type Snapshot } from "../../server/mod.ts";
import { runtime } from "../support.ts";
import { counts, ended, get, sleep, until } from "./support.ts";

const skip = runtime === "bun" ? false : "Bun.serve is Bun's";

test("serve() counts by route, method and status", { skip }, async () => {
  const metrics = requestMetrics();
  const server = Bun.serve(metrics.serve({
    port: 0,
    routes: {
      "/users/:id": (request) => new Response(request.params.id),
      "/async": async () => {
        await Bun.sleep(1);
        return Response.json({}, { status: 201 });
      },
      "/both": { GET: () => new Response("got"), POST: new Response("static") },
      "/static": new Response("static"),
      "/throws": () => {
        throw new Error("of the handler");
      },
      "/rejects": async () => {
        await Bun.sleep(1);
        throw new Error("of the handler");
      },
    },
    fetch(request, server) {
      assertStrictEquals(this, server);
      return new Response(new URL(request.url).pathname, { status: 404 });
    },
    error: ({ message }) => new Response(message, { status: 503 }),
  }));
  try {
    // Bound before there was any request.
    assertEquals(metrics.snapshot().series.map(({ labels, count }) => [labels?.route, count]), [
      ["/users/:id", 0],
      ["/async", 0],
      ["/both", 0],
      ["/throws", 0],
      ["/rejects", 0],
    ]);
    assertEquals(metrics.uncounted, ["POST /both", "/static"]);
    const answers = [];
    for (
      const path of ["users/1", "users/2", "async", "both", "static", "throws", "rejects", "else"]
    ) answers.push(await get(`${server.url}${path}`));
    answers.push(await get(`${server.url}both`, { method: "POST" }));
    answers.push(await get(`${server.url}both`, { method: "HEAD" }));
    assertEquals(answers, [
      [200, "1"],
      [200, "2"],
      [201, "{}"],
      [200, "got"],
      [200, "static"],
      [503, "of the handler"],
      [503, "of the handler"],
      [404, "/else"],
      [200, "static"],
      [200, ""],
    ]);
    const { inFlight } = metrics.snapshot();
    assertEquals(inFlight, 0);
    assertEquals(counts(metrics.snapshot()), {
      "GET /users/:id 200": 2,
      "GET /async 201": 1,
      "GET /both 200": 1,
      "HEAD /both 200": 1,
      "GET /throws error": 1,
      "GET /rejects error": 1,
      "GET - 404": 1,
    });
  } finally {
    await server.stop(true);
  }
});

test("serve() waits for what Bun waits for", { skip }, async () => {
  const metrics = requestMetrics();
  const Foreign = runInNewContext("Promise") as PromiseConstructor;
  const server = Bun.serve(metrics.serve({
    port: 0,
    routes: { "/realm": () => Foreign.resolve(new Response("realm", { status: 201 })) },
    fetch: (): never =>
      ({ then: (resolve: (_: Response) => void) => resolve(new Response()) }) as never,
    error: () => new Response("failed", { status: 500 }),
  }));
  try {
    assertEquals(await get(`${server.url}realm`), [201, "realm"]);
    assert((await get(server.url))[0] !== 201);
    assertEquals(counts(metrics.snapshot()), { "GET /realm 201": 1, "GET - error": 1 });
  } finally {
    await server.stop(true);
  }
});

test("serve() counts an abort, of whichever handler waits", { skip }, async () => {
  const metrics = requestMetrics();
  const server = Bun.serve(metrics.serve({
    port: 0,
    routes: {
      "/slow": async () => {
        await Bun.sleep(100);
        return new Response("late");
      },
      "/upstream": (request) =>
        new Promise<Response>((_, reject) => {
          request.signal.addEventListener("abort", () => reject(new Error("given up")));
        }),
    },
    error: () => new Response("failed", { status: 500 }),
  }));
  try {
    for (let i = 0; i < 5; i++) {
      const socket = connect(server.port ?? 0, "localhost");
      const path = i % 2 ? "/upstream" : "/slow";
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      await until(() => metrics.snapshot().inFlight === 1);
      socket.destroy();
      await ended(metrics);
    }
    await get(`${server.url}slow`);
    assertEquals(counts(metrics.snapshot()), {
      "GET /slow abort": 3,
      "GET /upstream abort": 2,
      "GET /slow 200": 1,
    });
  } finally {
    await server.stop(true);
  }
});

test("serve() counts an upgrade for itself, and Bun's WebSockets work", { skip }, async () => {
  const metrics = requestMetrics();
  const server = metrics.watch(Bun.serve(metrics.serve({
    port: 0,
    routes: {
      "/later": async (request, server) => {
        await Bun.sleep(1);
        if (server.upgrade(request, { data: undefined })) return undefined;
        return new Response("no", { status: 400 });
      },
    },
    fetch(request, server) {
      if (!server.upgrade(request)) return new Response("no", { status: 400 });
    },
    websocket: {
      message(socket, message) {
        socket.send(message);
      },
    },
  })));
  try {
    const sockets = ["", "later"].map((path) =>
      new WebSocket(`ws://localhost:${server.port}/${path}`)
    );
    for (const socket of sockets) {
      const echo = new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));
      socket.onopen = () => socket.send("echo");
      if (socket.readyState === WebSocket.OPEN) socket.send("echo");
      assertEquals(await echo, "echo");
    }
    assertEquals(metrics.gauges().pendingWebSockets, 2);
    await get(server.url);
    assertEquals(counts(metrics.snapshot()), {
      "GET - 101": 1,
      "GET /later 101": 1,
      "GET - 400": 1,
    });
    assertEquals(
      metrics.snapshot().series.flatMap(({ labels }) =>
        labels?.status === 101 ? labels.outcome : []
      ),
      ["upgrade", "upgrade"],
    );
    assertEquals(metrics.snapshot().inFlight, 0);
    for (const socket of sockets) socket.close();
    await until(() => metrics.gauges().pendingWebSockets === 0);
    assertEquals(metrics.gauges().pendingWebSockets, 0);
  } finally {
    await server.stop(true);
  }
});

test("gauges() has what a server has not answered yet, and its WebSockets", { skip }, async () => {
  const metrics = requestMetrics();
  const waiting: (() => void)[] = [];
  const server = metrics.watch(Bun.serve(metrics.serve({
    port: 0,
    routes: {
      "/": () =>
        new Promise<Response>((resolve) => waiting.push(() => resolve(new Response("late")))),
    },
    fetch(request, server) {
      if (!server.upgrade(request)) return new Response("no", { status: 400 });
    },
    websocket: { message() {} },
  })));
  const pending = () => {
    const { pendingRequests, pendingWebSockets } = metrics.gauges();
    return [pendingRequests, pendingWebSockets];
  };
  const eventually = async (expected: number[]) => {
    await until(() => `${pending()}` === `${expected}`);
    assertEquals(pending(), expected);
  };
  try {
    assertEquals(pending(), [0, 0]);
    const answers = [1, 2, 3].map(() => get(server.url));
    await until(() => waiting.length === 3);
    assertEquals(pending(), [3, 0]);
    waiting.pop()!();
    await Promise.race(answers);
    await eventually([2, 0]);
    const socket = new WebSocket(`ws://localhost:${server.port}/socket`);
    await new Promise((resolve) => socket.onopen = resolve);
    assertEquals(pending(), [2, 1]);
    socket.close();
    await eventually([2, 0]);
    for (const answer of waiting) answer();
    assertEquals(await Promise.all(answers), Array(3).fill([200, "late"]));
    await eventually([0, 0]);
  } finally {
    await server.stop(true);
  }
});

test("stream() in Bun: a status without a body has a response all the same", { skip }, async () => {
  const metrics = requestMetrics();
  const source = () => new ReadableStream({ start: (controller) => controller.enqueue("some") });
  const server = Bun.serve(metrics.serve({
    port: 0,
    routes: {
      "/:status": (request) =>
        new Response(metrics.stream(request, source()), { status: Number(request.params.status) }),
    },
  }));
  try {
    for (const status of [204, 304]) await get(`${server.url}${status}`);
    assertEquals(counts(metrics.snapshot()), { "GET /:status 204": 1, "GET /:status 304": 1 });
    assertEquals(metrics.snapshot().inFlight, 0);
  } finally {
    await server.stop(true);
  }
});

test("stream() in Bun: sent to the end, given up, and HEAD", { skip }, async () => {
  const metrics = requestMetrics();
  const server = Bun.serve(metrics.serve({
    port: 0,
    routes: {
      "/stream": (request) => {
        let chunks = 0;
        return new Response(metrics.stream(
          request,
          new ReadableStream<Uint8Array>({
            async pull(controller) {
              await Bun.sleep(10);
              if (chunks++ === 5) controller.close();
              else controller.enqueue(new Uint8Array(8));
            },
          }),
        ));
      },
    },
  }));
  try {
    assertEquals((await (await fetch(`${server.url}stream`)).bytes()).length, 40);
    await ended(metrics);
    const { series } = metrics.snapshot();
    assert(series[0]!.sumNs > 50e6, `${series[0]!.sumNs} ns`);
    await get(`${server.url}stream`, { method: "HEAD" });
    const socket = connect(server.port ?? 0, "localhost");
    socket.write("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await until(() => metrics.snapshot().inFlight === 1);
    await sleep(15);
    socket.destroy();
    await ended(metrics);
    assertEquals(counts(metrics.snapshot()), {
      "GET /stream 200": 1,
      "HEAD /stream 200": 1,
      "GET /stream abort": 1,
    });
  } finally {
    await server.stop(true);
  }
});

test("Workers merge, and lose nothing", { skip, timeout: 60_000 }, async () => {
  const url = new URL("../fixtures/server_worker.ts", import.meta.url);
  const workers = [1, 2, 3].map(() => new Worker(url));
  const message = <T>(worker: Worker) =>
    new Promise<T>((resolve) => worker.onmessage = ({ data }) => resolve(data as T));
  const ports = await Promise.all(workers.map((worker) => message<number>(worker)));
  for (const [i, port] of ports.entries()) {
    for (let n = 0; n < 10 * (i + 1); n++) await get(`http://localhost:${port}/`);
    await get(`http://localhost:${port}/bad`);
  }
  const snapshots = await Promise.all(workers.map((worker) => {
    const answer = message<Snapshot>(worker);
    worker.postMessage("snapshot");
    return answer;
  }));
  for (const worker of workers) worker.terminate();
  assertEquals(counts(merge(...snapshots)), { "GET / 200": 60, "GET /bad 500": 3 });
});
