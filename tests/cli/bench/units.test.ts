// npm test: node26 (pure computation)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { commonUnit, printTime, printWithUnit } from "../../../cli/bench/units.ts";

test("times have three figures or more, in a unit that suits the least of them", () => {
  assertEquals(commonUnit([1500, 2_000_000]).name, "µs");
  assertEquals(commonUnit([0.02]).name, "ns");
  assertEquals(commonUnit([]).name, "s");
  const times = [0.123, 9.994, 12.34, 123.4, 12345, 1.5e6, 2e9];
  assertEquals(times.map(printWithUnit), [
    "0.12 ns",
    "9.99 ns",
    "12.3 ns",
    "123 ns",
    "12.3 µs",
    "1.50 ms",
    "2.00 s",
  ]);
  assertEquals(printTime(2_000_000, { name: "µs", ns: 1000 }), "2000");
});
