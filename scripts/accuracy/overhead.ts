/**
 * What the harness adds of its own, against loops that have nothing but the call.
 *
 *   node scripts/accuracy/overhead.ts - TURNS TIME_MS
 */
import process from "node:process";
import { median } from "../../bench/median.ts";
import { measure } from "../../bench/mod.ts";
import { now } from "../../mod.ts";
import type { Overhead } from "./results.ts";

const [, , , turns = "9", time = "50"] = process.argv;
const options = { time: Number(time) };

/** About 10 ns, each of which waits for the one before: no compiler and no CPU can shorten it. */
const cell = Int32Array.of(42);
const chain = () => {
  let x = cell[0] as number;
  for (let i = 0; i < 8; i++) x = Math.imul(x, 1664525) + 1013904223 | 0;
  return cell[0] = x;
};

/** What a call takes in a loop with nothing else in it: the fastest of batches of 20 µs. */
const BATCH = 2000;
const BATCHES = 500;
const out = new Float64Array(BATCHES);
const bare = new Function(
  "fn",
  "now",
  "out",
  `"use strict";
  return function () {
    let sum = 0;
    for (let batch = 0; batch < ${BATCHES}; batch++) {
      const start = now();
      for (let i = 0; i < ${BATCH}; i++) sum += fn();
      out[batch] = now() - start;
    }
    return sum;
  };`,
)(chain, now, out) as () => number;

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
  const { ns } = await measure(chain, options);
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
