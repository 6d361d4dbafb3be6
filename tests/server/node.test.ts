import { assert, assertEquals, assertThrows } from "@std/assert";
import { once } from "node:events";
import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import { UnsupportedError } from "../../mod.ts";
import { requestMetrics } from "../../server/mod.ts";
import { runtime } from "../support.ts";
import { counts, ended, sleep, until } from "./support.ts";

const skip = runtime === "bun" ? "Bun's node:http publishes nothing" : false;

test("node() says where nothing is published", {
  skip: runtime === "bun" ? false : "only Bun publishes nothing",
}, () => {
  assertThrows(() => requestMetrics().node(), UnsupportedError, "no diagnostics channels");
});

/** Asks on a connection of its own; a status, or "gone" if it gave up after some milliseconds. */
function ask(server: Server, path: string, { method = "GET", patience = 0 } = {}) {
  const { port } = server.address() as AddressInfo;
  return new Promise<number | "gone">((resolve) => {
    const asked = request({ port, path, method, agent: false }, (response) => {
      response.on("error", () => resolve("gone"));
      response.on("end", () => resolve(response.statusCode ?? 0)).resume();
    });
    asked.on("error", () => resolve("gone")).end();
    if (patience > 0) setTimeout(() => asked.destroy(), patience);
  });
}

const listen = (server: Server) =>
  new Promise<Server>((resolve) => server.listen(0, "localhost", () => resolve(server)));
const close = (server: Server) =>
  new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

test("node() counts what node:http serves, until it is told to stop", { skip }, async () => {
  const metrics = requestMetrics();
  const stop = metrics.node();
  const server = await listen(createServer((incoming, response) => {
    if (incoming.url === "/known/7") metrics.route(incoming, "/known/:id");
    response.statusCode = incoming.method === "POST" ? 201 : 200;
    setTimeout(() => response.end("hello"), 20);
  }));
  try {
    await ask(server, "/made/up");
    await ask(server, "/known/7");
    await ask(server, "/known/7", { method: "POST" });
    await ended(metrics);
    const { series } = metrics.snapshot();
    assertEquals(counts(metrics.snapshot()), {
      "GET - 200": 1,
      "GET /known/:id 200": 1,
      "POST /known/:id 201": 1,
    });
    for (const { sumNs } of series) assert(sumNs > 18e6 && sumNs < 60e9, `${sumNs} ns`);
    stop();
    await ask(server, "/made/up");
    assertEquals(counts(metrics.snapshot())["GET - 200"], 1);
  } finally {
    await close(server);
  }
});

test("node() leaves nothing behind when it is told to stop", { skip }, async () => {
  const metrics = requestMetrics();
  let answer = () => {};
  let listeners = () => 0;
  const server = await listen(createServer(({ socket, url }, response) => {
    listeners = () => socket.listenerCount("close");
    answer = () => response.end("hello");
    if (url !== "/slow") answer();
  }));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { port } = server.address() as AddressInfo;
  const get = (path: string) =>
    new Promise<void>((resolve, reject) =>
      request({ port, path, agent }, (response) => response.on("end", () => resolve()).resume())
        .on("error", reject).end()
    );
  try {
    await get("/");
    const before = listeners();
    for (let i = 0; i < 3; i++) {
      const stop = metrics.node();
      await get("/");
      await ended(metrics);
      stop();
      stop(); // once more does no harm
    }
    const stop = metrics.node();
    const other = requestMetrics();
    const stopOther = other.node();
    const slow = get("/slow");
    await until(() => metrics.snapshot().inFlight === 1);
    stop();
    assertEquals([metrics.snapshot().inFlight, other.snapshot().inFlight], [0, 1]);
    answer();
    await slow;
    await ended(other);
    stopOther();
    assertEquals(listeners(), before);
    agent.destroy();
    await sleep(20); // the connection closes
    assertEquals(counts(metrics.snapshot()), { "GET - 200": 3 });
    assertEquals(counts(other.snapshot()), { "GET - 200": 1 });
    assertEquals(metrics.snapshot().inFlight, 0);
  } finally {
    agent.destroy();
    await close(server);
  }
});

