/**
 * An HTTP handler by itself, and through a socket of this machine, call by call: a file for `vdso
 * bench`.
 *
 *   deno run --allow-all cli.ts bench examples/bench_http.ts --deno-args --allow-net
 *   bun cli.ts bench examples/bench_http.ts --deno-args --allow-net
 *   node cli.ts bench examples/bench_http.ts --deno-args --allow-net
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { bench, group } from "@x/vdso/bench";

/** What is measured: looks something up, and answers in JSON. */
function handle(path: string): { status: number; body: string } {
  const [, name] = /^\/hello\/(\w+)$/.exec(path) ?? [];
  if (name === undefined) return { status: 404, body: '{"error":"not found"}' };
  return { status: 200, body: JSON.stringify({ hello: name, length: name.length }) };
}

async function serve() {
  const server = createServer((request, response) => {
    const { status, body } = handle(request.url ?? "/");
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}/hello/ada` };
}

group("HTTP", () => {
  const paths = ["/hello/ada", "/hello/grace", "/favicon.ico", "/hello/alan"];
  let next = 0;
  bench("the handler", () => handle(paths[next++ & 3] as string));

  // One request after the other: this is the handler's and the runtime's latency, not that of users
  // who do not wait for each other.
  bench("a request", {
    mode: "latency",
    setup: serve,
    teardown: ({ server }) => {
      server.closeAllConnections();
      server.close();
    },
  }, async ({ url }) => (await fetch(url)).json());
});
