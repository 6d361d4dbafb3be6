/** The parts of the accuracy check, each as short as can be. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { test } from "node:test";
import type {
  KnownCost,
  LibraryClock,
  Overhead,
  Sleeps,
} from "../../../scripts/accuracy/results.ts";
import type { RuntimeCommand } from "../../../scripts/runtimes.ts";
import { nativeProgram, skipWithoutGcc } from "../../native.ts";
import { full, statisticalTest } from "../../support.ts";
import { ONE_OF_EACH, runIn } from "../support.ts";

function part<T>(runtime: RuntimeCommand, name: string, ...args: string[]): T[] {
  const library = nativeProgram("microbench_cost", ["-shared", "-fPIC"]);
  const words = [library, ...args];
  const { code, stdout, stderr } = runIn(runtime, `scripts/accuracy/${name}.ts`, words);
  assertEquals([code, stderr], [0, ""]);
  return stdout.trim().split("\n").map((line) => JSON.parse(line) as T);
}

const skip = skipWithoutGcc || !full && "in the full tier: it takes seconds in each runtime";
const gcc = { skip, timeout: 60_000 };

for (const runtime of ONE_OF_EACH) {
  const { name } = runtime;

  statisticalTest(`known.ts has in ${name} the cost of each function from C`, gcc, () => {
    const all = part<KnownCost>(runtime, "costs", "1", "5", "1000");
    assertEquals(all.map(({ name, mode }) => `${name} ${mode}`), [
      ...["work 25", "work 50", "work 100", "work 1000"].map((name) => `${name} throughput`),
      "work 1000 latency",
    ]);
    for (const { name, truthNs, error, errorOfFastest } of all) {
      // A multiplication takes 3 to 5 cycles of 1 to 6 GHz.
      assert(truthNs >= 0.4 * Number(name.replace("work ", "")), `${name}: ${truthNs}`);
      assert(Number.isFinite(error) && Number.isFinite(errorOfFastest), name);
    }
    // A single turn of 5 ms on any machine: far wider than what is promised.
    assertLess(Math.abs(all.find(({ name }) => name === "work 1000")?.errorOfFastest ?? 1), 0.5);
  });

  test(`overhead.ts, sleeps.ts, clocks.ts and change_run.ts answer in ${name}`, gcc, () => {
    const [overhead] = part<Overhead>(runtime, "overhead", "1", "5");
    assert(overhead !== undefined && overhead.clockNs > 0 && overhead.latencyRatio >= 1);
    for (const { samples, percentiles } of part<Sleeps>(runtime, "sleeps", "-", "50")) {
      assertGreater(samples, 9);
      // What is drawn is 1 ms and more; timers may be a part of one early.
      for (const { truthNs } of percentiles) assertGreater(truthNs, 0.9e6);
    }
    for (const { costNs, resolutionNs } of part<LibraryClock>(runtime, "clocks")) {
      assert(costNs > 1 && resolutionNs > 0);
    }
    const [slices] = part<number[]>(runtime, "change_run", "100", "5");
    assert(slices !== undefined && slices.length > 0 && slices.every((ns) => ns > 10));
  });
}