test("node() counts who has gone, before the response and amid it", { skip }, async () => {
  const metrics = requestMetrics();
  const stop = metrics.node();
  const server = await listen(createServer((incoming, response) => {
    if (incoming.url === "/amid") response.write("some");
  }));
  try {
    for (const path of ["/before", "/amid", "/before"]) {
      const gone = ask(server, path, { patience: 100 });
      await until(() => metrics.snapshot().inFlight === 1);
      assertEquals(await gone, "gone");
      await ended(metrics);
    }
    assertEquals(counts(metrics.snapshot()), { "GET - abort": 3 });
    assertEquals(metrics.snapshot().inFlight, 0);
  } finally {
    stop();
    await close(server);
  }
});

test("node() is counted by each that subscribed", { skip }, async () => {
  const both = [requestMetrics(), requestMetrics()] as const;
  const stops = both.map((metrics) => metrics.node());
  const server = await listen(createServer((_, response) => response.end()));
  try {
    await ask(server, "/");
    for (const metrics of both) {
      await ended(metrics);
      assertEquals(counts(metrics.snapshot()), { "GET - 200": 1 });
    }
  } finally {
    for (const stop of stops) stop();
    await close(server);
  }
});

test("node() has the routes of Express", { skip }, async () => {
  const withoutTypes: string = "express";
  const { default: express } = await import(withoutTypes) as { default: Express };
  const metrics = requestMetrics();
  const stop = metrics.node();
  const app = express();
  const router = express.Router();
  router.get("/:id", (_, response) => setTimeout(() => response.send("thing"), 5));
  router.get("/:id/rejects", async () => {
    await sleep(1);
    throw new Error("of the handler");
  });
  app.use("/things", router);
  app.get(/^\/re/, (_, response) => response.send("re"));
  app.get(["/one", "/two"], (_, response) => response.send("list"));
  app.use((_error: unknown, _request: unknown, response: Response, _next: unknown) => {
    response.status(503).send("failed");
  });
  const server = await listen(createServer(app));
  try {
    for (
      const path of [
        "/things/1",
        "/things/2/?a=/b",
        "http://localhost/things/4", // as a proxy is asked
        "/things/3/rejects",
        "/regex",
        "/two",
        "/none",
      ]
    ) {
      await ask(server, path);
    }
    await ended(metrics);
    assertEquals(counts(metrics.snapshot()), {
      "GET /things/:id 200": 3,
      "GET - 503": 1, // the router has forgotten where it was
      "GET /^\\/re/ 200": 1,
      "GET /one,/two 200": 1,
      "GET - 404": 1,
    });
  } finally {
    stop();
    await close(server);
  }
});

test("node() has the routes of Fastify", { skip }, async () => {
  const { default: fastify } = await import("fastify");
  const metrics = requestMetrics();
  const stop = metrics.node();
  const app = fastify();
  app.get("/things/:id", async () => {
    await sleep(1);
    return { a: "thing" };
  });
  app.post("/things/:id", (_, reply) => {
    reply.code(201).send("made");
  });
  await app.listen({ port: 0 });
  try {
    await ask(app.server, "/things/1");
    await ask(app.server, "/things/1", { method: "POST" });
    await ask(app.server, "/none");
    await ended(metrics);
    assertEquals(counts(metrics.snapshot()), {
      "GET /things/:id 200": 1,
      "POST /things/:id 201": 1,
      "GET - 404": 1,
    });
  } finally {
    stop();
    await app.close();
  }
});

test("node() has the routes that are told of Koa", { skip }, async () => {
  const withoutTypes: string = "koa";
  const { default: Koa } = await import(withoutTypes) as { default: Koa };
  const metrics = requestMetrics();
  const stop = metrics.node();
  const app = new Koa();
  app.silent = true; // it prints what handlers throw
  app.use(async (context) => {
    const [, id, fails] = /^\/things\/(\w+)(\/fails)?$/.exec(context.path) ?? [];
    if (id === undefined) return;
    metrics.route(context.req, fails ? "/things/:id/fails" : "/things/:id");
    await sleep(1);
    if (fails) throw new Error("of the handler");
    context.status = context.method === "POST" ? 201 : 200;
    context.body = { a: "thing" };
  });
  const server = await listen(createServer(app.callback()));
  try {
    await ask(server, "/things/1");
    await ask(server, "/things/2?a=b");
    await ask(server, "/things/1", { method: "POST" });
    await ask(server, "/things/1/fails");
    await ask(server, "/none");
    await ended(metrics);
    assertEquals(counts(metrics.snapshot()), {
      "GET /things/:id 200": 2,
      "POST /things/:id 201": 1,
      "GET /things/:id/fails 500": 1,
      "GET - 404": 1,
    });
  } finally {
    stop();
    await close(server);
  }
});

