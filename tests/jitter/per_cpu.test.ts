import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { allowedCpus } from "../../jitter/affinity.ts";
import { jitterPerCpu } from "../../jitter/mod.ts";
import { full } from "../support.ts";

const timeout = 60_000;

test("jitterPerCpu() watches all CPUs at once, each from one of them", { timeout }, async () => {
  const cpus = allowedCpus();
  const told = new Set<number>();
  const found = await jitterPerCpu({ time: full ? 700 : 300, onProgress: (cpu) => told.add(cpu) });
  assertEquals(found.map(({ cpu }) => cpu), cpus);
  assertEquals([...told].sort((a, b) => a - b), cpus);
  for (const { cpu, worst, signs } of found) {
    assertEquals(signs.moves, 0);
    for (const gap of worst) assertEquals(gap.cpu, cpu);
  }
  // At once: each began before any had ended.
  const lastStart = Math.max(...found.map(({ at }) => at));
  const firstEnd = Math.min(...found.map(({ at, durationNs }) => at + durationNs));
  assert(lastStart < firstEnd, `${lastStart} ${firstEnd}`);
});

test("jitterPerCpu() watches those CPUs that it is told", { timeout }, async () => {
  const [cpu = 0] = allowedCpus().slice(-1);
  const found = await jitterPerCpu({ time: 50, cpus: [cpu], threshold: 5000, top: 3 });
  assertEquals(found.map(({ cpu, thresholdNs }) => ({ cpu, thresholdNs })), [
    { cpu, thresholdNs: 5000 },
  ]);
  assert((found[0]?.worst.length ?? Infinity) <= 3);
});

test("jitterPerCpu() ends when what it calls throws", { timeout }, async () => {
  const thrown = new Error("enough");
  const caught: unknown = await jitterPerCpu({
    time: 3_600_000,
    onProgress() {
      throw thrown;
    },
  }).catch((error: unknown) => error);
  assertEquals(caught, thrown);
});
