// npm test: node26 (pure computation)
import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { test } from "node:test";
import { seeded } from "../../bench/random.ts";
import { merge, quantile, requestMetrics, type Snapshot } from "../../server/mod.ts";
import { Series } from "../../server/series.ts";
import { snapshotOf } from "../../server/snapshot.ts";
import { run } from "../support.ts";
import { counts } from "./support.ts";

const EMPTY: Snapshot = requestMetrics().snapshot();

/** A snapshot of some series, each with its durations. */
function snapshot(durations: Record<string, number[]>, more: Partial<Snapshot> = {}): Snapshot {
  const series = Object.entries(durations).map(([route, all]) => {
    const one = new Series({
      route,
      method: "GET",
      scheme: "http",
      outcome: "response",
      status: 200,
    });
    for (const ns of all) one.record(ns);
    return snapshotOf(one);
  });
  return { ...EMPTY, ...more, series };
}

const random = seeded(7);
const durations = (length: number) =>
  Array.from({ length }, () => Math.round(100 * 10 ** (8 * random())));

test("merge() is addition: nothing is lost, in any order, also through JSON", () => {
  const [a, b, c] = [durations(500), durations(700), durations(300)];
  const first = snapshot({ "/": a, "/a": [1] }, { since: 5, at: 9, inFlight: 1, uncounted: ["x"] });
  const second = snapshot({ "/": b }, { since: 3, at: 7, inFlight: 2, uncounted: ["x", "y"] });
  const third = snapshot({ "/c": [0, 5e9], "/": c }, { since: 4, at: 8 });
  const all = snapshot(
    { "/": [...a, ...b, ...c], "/a": [1], "/c": [0, 5e9] },
    { since: 3, at: 9, inFlight: 3, uncounted: ["x", "y"] },
  );
  const travelled = JSON.parse(JSON.stringify(second)) as Snapshot;
  assertEquals(merge(first, travelled, third), all);
  assertEquals(merge(first, merge(structuredClone(second), third)), all);
  const byRoute = ({ series }: Snapshot) =>
    series.toSorted((x, y) => String(x.labels?.route).localeCompare(String(y.labels?.route)));
  assertEquals(byRoute(merge(third, second, first)), byRoute(all));
});

test("merge() adds what other processes print", () => {
  const snapshots = ["30", "12"].map((requests) => {
    const { code, stdout, stderr } = run("tests/fixtures/snapshot_process.ts", [requests]);
    assertEquals([code, stderr], [0, ""]);
    return JSON.parse(stdout) as Snapshot;
  });
  const all = merge(...snapshots);
  assertEquals(counts(all), { "GET / 200": 42, "GET /bad 500": 2 });
  const [first, second] = snapshots as [Snapshot, Snapshot];
  assertEquals([all.since, all.at], [first.since, second.at]);
  for (const [i, { buckets, sumNs, exponential }] of all.series.entries()) {
    const [one, other] = [first.series[i]!, second.series[i]!];
    assertEquals(sumNs, one.sumNs + other.sumNs);
    assertEquals(buckets, one.buckets.map((count, bucket) => count + other.buckets[bucket]!));
    const total = exponential.counts.reduce((sum, count) => sum + count, exponential.zeroCount);
    assertEquals(total, [42, 2][i]);
  }
  const [min = NaN, max = NaN] = [0, 1].map((q) => quantile(all.series, q));
  const ends = snapshots.map(({ series }) => [0, 1].map((q) => quantile(series, q)));
  assertEquals(min, Math.min(...ends.map(([least = NaN]) => least)));
  assertEquals(max, Math.max(...ends.map(([, most = NaN]) => most)));
});

test("merge() adds what had no series of its own", () => {
  const overflow = new Series(undefined);
  overflow.record(1000);
  const one = { ...EMPTY, series: [snapshotOf(overflow)] };
  const { series } = merge(one, JSON.parse(JSON.stringify(one)) as Snapshot);
  assertEquals(series.map(({ count, labels }) => [count, labels]), [[2, undefined]]);
});

test("merge() refuses what it cannot add", () => {
  assertThrows(() => merge(), RangeError, "Expected `snapshots` to have one, got none");
  assertThrows(() => merge({ ...EMPTY, bounds: [1] }), RangeError, "Expected `bounds` to be 0.005");
  const [series] = snapshot({ "/": [1] }).series;
  const other = {
    ...EMPTY,
    series: [{ ...series!, exponential: { ...series!.exponential, scale: 3 } }],
  };
  assertThrows(() => merge(other), RangeError, "Expected `scale` to be 4, got 3");
});

test("quantile() is within 3 % of the exact one", () => {
  for (const length of [1, 2, 10, 1000, 20_000]) {
    const all = durations(length);
    const half = length >> 1;
    // Of two series together, too.
    const { series } = snapshot({ "/a": all.slice(0, half), "/b": all.slice(half) });
    const ascending = all.toSorted((a, b) => a - b);
    for (const q of [0, 0.1, 0.5, 0.9, 0.99, 0.999, 1]) {
      const exact = ascending[Math.max(0, Math.ceil(q * length) - 1)] ?? NaN;
      assertLess(Math.abs(quantile(series, q) / exact - 1), 0.03, `${q} of ${length}`);
    }
  }
});

test("quantile() says what it cannot tell", () => {
  assertEquals(quantile([], 0.5), NaN);
  assertEquals(quantile(snapshot({ "/": [] }).series, 0.5), NaN);
  assertEquals(quantile(snapshot({ "/": [0, 0, 1e6] }).series, 0.5), 0);
  for (const q of [-0.1, 1.1, 99, NaN]) {
    assertThrows(() => quantile([], q), RangeError, `Expected \`q\` to be from 0 to 1, got ${q}`);
  }
});
