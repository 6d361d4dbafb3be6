/**
 * A server that tells what its requests cost, by route: for Prometheus at /metrics, for people at
 * /stats. It also answers by itself what Bun can, and has a WebSocket.
 *
 *   bun examples/bun_server.ts [PORT]
 *   curl http://localhost:3000/users/7
 *   curl http://localhost:3000/stats
 *   curl http://localhost:3000/metrics
 */
import process from "node:process";
import { quantile, requestMetrics } from "@x/vdso/server";
import { Registry } from "prom-client";

const metrics = requestMetrics();
const register = new Registry();
metrics.prometheus(register);

/** Median and 99th percentile of each series, in µs. */
function stats(): Response {
  const { series, inFlight } = metrics.snapshot();
  const micros = (ns: number) => Math.round(ns) / 1000;
  return Response.json({
    inFlight,
    uncounted: metrics.uncounted,
    series: series.filter(({ count }) => count > 0).map((one) => ({
      ...one.labels,
      count: one.count,
      p50: micros(quantile([one], 0.5)),
      p99: micros(quantile([one], 0.99)),
    })),
  });
}

const server = metrics.watch(Bun.serve(metrics.serve({
  hostname: "localhost",
  port: Number(process.argv[2] ?? 3000),
  routes: {
    "/": new Response("Hello\n"), // answered without JavaScript, so it is not counted
    "/users/:id": (request) => new Response(`user ${request.params.id}\n`),
    "/slow": async () => {
      await Bun.sleep(20); // a database, say
      return Response.redirect("/");
    },
    "/stats": stats,
    "/metrics": async () => new Response(await register.metrics()),
  },
  fetch(request, server) {
    if (server.upgrade(request)) return undefined;
    return new Response("No such page\n", { status: 404 });
  },
  websocket: {
    message: (socket, message) => void socket.send(message),
  },
})));
console.log(`Listening on ${server.url}`);
