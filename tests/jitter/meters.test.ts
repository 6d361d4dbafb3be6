// npm test: node26 (data in, data out)
import { assertEquals, assertGreater } from "@std/assert";
import { test } from "node:test";
import { bucketOf, BUCKETS } from "../../jitter/buckets.ts";
import { type NodeLoop, nodeLoop, turnMeter } from "../../jitter/meters.ts";

const MS = 1e6;

/** A loop whose turns the test makes. */
class FakeLoop implements NodeLoop {
  now = 1000;
  idle = 300;
  next: (() => void) | undefined;
  nowMs = () => this.now;
  idleMs = () => this.idle;
  nextTurn = (fn: () => void) => {
    this.next = fn;
    return () => this.next = undefined;
  };
  turn(busyMs: number, idleMs: number): void {
    this.now += busyMs + idleMs;
    this.idle += idleMs;
    this.next?.();
  }
}

function found(counts: Float64Array): [bucket: number, count: number][] {
  return [...counts.entries()].filter(([, count]) => count > 0);
}

test("turnMeter() counts how long each turn was busy, and not how long it waited", () => {
  const loop = new FakeLoop();
  const counts = new Float64Array(BUCKETS);
  loop.now += 700; // before the meter began, in the same turn
  const meter = turnMeter(counts, loop);
  loop.turn(50, 1000);
  loop.turn(50, 0);
  loop.turn(0, 2000);
  assertEquals(found(counts), [[0, 1], [bucketOf(50 * MS), 2]]);
  meter.close();
  loop.turn(80, 0);
  assertEquals(found(counts), [[0, 1], [bucketOf(50 * MS), 2]]);
});

test("turnMeter() counts of the turn in which it is reset what comes after", () => {
  const loop = new FakeLoop();
  const counts = new Float64Array(BUCKETS);
  const meter = turnMeter(counts, loop);
  const pending = () => {
    const so = new Float64Array(BUCKETS);
    meter.addPending(so);
    return found(so);
  };
  loop.now += 300;
  assertEquals(pending(), [[bucketOf(300 * MS), 1]]);
  meter.reset();
  assertEquals(pending(), [[0, 1]]);
  loop.turn(20, 100);
  assertEquals(found(counts), [[bucketOf(20 * MS), 1]]);
});

test("turnMeter() leaves out a turn in which the clocks do not agree", () => {
  const loop = new FakeLoop();
  const counts = new Float64Array(BUCKETS);
  turnMeter(counts, loop);
  loop.now -= 5;
  loop.turn(1, 1);
  assertEquals(found(counts), []);
});

test("nodeLoop() has the real time, whatever has replaced performance.now()", () => {
  const { now } = performance;
  performance.now = () => -1;
  try {
    assertGreater(nodeLoop().nowMs(), 0);
  } finally {
    performance.now = now;
  }
});
