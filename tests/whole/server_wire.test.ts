/**
 * What @x/vdso/server may not change: each response, byte for byte, as it goes over the wire. Two
 * servers answer the same requests, one as it is and one timed.
 */
// npm test: deno, bun, node26 (the servers of older Nodes are the same)
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { requestMetrics } from "../../server/mod.ts";
import { listen, type Listening, PATHS } from "../fixtures/server_wire.ts";
import { runtime } from "../support.ts";

const timeout = 60_000;
const metrics = requestMetrics();
let upstream: Listening, plain: Listening, timed: Listening;
before(async () => {
  upstream = await listen(undefined);
  plain = await listen(undefined, upstream.port);
  timed = await listen(metrics, upstream.port);
});
after(async () => {
  for (const server of [timed, plain, upstream]) await server.close();
});

/** Sends it on a connection of its own, and gives all that comes back; of an upgrade the head. */
function exchange({ port }: Listening, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "localhost");
    const end = () => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      answer += chunk;
      if (answer.startsWith("HTTP/1.1 101") && answer.includes("\r\n\r\n")) end();
    });
    socket.on("end", end);
    // Where a response is given up amid it, that is the answer.
    socket.on(
      "error",
      (error: Error & { code?: string }) => error.code === "ECONNRESET" ? end() : reject(error),
    );
    socket.write(text);
  });
}

function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body = "",
): string {
  const all = {
    Host: "localhost",
    Connection: "close",
    ...(body && { "Content-Length": `${body.length}` }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}

const withoutDate = (answer: string) => answer.replaceAll(/^date: .*\r\n/gim, "");

/** Holds both answers against each other, and gives one. */
async function same(text: string): Promise<string> {
  const expected = withoutDate(await exchange(plain, text));
  const stop = runtime === "node" ? metrics.node() : undefined;
  const answer = await exchange(timed, text);
  stop?.();
  assertEquals(withoutDate(answer), expected);
  return expected;
}

const UPGRADE = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

for (const path of PATHS) {
  test(`${path} is the same on the wire`, { timeout }, async () => {
    const answer = await same(ask("GET", path));
    if (!(runtime === "node" && path === "/throws")) assertMatch(answer, /^HTTP\/1\.1 \d\d\d /);
    const head = await same(ask("HEAD", path));
    // The handler that throws is not asked what for.
    if (head !== "") assertMatch(head, /\r\n\r\n$/);
    await same(ask("POST", path, {}, "a body"));
    await same(ask("OPTIONS", path));
  });
}

test("a range, and what has not changed", { timeout }, async () => {
  for (const path of PATHS) await same(ask("GET", path, { Range: "bytes=2-5" }));
  if (runtime !== "bun") return;
  assertMatch(await same(ask("GET", "/static-file", { Range: "bytes=2-5" })), /^HTTP\/1\.1 206 /);
  const [, etag = ""] = /^etag: (.*)\r$/im.exec(await same(ask("GET", "/static"))) ?? [];
  assert(etag !== "");
  const answer = await same(ask("GET", "/static", { "If-None-Match": etag }));
  assertMatch(answer, /^HTTP\/1\.1 304 /);
});

test("an upgrade to a WebSocket", { timeout }, async () => {
  const answer = await same(ask("GET", "/socket", UPGRADE));
  assertMatch(answer, /^HTTP\/1\.1 101 /);
  assertMatch(answer, /sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i);
  await same(ask("GET", "/socket", { ...UPGRADE, "Sec-WebSocket-Version": "7" }));
});

test("requests one after another on a connection", { timeout }, async () => {
  const more = ask("GET", "/text", { Connection: "keep-alive" });
  await same(`${more}${more}${ask("GET", "/empty")}`);
});

test("the timed one was timed", () => {
  const { series, inFlight } = metrics.snapshot();
  const total = series.reduce((sum, { count }) => sum + count, 0);
  assert(total >= 4 * PATHS.length - 20, `${total}`); // without what Bun answers by itself
  assertEquals(inFlight, 0);
});
