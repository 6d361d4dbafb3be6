/**
 * Three ways to copy an object, measured: what a call costs, what its slowest calls cost, and what
 * is wrong with the figures, if anything is.
 *
 *   deno run --allow-ffi examples/bench_copy.ts [MILLISECONDS]
 *   bun examples/bench_copy.ts [MILLISECONDS]
 *   node examples/bench_copy.ts [MILLISECONDS]
 */
import process from "node:process";
import { bench, group, type Mode, run } from "@x/vdso/bench";

const ways: Record<string, (object: object) => unknown> = {
  "spread": (object) => ({ ...object }),
  "structuredClone": (object) => structuredClone(object),
  "JSON": (object) => JSON.parse(JSON.stringify(object)),
};

for (const mode of ["throughput", "latency"] as Mode[]) {
  group(mode, () => {
    for (const [name, copy] of Object.entries(ways)) {
      bench(name, copy, { mode, setup: () => ({ id: 42, name: "Ada", tags: ["a", "b"] }) });
    }
  });
}

await run({
  time: Number(process.argv[2] ?? 300),
  onResult({ group: [mode], name, ns, clock, warnings }) {
    const figures = mode === "latency"
      ? `median ${ns.p50.toFixed(0)}, p99 ${ns.p99.toFixed(0)}, p99.9 ${ns.p999.toFixed(0)} ns`
      : `${ns.p50.toFixed(1)} ns a call`;
    console.log(`${mode}, ${name}: ${figures} (by ${clock.name})`);
    for (const { code, message } of warnings) console.log(`  ${code}: ${message}`);
  },
});
