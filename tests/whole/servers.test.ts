/**
 * Real servers under real load: what is counted is what the clients sent, what Prometheus has scraped,
 * and what the browser is told.
 */
// npm test: bun (it takes long)
// both tiers: deno, bun, node26 (the servers of older Nodes are the same)
import { assert, assertEquals, assertGreater } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { quantile, type SeriesSnapshot, type Snapshot } from "../../server/mod.ts";
import {
  cannon,
  countOf,
  json,
  output,
  seriesOf,
  skipChromium,
  skipLoad,
  until,
  withPrometheus,
  withServer,
  wrk,
} from "../servers.ts";
import { full, runtime, statisticalTest } from "../support.ts";

const timeout = 120_000;

/** What runs here: node:http tells nothing in Bun, and Hono has no server of its own in Node. */
const KINDS = {
  bun: ["bun", ...(full ? ["hono"] : [])],
  deno: ["deno", "hono", ...(full ? ["express"] : [])], // on Deno's node:http
  node: ["node", "express", "fastify"],
}[runtime];

const CONNECTIONS = 8;
const FAST = full ? 4000 : 2000;

/** As Prometheus's histogram_quantile() interpolates. */
function classicQuantile(q: number, bounds: readonly number[], counts: readonly number[]): number {
  const rank = q * counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  for (const [i, count] of counts.entries()) {
    if (below + count >= rank) {
      const from = bounds[i - 1] ?? 0;
      return from + ((bounds[i] ?? NaN) - from) * (rank - below) / count;
    }
    below += count;
  }
  return NaN;
}

for (const kind of KINDS) {
  test(`${kind}: what is counted is what clients sent`, { skip: skipLoad, timeout }, async () => {
    await withServer(kind, async (url) => {
      await withPrometheus(url, async (query) => {
        const loads = await cannon([
          { url: `${url}fast`, amount: FAST, connections: CONNECTIONS },
          { url: `${url}fail`, amount: 50, connections: 5 },
          { url: `${url}slow`, amount: 60, connections: 2 },
        ]);
        assertEquals(loads, [
          { ok: FAST, failed: 0 },
          { ok: 0, failed: 50 },
          { ok: 60, failed: 0 },
        ]);

        const before = await json<Snapshot>(`${url}snapshot`);
        const [fast, fail, slow] = ["/fast", "/fail", "/slow"].map((route) => {
          const series = seriesOf(before, route);
          assertEquals(series.length, 1, `${route} ended in one way`);
          return series[0];
        }) as [SeriesSnapshot, SeriesSnapshot, SeriesSnapshot];
        assertEquals([fast.count, fail.count, slow.count], [FAST, 50, 60]);
        assertEquals([fast.labels?.status, slow.labels?.status], [200, 200]);
        assertEquals(fail.labels?.status ?? 500, 500);

        const sent = await wrk(`${url}fast`, CONNECTIONS);
        // What the handlers counted themselves, and what we did, at the same moment.
        let own = { fast: NaN, fail: NaN, snapshot: before };
        await until(async () => {
          own = await json<typeof own>(`${url}own`);
          return own.snapshot.inFlight <= 1; // the request for this
        });
        assertEquals(
          ["/fast", "/fail"].map((route) => countOf(seriesOf(own.snapshot, route))),
          [own.fast, own.fail],
        );
        // wrk goes away with a request open on each connection, which some servers still answer.
        const more = own.fast - FAST;
        assertGreater(sent, 0);
        assert(sent <= more && more <= sent + CONNECTIONS, `wrk sent ${sent}, counted are ${more}`);

        const name = "http_request_duration_seconds";
        const total = FAST + more;
        await until(async () => await query(`sum(${name}_count{route="/fast"})`) === total);
        assertEquals(await query(`${name}_count{route="/slow",status_code="200"}`), 60);
        assertEquals(await query(`sum(${name}_count{route="/fail"})`), 50);
        assertEquals(
          await query(`${name}_sum{route="/slow"}`),
          slow.sumNs / 1e9,
        );
        const p99 = await query(`histogram_quantile(0.99, ${name}_bucket{route="/slow"})`);
        const expected = classicQuantile(0.99, before.bounds, slow.buckets);
        assert(Math.abs((p99 ?? NaN) / expected - 1) < 1e-9, `p99 ${p99}, not ${expected}`);
        // What the finer buckets say lies in the bucket that Prometheus interpolates in.
        const above = before.bounds.findIndex((bound) => expected <= bound);
        const fine = quantile([slow], 0.99) / 1e9;
        assert((before.bounds[above - 1] ?? 0) / 1.03 < fine, `${fine} s`);
        assert(fine < (before.bounds[above] ?? 0) * 1.03, `${fine} s`);
        assertGreater(await query("http_requests_pending") ?? NaN, -1);
      });
    });
  });

  statisticalTest(`${kind}: delays come back within 3 %`, {
    skip: skipLoad || !full && "in the full tier: the delays take seconds" ||
      runtime === "node" && kind !== "node" && "as node:http alone, on which it is built",
    timeout,
  }, async () => {
    await withServer(kind, async (url) => {
      // Whatever else the machine does makes requests longer, and none shorter: the best of a few.
      let best = Infinity;
      let before = { count: 0, ns: 0, own: 0 };
      let least = NaN;
      const isNear = () => best < 1.03 && 0.97 < least && least < 1.03;
      for (let round = 0; round < 2 || (round < 6 && !isNear()); round++) {
        for (let i = 0; i < 2; i++) await (await fetch(`${url}slower`)).text();
        const { delays } = await json<{ delays: number[] }>(`${url}own`);
        const series = seriesOf(await json<Snapshot>(`${url}snapshot`), "/slower");
        const after = {
          count: countOf(series),
          ns: series[0]?.sumNs ?? NaN,
          own: delays.reduce((sum, ns) => sum + ns, 0),
        };
        assertEquals([after.count, delays.length], [before.count + 2, before.count + 2]);
        const ratio = (after.ns - before.ns) / (after.own - before.own);
        assert(ratio >= 1, `what was counted is ${ratio} of the delays`);
        best = Math.min(best, ratio);
        least = quantile(series, 0) / Math.min(...delays);
        before = after;
      }
      assert(
        isNear(),
        `what was counted is ${best} of the delays, the least ${least} of the least`,
      );
    });
  });
}

test("Chromium sees Server-Timing", {
  skip: skipChromium || !full && "in the full tier: a browser has to start",
  timeout,
}, async () => {
  const profile = mkdtempSync(join(tmpdir(), "vdso-chromium-"));
  try {
    await withServer(KINDS[0] as string, async (url) => {
      const page = await output("chromium", [
        "--headless",
        "--no-sandbox", // which root may not have
        "--disable-gpu",
        `--user-data-dir=${profile}`,
        "--virtual-time-budget=10000",
        "--dump-dom",
        `${url}page`,
      ]);
      const [text = ""] = /\[\{"name".*\}\]/.exec(page) ?? [];
      assertEquals(JSON.parse(text), [
        { name: "db", duration: 12.345678, description: "" },
        { name: "cache", duration: 0.25, description: "" },
      ]);
    });
  } finally {
    rmSync(profile, { recursive: true, maxRetries: 5 });
  }
});
