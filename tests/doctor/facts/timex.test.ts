/** struct timex, as the kernel lays it out. */
// npm test: node26 (it only computes, on what is made up)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { parseTimex, TIMEX_BYTES } from "../../../doctor/facts/timex.ts";

test("parseTimex() reads the fields of include/uapi/linux/timex.h", () => {
  // On a CPU of 64 bits: modes, offset, freq, maxerror, esterror, status, constant, precision,
  // tolerance, time, tick, ...
  const words = new BigInt64Array(TIMEX_BYTES / 8);
  words[2] = BigInt(-12.5 * 65_536);
  words[3] = 16_000_000n;
  words[5] = 0x2041n;
  words[11] = 10_007n;
  assertEquals(parseTimex(5, new Uint8Array(words.buffer)), {
    state: 5,
    status: 0x2041,
    maxerrorUs: 16_000_000,
    freqPpm: -12.5,
    tickUs: 10_007,
  });
});
