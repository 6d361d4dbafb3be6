// npm test: node26 (it only computes, on what is made up)
import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { addNs, type Anchor, Anchors, type Clocks, nsBetween, timeAt } from "../../otel/anchor.ts";
import type { HrTime } from "../../otel/mod.ts";
import { inWorld } from "./world.ts";

const ns = ([seconds, nanoseconds]: Readonly<HrTime>) =>
  BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);

/** How far an anchor is from the clocks of its world. */
const error = (anchor: Anchor, now: number, time: bigint) => Number(ns(timeAt(anchor, now)) - time);

test(
  "at() gives the same anchor until the wall clock is set",
  inWorld((world) => {
    const anchors = new Anchors(world.clocks);
    const first = anchors.at(world.clocks.now());
    for (let i = 0; i < 1000; i++) {
      world.pass(1e9);
      assertEquals(anchors.at(world.clocks.now()), first);
    }
    for (const seconds of [3600, -7200, 1]) {
      world.setWall(seconds);
      const anchor = anchors.at(world.clocks.now());
      assert(anchor !== first);
      assert(Math.abs(error(anchor, world.now, world.time)) <= 100);
      assertEquals(anchors.at(world.clocks.now()), anchor);
    }
  }),
);

test(
  "at() is not led astray by what comes between two clocks",
  inWorld((world) => {
    let reading = 0;
    /** Every reading of the wall clock but the fourth takes 5 ms. */
    const clocks: Clocks = {
      ...world.clocks,
      wall() {
        if (++reading !== 4) world.pass(5e6);
        const time = world.clocks.wall();
        if (reading !== 4) world.pass(7e6);
        return time;
      },
    };
    const anchors = new Anchors(clocks);
    const anchor = anchors.at(clocks.now());
    assertEquals(reading, 4);
    assert(Math.abs(error(anchor, world.now, world.time)) <= 100);
    assert(anchors.at(clocks.now()) === anchor);
    world.setWall(1);
    assert(anchors.at(clocks.now()) !== anchor);
  }),
);

test(
  "at() keeps an anchor that a coarse wall clock cannot refute",
  inWorld((world) => {
    const MS = 1e6;
    const clocks: Clocks = {
      ...world.clocks,
      wall() {
        const [seconds, nanoseconds] = world.clocks.wall();
        return [seconds, nanoseconds - nanoseconds % MS];
      },
      resolution: () => MS,
    };
    const anchors = new Anchors(clocks);
    const first = anchors.at(clocks.now());
    for (let i = 0; i < 1000; i++) {
      world.pass(123_457);
      assert(anchors.at(clocks.now()) === first);
    }
  }),
);

test("addNs() and nsBetween() carry over full seconds", () => {
  const cases: [HrTime, number, HrTime][] = [
    [[5, 0], 0, [5, 0]],
    [[5, 999_999_999], 1, [6, 0]],
    [[5, 999_999_999], 3_000_000_002, [9, 1]],
    [[5, 0], -1, [4, 999_999_999]],
    [[5, 1], -2_000_000_002, [2, 999_999_999]],
    [[1_700_000_000, 987_654_321], 86_400e9 + 12_345_679, [1_700_086_401, 0]],
  ];
  for (const [from, by, to] of cases) {
    assertEquals(addNs(from, by), to);
    assertEquals(nsBetween(from, to), by);
  }
});
