/**
 * How late do timers fire? Sleeps for a millisecond, again and again, and prints by how much longer
 * it took. Needs one permission; without it the runtime's own clock answers, and the script says so.
 *
 *   deno run --allow-ffi examples/deno_script.ts [ROUNDS]
 */
import { now, sources } from "@x/vdso";

const MILLISECOND = 1e6;
const rounds = Number(Deno.args[0] ?? 200);

const late: number[] = [];
for (let i = 0; i < rounds; i++) {
  const start = now();
  await new Promise((resolve) => setTimeout(resolve, 1));
  late.push(now() - start - MILLISECOND);
}
late.sort((a, b) => a - b);

const micros = (part: number) => ((late[Math.floor(part * (rounds - 1))] ?? NaN) / 1000).toFixed(1);
const { entries, reason } = sources();
console.log(`clock: ${entries.clock_gettime}${reason ? ` (${reason})` : ""}`);
console.log(`late by, in µs: median ${micros(0.5)}, p99 ${micros(0.99)}, most ${micros(1)}`);
