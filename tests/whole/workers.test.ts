/**
 * The library in Workers: of the Web's kind and of Node's, that come and go, one by one, together,
 * and terminated at any moment. In Node by the addon, and by an FFI.
 */
// npm test: deno, bun, node24, node26 (koffi is for Node before 26)
import { assert, assertEquals, assertGreater } from "@std/assert";
import { test } from "node:test";
import type { Sources } from "../../mod.ts";
import type { Kind } from "../fixtures/worker_thread.ts";
import { expectedFfi, full, libraryFfi, nodeMajor, run, runtime } from "../support.ts";

const timeout = 120_000;

/** In the quick tier Node 26 has the addon. */
const ADDON = full || nodeMajor !== 24 ? ["addon"] : [];
const WAYS: readonly { readonly kind: Kind; readonly ffi: string }[] = runtime === "node"
  ? [...ADDON, libraryFfi].map((ffi) => ({ kind: "node", ffi }))
  : [{ kind: "web", ffi: runtime }, { kind: "node", ffi: runtime }];

for (const { kind, ffi } of WAYS) {
  const of = kind === "web" ? "Web Workers" : "Workers of node:worker_threads";
  const workers = runtime === "node" ? `${of}, by ${ffi},` : of;

  const scene = <T>(name: string, count = 0): T => {
    const result = run("tests/fixtures/worker_main.ts", [name, kind, String(count)], {
      addon: ffi === expectedFfi,
    });
    assertEquals({ ...result, stdout: "" }, { code: 0, signal: null, stdout: "", stderr: "" });
    return JSON.parse(result.stdout);
  };

  // Whatever koffi does when its thread's termination is pending, it aborts the process:
  // Koromix/koffi#190. One in ten of the Workers that are terminated while they bind ends so.
  const mayTerminate = ffi === "koffi" && "koffi aborts when its Worker is terminated";

  // Deno 2.9 ends a Worker between two turns of its event loop and not even for (;;) within one.
  const anywhere = runtime === "deno" ? "Deno lets a Worker finish what it is at" : mayTerminate;

  const byMemfd = ffi === "addon" && "Node loads no addon from a memfd";

  test(`now() maps one shim when ${workers} bind in turn`, { timeout }, () => {
    assertEquals(scene("inTurn", 2), {
      before: 1,
      clock_gettime: "vdso",
      after: 1,
      memfds: 0,
    });
  });

  test(
    `now() and ticks() are on one timeline when ${workers} bind at the same moment`,
    { timeout },
    () => {
      const atOnce = full ? 6 : 4;
      const { bound, stamps, counts, copies, memfds } = scene<
        { bound: Sources[]; stamps: number[]; counts: number[]; copies: number; memfds: number }
      >("together", atOnce);
      assertEquals(bound.length, atOnce);
      for (const { entries, ...found } of bound) {
        assertEquals(
          { ffi: found.ffi, timeline: found.timeline, clock_gettime: entries.clock_gettime },
          { ffi, timeline: "machine", clock_gettime: "vdso" },
        );
      }
      // Main, a Worker, main, another Worker, main ...: each waits for the one before.
      assertEquals(stamps.length, 1 + 2 * 20 * atOnce);
      assertEquals(stamps, stamps.toSorted((a, b) => a - b));
      // All use one copy, also where several were loaded: another one's counter began later.
      assertEquals(counts, counts.toSorted((a, b) => a - b));
      assert(copies >= 1 && copies <= bound.length, `${copies} copies`);
      assertEquals(memfds, 0);
    },
  );

  test(`vdso_sweep() closes the memfds of ${workers} that are dead, and no others`, {
    skip: byMemfd,
    timeout,
  }, () => {
    assertEquals(scene("sweep"), {
      alive: { swept: 0, left: 1 },
      dead: { left: 1 },
      bound: { left: 0 },
    });
  });

  test(`vdso_sweep() closes what is left when ${workers} are terminated while loading`, {
    skip: anywhere || byMemfd,
    timeout,
  }, () => {
    const { orphans, swept, clock_gettime } = scene<
      { orphans: number; swept: boolean; clock_gettime: string }
    >("orphans", 10);
    assertGreater(orphans, 0, "some were terminated before they closed their memfd");
    assertEquals({ swept, clock_gettime }, { swept: true, clock_gettime: "vdso" });
  });

  test(`now() goes on, and nothing piles up, when ${workers} are terminated at any moment`, {
    skip: mayTerminate,
    timeout,
  }, () => {
    const { bound, cut, ...rest } = scene<
      { bound: number; cut: number; backwards: number; swept: boolean; copies: number }
    >("churn", 12);
    assertGreater(bound, 0, "some Workers had bound");
    assertGreater(cut, 0, "some Workers had not");
    assertEquals(rest, { backwards: 0, swept: true, copies: 1 });
  });
}