test("node() has the routes of Nest", { skip }, async () => {
  await import("reflect-metadata");
  const { Controller, Get, Module, Post } = await import("@nestjs/common");
  const { NestFactory } = await import("@nestjs/core");
  class Things {
    async one() {
      await sleep(1);
      return "thing";
    }
    made() {
      return "made";
    }
    fails() {
      throw new Error("of the handler");
    }
  }
  class App {}
  // Decorators are called as functions, since their syntax is one that runtimes do not strip.
  const decorate = (decorator: MethodDecorator, name: keyof Things) => {
    const method = Object.getOwnPropertyDescriptor(Things.prototype, name) as PropertyDescriptor;
    decorator(Things.prototype, name, method);
  };
  decorate(Get(":id"), "one");
  decorate(Post(":id"), "made");
  decorate(Get(":id/fails"), "fails");
  Controller("things")(Things);
  Module({ controllers: [Things] })(App);
  const metrics = requestMetrics();
  const stop = metrics.node();
  const app = await NestFactory.create(App, { logger: false });
  app.setGlobalPrefix("api");
  await app.listen(0, "localhost");
  const server = app.getHttpServer() as Server;
  try {
    await ask(server, "/api/things/1");
    await ask(server, "/api/things/1", { method: "POST" });
    await ask(server, "/api/things/1/fails");
    await ask(server, "/none");
    await ended(metrics);
    assertEquals(counts(metrics.snapshot()), {
      "GET /api/things/:id 200": 1,
      "POST /api/things/:id 201": 1,
      "GET /api/things/:id/fails 500": 1,
      "GET - 404": 1,
    });
  } finally {
    stop();
    await app.close();
  }
});

test("node() sees neither an upgrade nor CONNECT", { skip }, async () => {
  const metrics = requestMetrics();
  const stop = metrics.node();
  const server = await listen(createServer((_, response) => response.end("hello")));
  const { port } = server.address() as AddressInfo;
  const taken: Duplex[] = [];
  const take = (status: string) => (_: IncomingMessage, socket: Duplex) => {
    taken.push(socket);
    socket.write(`HTTP/1.1 ${status}\r\n\r\n`);
  };
  server.on("upgrade", take("101 Switching Protocols"));
  server.on("connect", take("200 OK"));
  const status = (head: string) =>
    new Promise<string | undefined>((resolve) => {
      const socket = connect(port, "localhost");
      socket.once("data", (data) => resolve(String(data).split(" ")[1]));
      socket.write(`${head}\r\nHost: a\r\n\r\n`);
    });
  try {
    const upgrade = "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket";
    assertEquals([await status(upgrade), await status("CONNECT a:1 HTTP/1.1")], ["101", "200"]);
    assertEquals([counts(metrics.snapshot()), metrics.snapshot().inFlight], [{}, 0]);
    assertEquals(await ask(server, "/"), 200); // while both are open
    for (const socket of taken) {
      const closed = once(socket, "close");
      socket.destroy();
      await closed;
    }
    assertEquals(await ask(server, "/"), 200);
    await ended(metrics);
    assertEquals(counts(metrics.snapshot()), { "GET - 200": 2 });
  } finally {
    stop();
    for (const socket of taken) socket.destroy(); // the server knows nothing of them any more
    await close(server);
  }
});

/** What the test uses of Koa, which has no types of its own. */
interface Koa {
  new (): {
    silent: boolean;
    use(middleware: (context: KoaContext) => Promise<void>): void;
    callback(): (incoming: IncomingMessage, response: ServerResponse) => void;
  };
}
interface KoaContext {
  readonly req: IncomingMessage;
  readonly path: string;
  readonly method: string;
  status: number;
  body: unknown;
}

/** What the test uses of Express, which has no types of its own. */
interface Response {
  send(text: string): unknown;
  status(code: number): Response;
}
type ExpressHandler = (request: unknown, response: Response) => unknown;
interface Router {
  get(path: string | string[] | RegExp, handler: ExpressHandler): void;
}
interface Express {
  Router(): Router;
  (): Router & ((incoming: IncomingMessage, response: ServerResponse) => void) & {
    use(path: string, router: Router): void;
    use(
      handler: (error: unknown, request: unknown, response: Response, next: unknown) => void,
    ): void;
  };
}
