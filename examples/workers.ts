/**
 * How long does a message take to a Worker, and back? Each side stamps it with now(), and the stamps
 * compare: all threads are on one timeline. In Deno and Bun performance.now() starts anew in each
 * Worker.
 *
 *   deno run --allow-ffi --allow-read examples/workers.ts [ROUNDS]
 *   bun examples/workers.ts [ROUNDS]
 *   node examples/workers.ts [ROUNDS]
 */
import process from "node:process";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { now, sources } from "@x/vdso";

interface Stamps {
  readonly sent: number;
  readonly received: number;
}

if (isMainThread) {
  const { timeline, reason } = sources();
  if (timeline === "machine") await measure(Number(process.argv[2] ?? 1000));
  else console.log(`Stamps of Workers do not compare here: ${reason}`);
} else {
  parentPort?.on("message", (sent: number) => {
    const stamps: Stamps = { sent, received: now() };
    parentPort?.postMessage(stamps);
  });
}

async function measure(rounds: number): Promise<void> {
  const worker = new Worker(new URL(import.meta.url));
  const there: number[] = [];
  const back: number[] = [];
  for (let i = 0; i <= rounds; i++) {
    const reply = new Promise<Stamps>((resolve) => worker.once("message", resolve));
    worker.postMessage(now());
    const { sent, received } = await reply;
    const end = now();
    if (i === 0) continue; // the Worker was still starting
    there.push(received - sent);
    back.push(end - received);
  }
  await worker.terminate();
  console.log(`there: ${describe(there)}`);
  console.log(`back:  ${describe(back)}`);
}

function describe(durations: number[]): string {
  durations.sort((a, b) => a - b);
  const micros = (ns = NaN) => (ns / 1000).toFixed(1);
  return `least ${micros(durations[0])} µs, median ${micros(durations[durations.length >> 1])} µs`;
}
