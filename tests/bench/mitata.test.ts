/** The real mitata, on this library's clock. */
// npm test: bun, node26 (one of each engine)
import { assert, assertStrictEquals } from "@std/assert";
import { measure } from "mitata";
import { now as mitataNow } from "../../bench/mitata.ts";
import { now } from "../../mod.ts";
import { statisticalTest } from "../support.ts";
import { spin } from "./support.ts";

const timeout = 30_000;

statisticalTest("now of ./mitata is now(), and mitata measures with it", { timeout }, async () => {
  assertStrictEquals(mitataNow, now);
  let readings = 0;
  const counted = () => {
    readings++;
    return mitataNow();
  };
  const options = { now: counted, min_cpu_time: 2e7, min_samples: 20, gc: false as const };
  const { min, p50, samples } = await measure(spin(200_000), options);
  assert(min >= 199_000 && p50 < 2e8, `${min} ${p50}`);
  // Two readings for each sample, and mitata leaves four samples out.
  assert(readings >= 2 * samples.length, `${readings} ${samples.length}`);
});
