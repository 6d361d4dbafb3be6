/**
 * A server that times its handler: a Server-Timing header on each response, percentiles at /stats.
 *
 *   bun examples/bun_server.ts [PORT]
 *   curl -i http://localhost:3000/
 *   curl http://localhost:3000/stats
 */
import { createHistogram } from "node:perf_hooks";
import process from "node:process";
import { now } from "@x/vdso";

type Handler = (request: Request) => Response | Promise<Response>;

/** Nanoseconds. An HDR histogram: a fixed size, and three significant digits over its whole range. */
const durations = createHistogram();

/** A handler that also says how long it took. */
function timed(handler: Handler): Handler {
  return async (request) => {
    const start = now();
    const response = await handler(request);
    const ns = now() - start;
    durations.record(Math.max(1, ns)); // the histogram starts at 1
    response.headers.set("server-timing", `handler;dur=${ns / 1e6}`); // in ms
    return response;
  };
}

async function greet(request: Request): Promise<Response> {
  await Bun.sleep(2); // a database, say
  return new Response(`Hello from ${new URL(request.url).pathname}\n`);
}

function stats(): Response {
  const micros = (percentile: number) => durations.percentile(percentile) / 1000;
  return Response.json({ count: durations.count, p50: micros(50), p99: micros(99), unit: "µs" });
}

const server = Bun.serve({
  hostname: "localhost",
  port: Number(process.argv[2] ?? 3000),
  routes: { "/stats": stats },
  fetch: timed(greet),
});
console.log(`Listening on ${server.url}`);
