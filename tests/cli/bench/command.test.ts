/** `vdso bench`, run in this runtime, with benchmarks in all of them. */
// both tiers: node26 (what differs by the runtime of the command is in whole/bench_processes.test.ts)
import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { fixture, output, report, TIMEOUT } from "../../bench_command.ts";
import { full, ROOT } from "../../support.ts";

/** In the order in which all of them are found. */
const EVERY = ["deno", "bun", ...(full ? ["node22", "node24"] : []), "node26"];

test("vdso bench --json has every benchmark in every runtime", TIMEOUT, async () => {
  const text = await output([fixture("sides"), "--runtimes", EVERY.join(","), "--json"]);
  const { version, runtimes, missing, benchmarks, failures, base, ok } = report(text);
  assertEquals({ version, missing, failures, base, ok }, {
    version: 1,
    missing: [],
    failures: [],
    base: null,
    ok: true,
  });
  assertEquals(runtimes.map(({ name }) => name), EVERY);
  assertEquals(runtimes.map(({ kind }) => kind), EVERY.map((name) => name.replace(/\d+/, "")));
  assertEquals(runtimes[0]?.flags, ["--no-prompt", "--allow-ffi"]);
  assertEquals(runtimes.map(({ version }) => Number.parseInt(version)).at(-1), 26);
  assertEquals(
    benchmarks.map(({ file, group, name, params, mode }) => [file, group, name, params, mode]),
    [
      [fixture("sides"), [], "plain", {}, "throughput"],
      [fixture("sides"), ["outer", "inner"], "a | b: µ", {}, "latency"],
      [fixture("sides"), ["outer"], "awaited", {}, "throughput"],
      [fixture("sides"), ["outer"], "sort", { length: 10 }, "throughput"],
      [fixture("sides"), ["outer"], "sort", { length: 100 }, "throughput"],
      [fixture("sides"), [], "plain", {}, "throughput"],
    ],
  );
  for (const { name, results } of benchmarks) {
    assertEquals(results.map(({ runtime }) => runtime), EVERY);
    for (const { runtime, ns, relative, change, runs } of results) {
      assertEquals([runs.length, change], [1, null]);
      assertEquals(relative === null, runtime === "deno");
      const [only] = runs;
      assertEquals(only?.async, name === "awaited");
      assert(ns > 0 && (only?.slices.length ?? 0) > 0 && (only?.histogram.length ?? 0) > 0);
    }
  }
  // Of a base's file and of a report alike: nothing of this machine's paths.
  assert(!text.includes(ROOT), "no path of this machine");
});
