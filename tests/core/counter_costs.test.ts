import { assertEquals, assertLess } from "@std/assert";
import { test } from "node:test";
import { counterCosts } from "../../core/counter_costs.ts";

/** Measurements by the shim, one after the other, and how many of them were made. */
function measurements(...costs: readonly number[][]) {
  let made = 0;
  const measure = (out: Uint8Array) => {
    const last = costs.length - 1;
    new Float64Array(out.buffer).set(costs[Math.min(made++, last)] ?? []);
  };
  return { ...counterCosts(measure), made };
}

test("counterCosts() are the least of two measurements that agree", () => {
  assertEquals(measurements([10, 27, 250], [11, 25, 240]), {
    counter: 10,
    entry: 25,
    syscall: 240,
    made: 2,
  });
});

test("counterCosts() measures again where all rounds of a path were disturbed", () => {
  // The entry makes the system call, and seemed to cost half of it.
  assertEquals(measurements([10, 250, 500], [10, 250, 240]), {
    counter: 10,
    entry: 250,
    syscall: 240,
    made: 3,
  });
  // The entry is spared the system call, and seemed not to be.
  const [disturbed, again, quiet] = [[10, 400, 250], [10, 300, 250], [10, 25, 250]];
  const { entry, made } = measurements(disturbed, again, quiet, quiet);
  assertEquals([entry, made], [25, 4]);
});

test("counterCosts() comes to an end where no two agree", () => {
  const falling = Array.from({ length: 100 }, (_, i) => [10, 25, 1000 * 0.7 ** i]);
  const { made, syscall } = measurements(...falling);
  assertEquals(made, 10);
  assertLess(syscall, 1000 * 0.7 ** 8);
  assertEquals(measurements([NaN, NaN, NaN]).made, 10);
});
