import { assertEquals, assertRejects } from "@std/assert";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { connectTo } from "../../../../scripts/measure/server/client.ts";

/** A server that answers the nth request with the nth text. */
async function withServer(
  texts: (n: number) => string,
  use: (port: number, server: Server) => Promise<void>,
) {
  let requests = 0;
  const server = createServer((_, response) => {
    response.setHeader("date", "always the same").end(texts(++requests));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  await use((server.address() as AddressInfo).port, server);
  server.closeAllConnections();
  server.close();
  return requests;
}

test("connectTo() sends as many requests as it is told", async () => {
  const requests = await withServer(() => "hello", async (port) => {
    const client = await connectTo(port);
    await client.send(250);
    client.close();
  });
  assertEquals(requests, 251); // one told how long a response is
});

test("connectTo() notices a response of another length", async () => {
  await withServer((n) => n < 5 ? "hello" : "hello!", async (port) => {
    const client = await connectTo(port);
    await assertRejects(() => client.send(10), Error, "The server sent 1 bytes too many");
    client.close();
  });
});

test("connectTo() notices that the server has hung up meanwhile", async () => {
  await withServer(() => "hello", async (port, server) => {
    const client = await connectTo(port);
    server.closeAllConnections();
    await setTimeout(100); // it has been told of it by then
    await assertRejects(() => client.send(1), Error, "The server hung up");
    client.close();
  });
});
