import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { requestMetrics } from "../../server/mod.ts";
import { counts, sleep } from "./support.ts";

const request = (method = "GET") => new Request("http://localhost/", { method });

test("a synchronous handler stays synchronous, and its response is the same object", () => {
  const metrics = requestMetrics();
  const response = new Response("hello");
  const handler = metrics.handler((_: Request) => response, { route: "/" });
  assertStrictEquals(handler(request()), response);
  assertEquals(counts(metrics.snapshot()), { "GET / 200": 1 });
});

test("the promise of an asynchronous handler is passed on as it is", async () => {
  const metrics = requestMetrics();
  const promise = Promise.resolve(new Response(null, { status: 204 }));
  const handler = metrics.handler((_: Request) => promise, { route: "/" });
  assertStrictEquals(handler(request("PUT")), promise);
  assertEquals(metrics.snapshot().inFlight, 1);
  await promise;
  assertEquals(counts(metrics.snapshot()), { "PUT / 204": 1 });
  assertEquals(metrics.snapshot().inFlight, 0);
});

test("this, arguments, their number, name and length are kept", () => {
  const metrics = requestMetrics();
  const seen: unknown[] = [];
  const self = {};
  function named(this: unknown, ...args: unknown[]) {
    seen.push([this === self, ...args]);
    return new Response();
  }
  const handlers: ((this: unknown, ...args: unknown[]) => unknown)[] = [
    named,
    (_a) => new Response(),
    (_a, _b) => new Response(),
    (_a, _b, _c) => new Response(),
  ];
  for (const handler of handlers) {
    const { length, name } = metrics.handler(handler);
    assertEquals([length, name], [handler.length, handler.name]);
  }
  const wrapped = metrics.handler(named as (typeof handlers)[0]);
  wrapped.call(self);
  const args = [request(), 2, undefined, 4];
  for (let i = 1; i < 5; i++) wrapped.apply(self, args.slice(0, i));
  assertEquals(seen, [0, 1, 2, 3, 4].map((length) => [true, ...args.slice(0, length)]));
});

test("what a handler throws is thrown, and counted for itself", async () => {
  const metrics = requestMetrics();
  const error = new Error("of the handler");
  const throws = metrics.handler((_: Request) => {
    throw error;
  }, { route: "/throws" });
  const rejects = metrics.handler((_: Request) => Promise.reject(error), { route: "/rejects" });
  assertStrictEquals(assertThrows(() => throws(request())), error);
  assertStrictEquals(await assertRejects(() => rejects(request())), error);
  assertEquals(counts(metrics.snapshot()), { "GET /throws error": 1, "GET /rejects error": 1 });
  assertEquals(metrics.snapshot().inFlight, 0);
});

test("what is no response is an error", async () => {
  const metrics = requestMetrics();
  for (const value of [undefined, null, 5, "text", {}, Response.error()]) {
    metrics.handler((_: Request) => value)(request());
    await metrics.handler((_: Request) => Promise.resolve(value))(request());
  }
  assertEquals(counts(metrics.snapshot()), { "GET - error": 12 });
  assertEquals(metrics.snapshot().inFlight, 0);
});

test("getters that throw change no response", async () => {
  const throwing = (key: string) =>
    Object.defineProperty({}, key, {
      get() {
        throw new Error(`of ${key}`);
      },
    });
  const metrics = requestMetrics();
  const lookalikes = [
    Object.create(Response.prototype) as object,
    new Proxy(new Response(), {}),
    throwing("status"),
  ];
  for (const value of [...lookalikes, throwing("then")]) {
    assertStrictEquals(metrics.handler((_: Request) => value)(request()), value);
  }
  for (const value of lookalikes) {
    assertStrictEquals(await metrics.handler(async (_: Request) => await value)(request()), value);
  }
  const response = new Response();
  const { fetch } = metrics.serve({ fetch: (_: object) => response });
  assertStrictEquals(metrics.handler((_: object) => response)(throwing("method")), response);
  assertStrictEquals(fetch(throwing("method")), response);
  const fails = metrics.serve({
    fetch: (_: object) => Promise.reject(new Error("of the handler")),
  });
  await assertRejects(() => fails.fetch(throwing("signal")), Error, "of the handler");
  await sleep(1); // what nobody catches ends the process
  const { "GET - error": errors = 0, ...others } = counts(metrics.snapshot());
  // A proxy of a Response has its status where Response has no private fields.
  assertEquals(errors + (others["GET - 200"] ?? 0), 7);
  assertEquals([others["_OTHER - 200"], others["_OTHER - error"]], [2, 1]);
  assertEquals(metrics.snapshot().inFlight, 0);
});

