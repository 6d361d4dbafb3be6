import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import test from "node:test";
import { CONTENDERS, type Group, type Hello, OTHERS } from "../../../scripts/measure/results.ts";
import { type RuntimeCommand, RUNTIMES } from "../../../scripts/runtimes.ts";
import { expectedSources, ROOT } from "../../support.ts";
import { runIn, SOME_RUNTIMES } from "../support.ts";

/** Gives serve.ts these lines; returns those that it printed. */
function serve(runtime: RuntimeCommand, group: Group, lines: readonly string[]) {
  const input = lines.map((line) => `${line}\n`).join("");
  const { stdout, stderr, code } = runIn(runtime, "scripts/measure/serve.ts", [group], input);
  return { printed: stdout.trimEnd().split("\n"), stderr, code };
}

/** What it says when it starts, once each of its contenders has answered with a time. */
async function helloOf(runtime: RuntimeCommand, group: Group): Promise<Hello> {
  const words = [...runtime.run, "scripts/measure/serve.ts", group];
  const child = spawn(runtime.bin, words, { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close");
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const answer = async () => (await lines.next()).value ?? "";
  try {
    const hello = JSON.parse(await answer()) as Hello;
    for (const name of hello.contenders) {
      assert(name in { ...CONTENDERS, ...OTHERS }, name);
      child.stdin.write(`${name} 1000\n`);
      assertGreater(Number(await answer()), 0);
    }
    child.stdin.end();
    assertEquals(await ended, [0, null]);
    return hello;
  } finally {
    child.kill();
  }
}

const timeout = 60_000;

for (const runtime of SOME_RUNTIMES) {
  const { name } = runtime;

  test(`serve.ts says in ${name} what it measures, and measures it`, { timeout }, async () => {
    const { ffi, entries, contenders } = await helloOf(runtime, "clocks");
    assertEquals(ffi, name.startsWith("node") ? "addon" : name);
    assertEquals(entries, expectedSources.entries);
    const everywhere = ["now", "eagerNow", "nowBigInt", "performanceNow", "hrtimeBigint"] as const;
    for (const contender of everywhere) {
      assert(contenders.includes(contender), `${contender} is missing`);
    }
    assertEquals(contenders.includes("bunNanoseconds"), name === "bun");
    assertEquals(contenders.includes("microtime"), name.startsWith("node"));
  });

  test(`serve.ts measures everything else in ${name} when it is told to`, { timeout }, async () => {
    const { contenders, hasCounter } = await helloOf(runtime, "others");
    // The rest is what C does, and what comes and goes with CPU and runtime.
    const everywhere = Object.keys(OTHERS).filter((name) =>
      !/^native|^ticks|^threadCpuUsage$/.test(name)
    );
    const sometimes = ["ticks", "ticksToNs", "threadCpuUsage"];
    const found: string[] = contenders.filter((name) => !sometimes.includes(name));
    assertEquals(found.toSorted(), everywhere.toSorted());
    assertEquals(contenders.includes("ticks"), hasCounter);
    assertEquals(contenders.includes("ticksToNs"), hasCounter);
  });
}

const node26 = RUNTIMES.at(-1) as RuntimeCommand;

test("serve.ts makes as many calls as it is told when the number grows", { timeout }, () => {
  const { printed } = serve(node26, "clocks", ["now 1", "now 1000000"]);
  // Not a matter of speed: no machine makes a million calls in the time of one.
  assertGreater(Number(printed[2]), Number(printed[1]));
});

test("serve.ts fails when it is asked for a contender that there is not", { timeout }, () => {
  const { code, stderr } = serve(node26, "others", ["sundial 1000"]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "sundial");
});
