/**
 * Full load in Bun: two Workers on one port, a reload each second, 1 % of the requests failing, 1 %
 * left by the client. Nothing is lost, and memory stays flat. A few seconds; as long as one likes:
 *
 *   SOAK_SECONDS=600 npm run test:full -- --runtimes bun tests/whole/server_soak.test.ts
 */
// both tiers: bun (Workers that serve on one port)
import { assert, assertEquals, assertGreater } from "@std/assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { merge } from "../../server/mod.ts";
import type { SoakLoad, SoakReports } from "../fixtures/soak_types.ts";
import { countOf, NODE, output, seriesOf, until } from "../servers.ts";
import { command, full, ROOT, runtime } from "../support.ts";

const SECONDS = Number(process.env["SOAK_SECONDS"] ?? (full ? 10 : 2));

/**
 * By how many bytes the heap of a Worker may grow, and the process. The heap grew by 60 KB, in two
 * seconds as in ten minutes, and the process shrank. Of 15 million requests in ten minutes that lets
 * each keep 0.05 bytes of heap, and 1.5 of the process.
 */
const MORE = { heap: 256 * 2 ** 10, rss: 16 * 2 ** 20 };

const skip = runtime === "bun" ? false : "Workers that serve on one port are Bun's";
const timeout = (SECONDS * 2 + 120) * 1000;

test(`${SECONDS} s of full load lose nothing, and keep nothing`, { skip, timeout }, async () => {
  const fixture = (name: string) => join(ROOT, "tests/fixtures", name);
  const [program = "", ...args] = command(fixture("soak_server.ts"));
  const server = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  try {
    const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
    const line = async () => (await lines.next()).value ?? "";
    const report = async () => {
      server.stdin.write("report\n");
      return JSON.parse(await line()) as SoakReports;
    };
    const port = await line();
    const load = async (seconds: number) =>
      JSON.parse(
        await output(NODE, [fixture("soak_client.ts"), port, String(seconds)]),
      ) as SoakLoad;

    // What compilers and allocators keep, they keep after a while.
    const first = await load(SECONDS / 4);
    const before = await report();
    const second = await load(SECONDS * 3 / 4);
    let after = await report();
    await until(async () => {
      after = await report();
      return after.workers.every(({ snapshot }) => snapshot.inFlight === 0);
    });

    const sent = {
      ok: first.ok + second.ok,
      failed: first.failed + second.failed,
      left: first.left + second.left,
    };
    const own = (route: "ok" | "fail" | "slow") =>
      after.workers.reduce((sum, { own }) => sum + own[route], 0);
    assertEquals([own("ok"), own("fail"), own("slow")], [sent.ok, sent.failed, sent.left]);
    const merged = merge(...after.workers.map(({ snapshot }) => snapshot));
    const outcomes = (route: string) =>
      Object.fromEntries(
        seriesOf(merged, route).map((series) => [series.labels?.outcome, countOf([series])]),
      );
    assertEquals(outcomes("/ok"), { response: sent.ok });
    assertEquals(outcomes("/fail"), { error: sent.failed });
    const { abort = 0, response = 0 } = outcomes("/slow") as Record<string, number>;
    assertEquals(abort + response, sent.left);
    assertGreater(abort, response); // where the server is late, it has answered before it looks
    for (const { own, seconds, reloads } of after.workers) {
      assertGreater(own.ok, 0);
      assertGreater(reloads, seconds / 3);
    }

    const total = sent.ok + sent.failed + sent.left;
    const heaps = ({ workers }: SoakReports) => workers.map(({ heapSize }) => heapSize);
    const reloads = after.workers.map(({ reloads }) => reloads);
    console.log(`${total} requests, ${sent.failed} failed, ${sent.left} left; reloads ${reloads}`);
    console.log(`heaps ${heaps(before)} to ${heaps(after)}, rss ${before.rss} to ${after.rss}`);
    for (const [i, { heapSize }] of after.workers.entries()) {
      const more = heapSize - (before.workers[i]?.heapSize ?? NaN);
      assert(more < MORE.heap, `the heap of Worker ${i} grew by ${more} bytes`);
    }
    const more = after.rss - before.rss;
    assert(more < MORE.rss, `the process grew by ${more} bytes`);
  } finally {
    const ended = server.exitCode !== null || once(server, "exit");
    server.kill();
    await ended;
  }
});
