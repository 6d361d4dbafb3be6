/**
 * What parsing JSON costs, by size, and what a reviver adds: a file for `vdso bench`.
 *
 *   deno run --allow-all cli.ts bench examples/bench_json.ts
 *   bun cli.ts bench examples/bench_json.ts
 *   node cli.ts bench examples/bench_json.ts
 */
import { bench, group } from "@x/vdso/bench";

/** So many orders, as a shop's interface would send them. */
function orders(count: number): string {
  return JSON.stringify(Array.from({ length: count }, (_, i) => ({
    id: `order-${i}`,
    placed: new Date(1.7e12 + i * 1e7).toISOString(),
    items: [{ sku: 1000 + i, price: 9.99, count: 1 + i % 3 }],
    paid: i % 2 === 0,
  })));
}

const reviveDates = (key: string, value: unknown) =>
  key === "placed" ? new Date(value as string) : value;

group("parse", () => {
  const options = {
    params: { orders: [1, 100] },
    setup: (params: { orders: number }) => orders(params.orders),
  };
  bench("JSON.parse", options, (text) => JSON.parse(text));
  bench("JSON.parse with a reviver", options, (text) => JSON.parse(text, reviveDates));
  // Does one request in a thousand wait for a garbage collection?
  bench("JSON.parse, each call", { ...options, mode: "latency" }, (text) => JSON.parse(text));
});
