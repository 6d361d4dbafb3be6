import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import process from "node:process";
import { test } from "node:test";
import { allowedCpus } from "../../jitter/affinity.ts";
import { type Jitter, jitter, type JitterProgress } from "../../jitter/mod.ts";
import { now } from "../../mod.ts";

import { skipWithoutGcc } from "../native.ts";
import { full, nodeMajor, run, statisticalTest } from "../support.ts";
import { wrongShim } from "../wrong_shims.ts";

test("jitter() has figures that fit each other", () => {
  const start = now();
  const found = jitter({ time: 250, top: 5 });
  const end = now();
  assert(start <= found.at && found.at + found.durationNs <= end);
  assert(found.durationNs >= 250e6 && found.watchedNs <= found.durationNs);
  assertEquals([found.cpu, found.thresholdNs], [null, 1000]);
  assertGreater(found.readings, 0);
  assertLessOrEqual(found.lostNs, found.watchedNs);
  const causes = Object.values(found.causes);
  assertEquals(causes.reduce((sum, { gaps }) => sum + gaps, 0), found.gaps);
  const ns = causes.reduce((sum, cause) => sum + cause.ns, 0);
  assert(Math.abs(ns - found.lostNs) <= 1e-6 * found.lostNs + 1, `${ns} ${found.lostNs}`);
  assertEquals(found.histogram.reduce((sum, { count }) => sum + count, 0), found.gaps);
  assertEquals(found.worst.length, Math.min(5, found.gaps));
  assertEquals(found.quantiles === null, found.gaps === 0);
  assertEquals(found.quantiles?.max, found.worst[0]?.ns);
  assertEquals(found.signs.jumps, 0);
  assertEquals(JSON.parse(JSON.stringify(found)), found);
});

test("jitter() keeps its thread on a CPU meanwhile, and tells how far it is", () => {
  const all = allowedCpus();
  const [cpu = 0] = all;
  const told: JitterProgress[] = [];
  const { worst, signs, ...found } = jitter({
    time: 300,
    cpu,
    onProgress(progress) {
      assertEquals(allowedCpus(), [cpu]);
      told.push(progress);
    },
  });
  assertEquals(allowedCpus(), all);
  assertEquals([found.cpu, signs.moves], [cpu, 0]);
  for (const gap of worst) assertEquals(gap.cpu, cpu);
  const last = told.at(-1);
  assertEquals(last, {
    part: 1,
    gaps: found.gaps,
    lostNs: found.lostNs,
    watchedNs: found.watchedNs,
    causes: found.causes,
    worst: worst[0] ?? null,
  });
  assertEquals(told.map(({ part }) => part), told.map(({ part }) => part).sort((a, b) => a - b));
});

test("jitter() lets its thread go when what it calls throws", () => {
  const all = allowedCpus();
  const [cpu = 0] = all;
  const thrown = new Error("enough");
  let caught: unknown;
  try {
    jitter({
      time: 10_000,
      cpu,
      onProgress() {
        throw thrown;
      },
    });
  } catch (error) {
    caught = error;
  }
  assertEquals([caught, allowedCpus()], [thrown, all]);
});

const skipWithoutJumps = process.arch !== "x64"
  ? "the shim whose counter jumps is for x86_64"
  : skipWithoutGcc || !full && nodeMajor !== 26 && "in the full tier; in Node 26 always";

statisticalTest("jitter() knows a jump of the counter, in which no time passes", {
  skip: skipWithoutJumps,
  timeout: 60_000,
}, () => {
  const { code, stdout, stderr } = run("tests/fixtures/jitter_jumps.ts", [wrongShim("jumping")]);
  assertEquals([code, stderr], [0, ""]);
  const { signs, causes, worst, lostNs, watchedNs, durationNs, quantiles } = JSON.parse(
    stdout,
  ) as Jitter;
  assertGreater(signs.jumps, 1); // five in a second, of an hour or so
  assertGreater(causes.jumped.gaps, 1);
  assertGreater(causes.jumped.ns, 2 * 600e9);
  assertEquals(worst[0]?.cause, "jumped");
  assertLessOrEqual(watchedNs, durationNs);
  assertLessOrEqual(lostNs, watchedNs);
  assertLessOrEqual(quantiles?.max ?? Infinity, watchedNs);
});
