/**
 * What the harness adds of its own, against loops that have nothing but the call.
 *
 *   node scripts/accuracy/overhead.ts LIBRARY TURNS TIME_MS
 */
import process from "node:process";
import { measure, median } from "../../bench/mod.ts";
import { now } from "../../mod.ts";
import { work } from "./native.ts";
import type { Overhead } from "./results.ts";

const [, , , turns = "9", time = "50"] = process.argv;
const options = { time: Number(time) };
const ITERATIONS = 25;

/** What a call takes in a loop with nothing else in it: the fastest of batches of 20 µs. */
const BATCH = 500;
const BATCHES = 2000;
const out = new Float64Array(BATCHES);
const bare = new Function(
  "work",
  "now",
  "out",
  `"use strict";
  return function () {
    let sum = 0;
    for (let batch = 0; batch < ${BATCHES}; batch++) {
      const start = now();
      for (let i = 0; i < ${BATCH}; i++) sum += work(${ITERATIONS});
      out[batch] = now() - start;
    }
    return sum;
  };`,
)(work, now, out) as () => number;

function bareNs(): number {
  bare();
  return Math.min(...out) / BATCH;
}

const added: number[] = [];
const nothing: number[] = [];
const clock: number[] = [];
const ratio: number[] = [];
for (let i = 0; i < 10; i++) bareNs();
for (let i = 0; i < Number(turns); i++) {
  const before = bareNs();
  const { ns } = await measure(() => work(ITERATIONS), options);
  added.push(ns.min - Math.min(before, bareNs()));
  nothing.push((await measure(() => {}, options)).ns.p50);
  const single = await measure(() => {}, { ...options, mode: "latency" });
  clock.push(single.clock.costNs);
  ratio.push(1 + single.ns.p50 / single.clock.costNs);
}
const overhead: Overhead = {
  nothingNs: median(nothing),
  addedNs: median(added),
  clockNs: median(clock),
  latencyRatio: median(ratio),
};
console.log(JSON.stringify(overhead));
