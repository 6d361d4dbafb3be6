/** What the tests of server/ share. */
import process from "node:process";
import type { Snapshot } from "../../server/mod.ts";
import { runtime } from "../support.ts";

/** Counts by `METHOD ROUTE STATUS`, or what came in place of a status; without those that are 0. */
export function counts({ series }: Snapshot): Record<string, number> {
  return Object.fromEntries(
    series.filter(({ count }) => count > 0).map(({ labels, count }) => [
      labels
        ? `${labels.method} ${labels.route ?? "-"} ${labels.status ?? labels.outcome}`
        : "overflow",
      count,
    ]),
  );
}

/** Asks a server, and reads the whole answer. */
export async function get(url: URL | string, init?: RequestInit): Promise<[number, string]> {
  const response = await fetch(url, init);
  return [response.status, await response.text()];
}

/** Waits until it is so; after ten seconds it goes on all the same, and the test sees. */
export async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !condition(); i++) await sleep(5);
}

/** Waits until no request is in a handler any more. */
export async function ended({ snapshot }: { snapshot(): Snapshot }): Promise<void> {
  await until(() => snapshot().inFlight === 0);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** How to run a program that collects garbage. */
export const COLLECTED = {
  deno: ["--allow-all", "--v8-flags=--expose-gc"],
  node: ["--expose-gc"],
  timeout: 240_000,
};

/** Collects garbage, in a program that is run so. */
export const collectGarbage: () => void = runtime === "bun"
  ? () => Bun.gc(true)
  : (globalThis as unknown as { gc(): void }).gc;

/** Bytes that JavaScript keeps when garbage has been collected, with those of its buffers. */
export function heapBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return runtime === "bun" ? heapUsed : heapUsed + external; // Bun's heap has them already
}
