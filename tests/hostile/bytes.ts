/** Hostile bytes: broken images by the ten thousand, in each runtime; see oracle.ts. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { kernelImages, KERNELS } from "../../scripts/hostile/kernels.ts";
import { type Place, type Row, run, runtimeTitle, type Size } from "../../scripts/hostile/place.ts";
import { type RuntimeCommand, RUNTIMES } from "../../scripts/runtimes.ts";
import type { BytesReport } from "./bytes_run.ts";

const CASES: Readonly<Record<Size, number>> = { short: 50_000, full: 1_000_000 };

const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  deno: ["--v8-flags=--expose-gc"],
  bun: [],
  node26: ["--expose-gc"],
};

export const PLACES: readonly Place[] = RUNTIMES.filter(({ name }) => OPTIONS[name]).map(
  (runtime) => ({
    name: `bytes-${runtime.name}`,
    title: `Broken images, in ${runtime.name}`,
    size: "short",
    packages: ["xz-utils", "zstd"], // to carve images
    run: (size) => breakImages(runtime, size),
  }),
);

async function breakImages(runtime: RuntimeCommand, size: Size): Promise<readonly Row[]> {
  // Without those that cannot be had there are still others, and another place says so.
  await Promise.allSettled(KERNELS.filter((kernel) => kernel.size === "short").map(kernelImages));
  const options = OPTIONS[runtime.name] ?? [];
  const words = [runtime.bin, ...runtime.run, ...options, "tests/hostile/bytes_run.ts"];
  // It ends by the number of steps; the time is for a machine that is very slow.
  const { status, signal, stdout, stderr } = await run([...words, `${CASES[size]}`], {
    timeout: size === "full" ? 3_600_000 : 300_000,
  });
  assert(stdout.startsWith("{"), `ended with ${signal ?? status}: ${stderr}`);
  const report = JSON.parse(stdout) as BytesReport;
  const { failure, tally, seed, heapGrowth } = report;
  assert(!failure, `${failure?.error}; for seeds.json: ${JSON.stringify(failure?.case)}`);
  assertEquals(status, 0, stderr);

  // Whether it has looked at anything: about half of the images can still be read.
  assertEquals(tally.cases, CASES[size] + report.replayed);
  assertGreater(tally.images, tally.cases / 4);
  assertLess(tally.images, tally.cases * 3 / 4);
  assertGreater(tally.functions, tally.cases);
  assertGreater(tally.entries, tally.cases);
  assertGreater(tally.rows, tally.cases);
  assertLess(heapGrowth, 4_000_000, `bytes of the heap, seed ${seed}`);
  return [{
    runtime: await runtimeTitle(runtime),
    entries: `${tally.images} could be read, ${tally.functions} functions and ${tally.rows} ` +
      "unwind rows held against the bytes",
    cost: `${report.seconds.toFixed(0)} s`,
    result: `${tally.cases} cases made of ${report.images} images: ElfError or right`,
  }];
}
