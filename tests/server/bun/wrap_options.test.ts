/** What becomes of the options of Bun.serve, which any runtime can tell. */
// npm test: bun, node26 (one of each engine)
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { test } from "node:test";
import { wrapOptions } from "../../../server/bun.ts";
import type { Handler } from "../../../server/mod.ts";

const wrap = (handler: Handler): Handler =>
  function wrapped() {
    return handler.name;
  };
const nothing = () => {};

test("wrapOptions() changes functions alone, in a copy", () => {
  const response = new Response("static");
  const left: [string, readonly string[]][] = [];
  const options = Object.freeze({
    port: 0,
    fetch: () => response,
    error: () => response,
    websocket: { message() {} },
    routes: Object.freeze({
      "/a": () => response,
      "/b": { GET: () => response, POST: response, PUT: false },
      "/c": response,
      "/d": false,
      "/e": { dir: "./public" },
      "/f": new Blob(["a file"]),
    }),
  });
  const copy = wrapOptions(options, wrap, (route, requests) => left.push([route, requests]));
  assertEquals(left, [
    ["/a", []],
    ["/b", ["POST /b"]],
    ["/c", ["/c"]],
    ["/d", []],
    ["/e", ["/e"]],
    ["/f", ["/f"]],
  ]);
  assertEquals([copy.fetch, copy.routes["/a"], copy.routes["/b"].GET].map(({ name }) => name), [
    "wrapped",
    "wrapped",
    "wrapped",
  ]);
  for (const key of ["/c", "/d", "/e", "/f"] as const) {
    assertStrictEquals(copy.routes[key], options.routes[key]);
  }
  assertStrictEquals(copy.routes["/b"].POST, response);
  assertStrictEquals(copy.error, options.error);
  assertStrictEquals(copy.websocket, options.websocket);
  assertEquals(Object.keys(copy), Object.keys(options));
});

test("wrapOptions() takes methods that are an instance of a class, and what Bun called routes before", () => {
  class Methods {
    GET = () => "got";
  }
  const routes = { "/": new Methods() };
  const before = wrapOptions({ static: routes }, wrap, nothing);
  assertEquals([before.static["/"].GET.name, "routes" in before], ["wrapped", false]);
  const { static: unread, routes: read } = wrapOptions({ static: routes, routes }, wrap, nothing);
  assertEquals([unread, read["/"].GET.name], [routes, "wrapped"]);
});

test("wrapOptions() reads what a class keeps private", () => {
  class Base {
    #hostname = "localhost";
    get hostname() {
      return this.#hostname;
    }
    get port() {
      return 1;
    }
  }
  class App extends Base {
    #port = 2;
    override get port() {
      return this.#port;
    }
    get routes() {
      return { "/": () => this.#port };
    }
    fetch() {}
  }
  const given = new App();
  Object.defineProperty(given, "idleTimeout", { get: () => given.port, enumerable: true });
  const app = wrapOptions(given, wrap, nothing) as App & { idleTimeout: number };
  assertEquals([app.hostname, app.port, app.idleTimeout], ["localhost", 2, 2]);
  assertEquals(app.routes["/"].name, "wrapped");
  assert(app instanceof App);
});

test("wrapOptions() takes an instance of a class, and a module", async () => {
  class App {
    port = 0;
    fetch() {
      return "fetch";
    }
    get hostname() {
      return "localhost";
    }
  }
  const app = wrapOptions(new App(), wrap, nothing);
  assertEquals([app.fetch(), app.port, app.hostname, app instanceof App], [
    "fetch",
    0,
    "localhost",
    true,
  ]);
  const source = "data:text/javascript,export const port = 1; export function fetch() {}";
  const module = await import(source) as { port: number; fetch: () => unknown };
  const { port, fetch } = wrapOptions(module, wrap, nothing);
  assertEquals([port, fetch()], [1, "fetch"]);
});
