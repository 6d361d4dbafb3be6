// npm test: node26 (it only computes, on what is made up)
import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { serverTiming } from "../../server/server_timing.ts";

test("serverTiming() writes milliseconds, with as many digits as there are", () => {
  for (
    const [ns, text] of [
      [0, "0"],
      [1, "0.000001"],
      [0.4, "0"],
      [1_000_000, "1"],
      [1_234_567, "1.234567"],
      [1_200_000, "1.2"],
      [100_000_000, "100"],
      [3_600e9, "3600000"],
    ] as const
  ) assertEquals(serverTiming({ db: ns }), `db;dur=${text}`);
});

test("serverTiming() has its metrics in order", () => {
  assertEquals(serverTiming({}), "");
  assertEquals(
    serverTiming({ total: 3e6, db: 2e6, "cache.miss-1": NaN }),
    "total;dur=3, db;dur=2, cache.miss-1",
  );
});

test("serverTiming() rounds to the quantum", () => {
  const rounded = (ns: number, quantum: number) => serverTiming({ db: ns }, { quantum });
  assertEquals(rounded(1_234_567, 1e6), "db;dur=1");
  assertEquals(rounded(1_534_567, 1e6), "db;dur=2");
  assertEquals(rounded(499_999, 1e6), "db;dur=0");
  assertEquals(rounded(1_234_567, 1000), "db;dur=1.235");
  assertEquals(rounded(1_234_567, 250_000), "db;dur=1.25");
});

test("serverTiming() refuses what would make another header", () => {
  for (const name of ["", "a b", "a;b", "a,b", 'a"', "a\r\nset-cookie: b", "ä", "a=b", "a/b"]) {
    assertThrows(
      () => serverTiming({ [name]: 1 }),
      TypeError,
      "Expected `durations` to have tokens",
    );
  }
  for (const ns of ["1", 1n, null, undefined, {}]) {
    assertThrows(
      () => serverTiming({ db: ns as never }),
      TypeError,
      "Expected `db` to be a number",
    );
  }
  for (const ns of [-1, Infinity, -Infinity]) {
    assertThrows(() => serverTiming({ db: ns }), RangeError, "Expected `db` to be 0 or more");
  }
  for (const quantum of [0, -1, NaN, Infinity, "x" as never]) {
    assertThrows(() => serverTiming({ db: 1 }, { quantum }), RangeError, "Expected `quantum`");
  }
});
