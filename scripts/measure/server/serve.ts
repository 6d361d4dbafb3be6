/**
 * Runs in the runtime that is measured: a server for each contender, all in one process, so that they
 * share whatever befalls it. Its argument is `all`, or `promised` for those alone that the promises are
 * about, or the contender that has a server of node:http. Says on the first line where they are; then
 * answers each line with the CPU time of the process. `end` ends it, since Bun does not always notice
 * that its standard input has.
 */
import { serve as serveHono } from "@hono/node-server";
import { Hono } from "hono";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { processCpuTime } from "../../../mod.ts";
import { runtime } from "../../../tests/support.ts";
import {
  asyncHandlers,
  honoMiddleware,
  metrics,
  type Middleware,
  OURS,
  ROUTE,
  type Start,
  STARTS,
  syncHandlers,
} from "./contenders.ts";
import { type Contender, type Hello, PROMISED, type Style, type Target } from "./results.ts";

type Fetch = (request: Request) => Response | Promise<Response>;

interface DenoGlobal {
  serve(options: object, handler: Fetch): { addr: { port: number } };
}

const HOST = "127.0.0.1";
const ADDRESS = { hostname: HOST, port: 0 };
/** Of node:http: its 5 s can pass before a contender's turn comes again. */
const OPTIONS = { keepAliveTimeout: 0 };

/** A server of fetch style, which Node has none of its own of. */
async function serveFetch(fetch: Fetch): Promise<number> {
  if (runtime === "bun") return Bun.serve({ ...ADDRESS, fetch }).port ?? 0;
  if (runtime === "deno") {
    const { Deno } = globalThis as unknown as { Deno: DenoGlobal };
    return Deno.serve({ ...ADDRESS, onListen: () => {} }, fetch).addr.port;
  }
  return await portOf(serveHono({ ...ADDRESS, fetch, serverOptions: OPTIONS }) as Server);
}

async function portOf(server: Server): Promise<number> {
  if (!server.listening) await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A server of one route, as Bun and Deno have it. */
async function serveRoute(contender: Contender, handler: Fetch): Promise<number> {
  if (runtime !== "bun") {
    return await serveFetch(
      contender === OURS ? metrics.handler(handler, { route: ROUTE }) : handler,
    );
  }
  const options = { ...ADDRESS, routes: { [ROUTE]: handler } };
  return Bun.serve(contender === OURS ? metrics.serve(options) : options).port ?? 0;
}

async function serveMiddleware(middleware: Middleware | undefined): Promise<number> {
  const app = new Hono();
  if (middleware) app.use(middleware);
  app.get(ROUTE, (context) => context.text("hello"));
  return await serveFetch((request) => app.fetch(request));
}

/** A server of node:http, timed by hand. */
async function serveNode(start: Start | undefined): Promise<number> {
  return await portOf(
    createServer(OPTIONS, (request, response) => {
      if (start) {
        const end = start(request.method ?? "");
        response.once("finish", () => end(response.statusCode));
      }
      response.end("hello");
    }).listen(0, HOST),
  );
}

const targets: Target[] = [];
const add = async (style: Style, contender: Contender, port: Promise<number>) =>
  void targets.push({ style, contender, port: await port });

const [, , which = "all"] = process.argv;
const wanted = ([contender]: readonly [Contender, ...unknown[]]) =>
  which === "all" || PROMISED.includes(contender);
if (which !== "all" && which !== "promised") {
  if (which === OURS) metrics.node(); // it hears of all servers of node:http in its process
  const [, start] = STARTS.find(([contender]) => contender === which) ?? [];
  await add("node:http", which as Contender, serveNode(start));
} else if (runtime !== "node") {
  for (const [contender, handler] of syncHandlers().filter(wanted)) {
    await add("synchronous", contender, serveRoute(contender, handler));
  }
  for (const [contender, handler] of asyncHandlers().filter(wanted)) {
    await add("asynchronous", contender, serveRoute(contender, handler));
  }
}
for (const [contender, middleware] of which === "all" ? honoMiddleware() : []) {
  await add("Hono", contender, serveMiddleware(middleware));
}

const hello: Hello = { version: process.versions[runtime] ?? "", targets };
console.log(JSON.stringify(hello));

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "end") break;
  console.log(processCpuTime());
}
console.log("bye");
process.exit();