test("serve() passes on what Bun does not wait for", () => {
  const metrics = requestMetrics();
  const thenable = { then: (resolve: (_: Response) => void) => resolve(new Response()) };
  const { fetch } = metrics.serve({ fetch: (_: Request) => thenable });
  assertStrictEquals(fetch(request()), thenable);
  assertEquals(counts(metrics.snapshot()), { "GET - error": 1 });
});

test("serve() waits for promises of another realm, as Bun does", async () => {
  const Foreign = runInNewContext("Promise") as PromiseConstructor;
  const metrics = requestMetrics();
  let answer = (_: Response) => {};
  const promise = new Foreign<Response>((resolve) => answer = resolve);
  const { fetch } = metrics.serve({ fetch: (_: Request) => promise });
  assertStrictEquals(fetch(request()), promise);
  assertEquals([counts(metrics.snapshot()), metrics.snapshot().inFlight], [{}, 1]);
  answer(new Response());
  await promise;
  const fails = metrics.serve({ fetch: (_: Request) => Foreign.reject(new Error("of the realm")) });
  await assertRejects(async () => await fails.fetch(request()), Error, "of the realm");
  assertEquals(counts(metrics.snapshot()), { "GET - 200": 1, "GET - error": 1 });
  assertEquals(metrics.snapshot().inFlight, 0);
});

test("serve() waits for asynchronous functions where Promise has been replaced", async () => {
  const metrics = requestMetrics();
  const { fetch } = metrics.serve({
    fetch: async (_: Request) => {
      await undefined;
      return new Response();
    },
  });
  const { Promise } = globalThis;
  let answer;
  try {
    globalThis.Promise = class extends Promise<unknown> {} as PromiseConstructor; // as zone.js does
    answer = fetch(request());
  } finally {
    globalThis.Promise = Promise;
  }
  assertEquals([counts(metrics.snapshot()), metrics.snapshot().inFlight], [{}, 1]);
  await answer;
  assertEquals([counts(metrics.snapshot()), metrics.snapshot().inFlight], [{ "GET - 200": 1 }, 0]);
});

test("what is lazy is waited for once", async () => {
  const metrics = requestMetrics();
  let begun = 0;
  const lazy = {
    then(resolve: (response: Response) => void) {
      begun++;
      resolve(new Response());
    },
  };
  const answer: PromiseLike<Response> = metrics.handler((_: Request) => lazy)(request()) as never;
  assert((await answer) instanceof Response);
  await answer;
  assertEquals(begun, 1);
  assertEquals(counts(metrics.snapshot()), { "GET - 200": 1 });
});

test("a handler that takes nothing is called with nothing, and has the method that it was said to have", () => {
  const metrics = requestMetrics();
  const handler = () => new Response();
  metrics.handler(handler, { route: "/", method: "POST" })();
  metrics.handler(handler)();
  assertEquals(counts(metrics.snapshot()), { "POST / 200": 1, "_OTHER - 200": 1 });
});

test("a handler that is wrapped twice counts once", () => {
  const metrics = requestMetrics();
  const handler = metrics.handler((_: Request) => new Response());
  assertStrictEquals(metrics.handler(handler), handler);
  const other = requestMetrics();
  other.handler(handler)(request());
  assertEquals([counts(metrics.snapshot()), counts(other.snapshot())], [
    { "GET - 200": 1 },
    { "GET - 200": 1 },
  ]);
});

