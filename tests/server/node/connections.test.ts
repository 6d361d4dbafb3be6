import { assertEquals } from "@std/assert";
import { channel } from "node:diagnostics_channel";
import { EventEmitter, once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { requestMetrics } from "../../../server/mod.ts";
import { runtime } from "../../support.ts";
import { ended, until } from "../support.ts";

const skip = runtime === "bun" ? "Bun's node:http publishes nothing" : false;

/** Two requests on one connection, of which the second does not wait for the first's response. */
async function pipelined() {
  const metrics = requestMetrics();
  const stop = metrics.node();
  const responses: ServerResponse[] = [];
  const server = createServer((_, response) => void responses.push(response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", () => {}).resume();
  const request = (method: string) => `${method} / HTTP/1.1\r\nhost: localhost\r\n\r\n`;
  client.write(request("GET") + request("DELETE"));
  await until(() => responses.length === 2);
  const close = async () => {
    stop();
    client.destroy();
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  };
  return { metrics, stop, responses, client, close };
}

test("node() tells requests apart that wait on one connection", { skip }, async () => {
  const { metrics, responses, close } = await pipelined();
  try {
    assertEquals(metrics.snapshot().inFlight, 2);
    const [first, second] = responses as [ServerResponse, ServerResponse];
    second.writeHead(202).end();
    first.writeHead(201).end();
    await ended(metrics);
    assertEquals(
      metrics.snapshot().series.map(({ labels }) => [labels?.method, labels?.status]),
      [["GET", 201], ["DELETE", 202]],
    );
  } finally {
    await close();
  }
});

test(
  "node() counts all requests that wait on a connection when its client goes",
  { skip },
  async () => {
    const { metrics, client, close } = await pipelined();
    try {
      client.destroy();
      await ended(metrics);
      assertEquals(
        metrics.snapshot().series.map(({ labels }) => [labels?.method, labels?.outcome]),
        [["GET", "abort"], ["DELETE", "abort"]],
      );
    } finally {
      await close();
    }
  },
);

test("node() leaves nothing in flight when it stops", { skip }, async () => {
  const { metrics, stop, close } = await pipelined();
  try {
    stop();
    assertEquals(metrics.snapshot().inFlight, 0);
  } finally {
    await close();
  }
});

test("node() tells https by the socket", { skip }, () => {
  const metrics = requestMetrics();
  const stop = metrics.node();
  try {
    const socket = Object.assign(new EventEmitter(), { encrypted: true });
    const message = { request: { method: "GET" }, response: { statusCode: 200 }, socket };
    channel("http.server.request.start").publish(message);
    channel("http.server.response.finish").publish(message);
    metrics.route(message.request, "/known");
    channel("http.server.request.start").publish(message);
    channel("http.server.response.finish").publish(message);
    assertEquals(
      metrics.snapshot().series.map(({ labels }) => [labels?.route, labels?.scheme]),
      [[undefined, "https"], ["/known", "https"]],
    );
  } finally {
    stop();
  }
});
