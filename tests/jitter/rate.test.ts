// npm test: node26 (data in, data out)
import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { Rate } from "../../jitter/rate.ts";

function assertNear(value: number, expected: number, within: number): void {
  assert(Math.abs(value - expected) <= within, `${value} is not ${expected}`);
}

test("Rate learns from all that has passed", () => {
  const rate = new Rate(3_000_100, 1e6, 1); // 33 ppm off
  for (let i = 0; i < 99; i++) assertEquals(rate.add(3e8, 1e8), 0);
  assertNear(rate.nsPerTick, 1 / 3, 1e-7);
});

test("Rate tells by how much the counter went ahead at once, and does not learn from it", () => {
  const rate = new Rate(3e6, 1e6, 1);
  assertNear(rate.add(3e8 + 3e6, 1e8), 1e6, 1e-3);
  assertNear(rate.add(3e8 - 3e6, 1e8), -1e6, 1e-3);
  assertEquals(rate.nsPerTick, 1 / 3);
});

test("Rate takes neither noise nor an oscillator for a jump", () => {
  const fresh = () => new Rate(3e6, 1e6, 1);
  assertEquals(fresh().add(3e6 * 1.01, 1e6), 0); // 10 µs: a sample
  assertEquals(fresh().add(3e9 * 1.0005, 1e9), 0); // 500 ppm
});

test("Rate takes no step of a coarse clock for a jump", () => {
  const rate = new Rate(6e8, 2e8, 4e6);
  assertEquals(rate.add(3e8, 1e8 + 4e6), 0);
  assertEquals(rate.add(3e8, 1e8 - 4e6), 0);
});