test("many at once are in flight until each has ended", async () => {
  const metrics = requestMetrics();
  const handler = metrics.handler(async (_: Request, ms: number) => {
    await sleep(ms);
    if (ms % 2) throw new Error("odd");
    return new Response();
  }, { route: "/" });
  const all = Array.from({ length: 50 }, (_, i) => handler(request(), i % 10));
  assertEquals(metrics.snapshot().inFlight, 50);
  await Promise.allSettled(all);
  assertEquals(metrics.snapshot().inFlight, 0);
  assertEquals(counts(metrics.snapshot()), { "GET / 200": 25, "GET / error": 25 });
});

test("a known delay comes back", async () => {
  const metrics = requestMetrics();
  await metrics.handler(async (_: Request) => {
    await sleep(30);
    return new Response();
  })(request());
  const [series] = metrics.snapshot().series;
  // Timers may be a millisecond early, and late as long as the machine is busy.
  assert(series!.sumNs >= 29e6 && series!.sumNs < 30e9, `${series!.sumNs} ns`);
});

test("a burst of requests, in whatever order they end, is counted to the last", async () => {
  const metrics = requestMetrics();
  const ends: (() => void)[] = [];
  const handler = metrics.handler((request: Request) => {
    const { method } = request;
    return new Promise<Response>((resolve, reject) =>
      ends.push(() => method === "PUT" ? reject(new Error("no")) : resolve(new Response()))
    );
  }, { route: "/" });
  for (let round = 0; round < 3; round++) {
    const results = Array.from(
      { length: 300 },
      (_, i) => handler(request(["GET", "PUT", "POST"][i % 3])).catch(() => {}),
    );
    assertEquals(metrics.snapshot().inFlight, 300);
    for (let i = 0; ends.length > 0; i += 7) ends.splice(i % ends.length, 1)[0]?.();
    await Promise.all(results);
  }
  assertEquals(counts(metrics.snapshot()), {
    "GET / 200": 300,
    "PUT / error": 300,
    "POST / 200": 300,
  });
  assertEquals(metrics.snapshot().inFlight, 0);
});

test("a promise that calls back more than once is one request", async () => {
  class Twice extends Promise<Response> {
    override then<T, U>(
      onResponse?: ((response: Response) => T | PromiseLike<T>) | null,
      onError?: ((error: unknown) => U | PromiseLike<U>) | null,
    ): Promise<T | U> {
      super.then(onResponse, onError);
      return super.then(onResponse, onError);
    }
  }
  const metrics = requestMetrics();
  const promise = new Twice((resolve) => resolve(new Response()));
  const handler = metrics.handler((_: Request) => promise, { route: "/" });
  assertStrictEquals(handler(request()), promise);
  await sleep(10);
  assertEquals(counts(metrics.snapshot()), { "GET / 200": 1 });
  assertEquals(metrics.snapshot().inFlight, 0);
});

test("a signal is asked for where a handler took a millisecond, or failed", async () => {
  const metrics = requestMetrics();
  let asked = 0;
  const request = {
    method: "GET",
    get signal() {
      asked++;
      return { aborted: true };
    },
  } as unknown as Request;
  const until = (ms: number, fails: boolean) => async (_: Request) => {
    const start = performance.now();
    await null;
    while (performance.now() - start < ms) continue;
    if (fails) throw new Error("given up");
    return new Response();
  };
  const call = async (ms: number, fails: boolean) => {
    const options = metrics.serve({ fetch: until(ms, fails) });
    await options.fetch(request).catch(() => {});
  };
  for (let i = 0; i < 20; i++) await call(0, false);
  assert(asked < 20, "some are held up, not all");
  const before = asked;
  await call(2, false);
  await call(0, true);
  assertEquals(asked, before + 2);
  assertEquals(counts(metrics.snapshot())["GET - abort"], asked);
});
