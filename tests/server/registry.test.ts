// npm test: node26 (pure computation)
import { assertEquals, assertStrictEquals } from "@std/assert";
import { test } from "node:test";
import { ABORT, ERROR, Registry, UPGRADE } from "../../server/registry.ts";

const labels = (registry: Registry) =>
  [...registry.series()].map(({ labels, count }) =>
    labels
      ? `${labels.scheme} ${labels.method} ${labels.route} ${labels.outcome} ${labels.status} ${count}`
      : `overflow ${count}`
  );

test("a route has a series for each method and status", () => {
  const registry = new Registry(100);
  const users = registry.route("/users/:id", "http");
  for (const status of [200, 404, 200, 200]) users.record("GET", status, 1000);
  users.record("POST", 200, 1000);
  users.record("GET", 200, 1000);
  for (const status of [ERROR, ABORT, UPGRADE]) users.record("GET", status, 1000);
  assertEquals(labels(registry), [
    "http GET /users/:id response 200 4",
    "http GET /users/:id response 404 1",
    "http POST /users/:id response 200 1",
    "http GET /users/:id error undefined 1",
    "http GET /users/:id abort undefined 1",
    "http GET /users/:id upgrade 101 1",
  ]);
  assertEquals(registry.count(), 9);
});

test("route() gives the same one again, but for each scheme another", () => {
  const registry = new Registry(100);
  const route = registry.route("/", "http");
  assertStrictEquals(registry.route("/", "http"), route);
  registry.route("/", "https").record("GET", 200, 1);
  registry.route(undefined, "https").record("GET", 200, 1);
  route.record("GET", 200, 1);
  assertEquals(labels(registry), [
    "https GET / response 200 1",
    "https GET undefined response 200 1",
    "http GET / response 200 1",
  ]);
});

test("methods that nobody knows are one series", () => {
  const registry = new Registry(100);
  const route = registry.route("/", "http");
  for (let i = 0; i < 1000; i++) route.record(`BREW${i}`, 418, 1000);
  route.record("get", 418, 1000); // methods are case-sensitive
  route.record("QUERY", 200, 1000);
  assertEquals(labels(registry), [
    "http _OTHER / response 418 1001",
    "http QUERY / response 200 1",
  ]);
});

test("what comes after the last series is counted together, and takes no memory", () => {
  const registry = new Registry(2);
  registry.route("/a", "http").record("GET", 200, 1000);
  registry.route("/b", "http").record("GET", 200, 1000);
  const late = registry.route("/late", "http");
  for (let i = 0; i < 100; i++) {
    const route = registry.route(`/made/up/${i}`, "http");
    assertStrictEquals(route, late);
    route.record("GET", 200, 1000);
  }
  registry.route("/a", "http").record("GET", 500, 1000);
  registry.route("/a", "http").record("GET", 200, 1000);
  assertEquals(labels(registry), [
    "http GET /a response 200 2",
    "http GET /b response 200 1",
    "overflow 101",
  ]);
  assertEquals(registry.count(), 104);
});

test("bind() makes a series before the traffic comes", () => {
  const registry = new Registry(10);
  registry.route("/", "http").bind("GET", 200);
  assertEquals(labels(registry), ["http GET / response 200 0"]);
});

test("reset() keeps series and what is in flight", () => {
  const registry = new Registry(10);
  registry.route("/", "http").record("GET", 200, 1000);
  registry.inFlight = 3;
  registry.since = 0;
  registry.reset();
  assertEquals(labels(registry), ["http GET / response 200 0"]);
  assertEquals(registry.inFlight, 3);
  assertEquals(registry.since > 0, true);
});

test("leave() replaces what was said of a pattern, and of no other", () => {
  const registry = new Registry(10);
  registry.leave("/a", ["/a"]);
  registry.leave("/b", ["PUT /b", "POST /b"]);
  registry.leave("/c", []);
  assertEquals(registry.uncounted(), ["/a", "PUT /b", "POST /b"]);
  registry.leave("/b", ["GET /b"]);
  registry.leave("/a", []);
  assertEquals(registry.uncounted(), ["GET /b"]);
});
