/** Which CPUs a thread hops between. */
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { hopsOver, measureHops, ownCpus } from "../../../doctor/facts/hops.ts";

test("hopsOver() goes around once, or to each from each", () => {
  assertEquals(hopsOver([0, 2, 5], false), [[0, 2], [2, 5], [5, 0]]);
  assertEquals(hopsOver([0, 2, 5], true), [[0, 2], [0, 5], [2, 0], [2, 5], [5, 0], [5, 2]]);
  assertEquals(hopsOver([3], true), []);
  assertEquals(hopsOver([], false), []);
});

test("measureHops() leaves the thread free to run where it could before", () => {
  const before = ownCpus();
  const { hops, backwards } = measureHops(false);
  assertEquals(ownCpus(), before);
  assertEquals(hops === null, before.length < 2);
  assertEquals(backwards ?? 0, 0);
});
