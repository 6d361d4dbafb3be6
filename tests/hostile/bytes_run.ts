/**
 * Breaks images and reads them, in whichever runtime: first all that once failed, then at random.
 *
 *   RUNTIME tests/hostile/bytes_run.ts CASES [SEED]
 *
 * Prints a JSON object. A case that fails is shrunk, and printed as it is to be kept in seeds.json.
 */
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { collect } from "./corpus.ts";
import { type Case, cases, Corpus } from "./mutations.ts";
import { countSteps, emptyTally, examine, type Tally } from "./oracle.ts";

/** What is printed. */
export interface BytesReport {
  readonly seed: number;
  readonly images: number;
  /** How many of seeds.json were replayed: an image that is not at hand cannot be. */
  readonly replayed: number;
  readonly tally: Tally;
  /** Bytes of the heap after half of the cases, and how many more at the end. */
  readonly heap: number;
  readonly heapGrowth: number;
  readonly seconds: number;
  readonly failure?: { readonly case: Case; readonly error: string };
}

const [count = "1000", seed = String(Date.now() | 0)] = process.argv.slice(2);
const corpus = new Corpus(collect());
const tally = emptyTally();
let replayed = 0;
const start = performance.now();
countSteps();

const report = replay() ?? search();
console.log(JSON.stringify(report));
if (report.failure) process.exitCode = 1;

function results() {
  const seconds = (performance.now() - start) / 1000;
  return { seed: Number(seed), images: corpus.names.length, replayed, tally, seconds };
}

function replay(): BytesReport | undefined {
  const seeds = JSON.parse(
    readFileSync(join(import.meta.dirname, "seeds.json"), "utf8"),
  ) as (Case & { why: string })[];
  for (const { image, mutations } of seeds) {
    const bytes = corpus.make({ image, mutations });
    if (bytes === undefined) {
      // Of another kernel, or of another machine's own.
      if (image.includes("/") || image === "own") continue;
      throw new Error(`seeds.json names the image ${image}, which is not built`);
    }
    replayed++;
    try {
      examine(bytes, tally);
    } catch (error) {
      const failure = { case: { image, mutations }, error: String(error) };
      return { ...results(), heap: 0, heapGrowth: 0, failure };
    }
  }
  return undefined;
}

function search(): BytesReport {
  const property = fc.property(cases(corpus.names), (what) => {
    const bytes = corpus.make(what);
    if (bytes !== undefined) examine(bytes, tally);
  });
  // In two halves: what the first has left behind is what every run leaves behind.
  const heaps: number[] = [];
  for (const half of [0, 1]) {
    const details = fc.check(property, {
      seed: Number(seed) + half,
      numRuns: Number(count) / 2,
    });
    heaps.push(heapUsed());
    const [what] = details.counterexample ?? [];
    if (what) {
      const failure = { case: corpus.keep(what), error: String(details.errorInstance) };
      return { ...results(), heap: heaps[0] ?? 0, heapGrowth: 0, failure };
    }
  }
  const [heap = 0, last = 0] = heaps;
  return { ...results(), heap, heapGrowth: last - heap };
}

function heapUsed(): number {
  const { Bun, gc } = globalThis as { Bun?: { gc(force: boolean): void }; gc?: () => void };
  if (Bun) Bun.gc(true);
  else if (gc) gc();
  else throw new Error("Garbage collection is not exposed");
  return process.memoryUsage().heapUsed;
}
