// npm test: node26 (data in, data out)
import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { test } from "node:test";
import { bucketMiddle, bucketOf, BUCKETS, bucketStart, quantiles } from "../../jitter/buckets.ts";

test("every number is in the bucket between whose ends it is", () => {
  const numbers = [0, 1, 127, 128, 255, 256, 257, 1000, 65_535, 65_536, 1e9, 2 ** 47, 2 ** 48 - 1];
  for (const number of numbers) {
    const bucket = bucketOf(number);
    assertLessOrEqual(bucketStart(bucket), number);
    assertLess(number, bucketStart(bucket + 1));
  }
});

test("buckets follow each other without a gap, and are narrower than 0.8 %", () => {
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const [start, end] = [bucketStart(bucket), bucketStart(bucket + 1)];
    assertEquals([bucketOf(start), bucketOf(end - 1)], [bucket, bucket]);
    assert(bucket < 256 ? end - start === 1 : (end - start) / start < 0.008, `bucket ${bucket}`);
  }
});

test("bucketOf() puts what is longer than all into the last one", () => {
  for (const number of [2 ** 48, 2 ** 53, Infinity]) assertEquals(bucketOf(number), BUCKETS - 1);
});

test("bucketMiddle() is a number of the bucket", () => {
  for (const bucket of [0, 255, 256, BUCKETS - 1]) {
    assertEquals(bucketOf(Math.floor(bucketMiddle(bucket))), bucket);
  }
});

test("quantiles() are those of the sorted numbers, within a bucket", () => {
  const counts = new Float64Array(BUCKETS);
  const numbers = Array.from({ length: 1000 }, (_, i) => Math.floor(1.01 ** i * 10));
  for (const number of numbers) counts[bucketOf(number)]!++;
  const parts = [0, 0.001, 0.5, 0.99, 0.999, 1];
  quantiles(counts, parts).forEach((value, i) => {
    const exact = numbers[Math.max(1, Math.ceil((parts[i] ?? 0) * 1000)) - 1] ?? NaN;
    assertEquals(bucketOf(value), bucketOf(exact));
  });
});

test("quantiles() of nothing are NaN", () => {
  assertEquals(quantiles(new Float64Array(BUCKETS), [0.5, 1]), [NaN, NaN]);
});
