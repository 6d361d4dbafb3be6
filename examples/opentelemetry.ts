/**
 * OpenTelemetry's spans in nanoseconds: a trace, with what each span took and when its parts were.
 *
 *   deno run --allow-ffi --allow-env --allow-sys examples/opentelemetry.ts
 *   bun examples/opentelemetry.ts
 *   node examples/opentelemetry.ts
 */
import { context, trace } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { now } from "@x/vdso";
import { clockSpanProcessor, toHrTime } from "@x/vdso/otel";

// A program has an exporter that sends, and a BatchSpanProcessor.
const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({
  spanProcessors: [clockSpanProcessor(new SimpleSpanProcessor({ exporter }))],
});
const tracer = provider.getTracer("example");

const request = tracer.startSpan("request");
const inside = trace.setSpan(context.active(), request);
const query = tracer.startSpan("query", {}, inside);
const rows = Array.from({ length: 1000 }, (_, id) => ({ id, name: `row ${id}` }));
query.end();

const text = JSON.stringify(rows);
const written = now(); // a stamp of one's own, for 20 ns
request.addEvent("written", { bytes: text.length }, toHrTime(written));
request.end();

await provider.forceFlush();
const [first] = exporter.getFinishedSpans().filter(({ name }) => name === "request");
const since = ([seconds, ns]: [number, number]) =>
  first === undefined ? NaN : (seconds - first.startTime[0]) * 1e9 + ns - first.startTime[1];
for (const { name, startTime, endTime, events } of exporter.getFinishedSpans()) {
  console.log(`${name}: ${since(startTime)} to ${since(endTime)} ns`);
  for (const { name, time } of events) console.log(`  ${name}: ${since(time)} ns`);
}
await provider.shutdown();
