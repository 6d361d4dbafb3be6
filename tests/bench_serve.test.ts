import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import test from "node:test";
import { CONTENDERS, type Group, type Hello, OTHERS } from "../scripts/bench/results.ts";
import { command, expectedFfi, expectedSources, ROOT, runtime } from "./support.ts";

/** Gives serve.ts these lines, in this runtime; returns those that it printed. */
function serve(
  group: Group,
  lines: readonly string[],
): { printed: string[]; stderr: string; code: number | null } {
  const [program = "", ...args] = command(join(ROOT, "scripts/bench/serve.ts"), [group]);
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: ROOT,
    encoding: "utf8",
    input: lines.map((line) => `${line}\n`).join(""),
  });
  return { printed: stdout.trimEnd().split("\n"), stderr, code: status };
}

const timeout = 30_000;

test("serve.ts says what it measures when it starts", { timeout }, () => {
  const { printed: [first = ""], code } = serve("clocks", []);
  assertEquals(code, 0);
  const { ffi, entries, contenders } = JSON.parse(first) as Hello;
  assertEquals(ffi, expectedFfi);
  assertEquals(entries, expectedSources.entries);
  for (const name of ["now", "eagerNow", "nowBigInt", "performanceNow", "hrtimeBigint"] as const) {
    assert(contenders.includes(name), `${name} is missing`);
  }
  assertEquals(contenders.includes("bunNanoseconds"), runtime === "bun");
  assertEquals(contenders.includes("microtime"), runtime === "node");
});

test("serve.ts measures everything else when it is told to", { timeout }, () => {
  const { printed: [first = ""], code } = serve("others", []);
  assertEquals(code, 0);
  const { contenders, hasCounter } = JSON.parse(first) as Hello;
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

for (const group of ["clocks", "others"] as const) {
  test(`serve.ts answers each line with a time when it names one of the ${group}`, {
    timeout,
  }, () => {
    const { printed: [first = ""] } = serve(group, []);
    const { contenders } = JSON.parse(first) as Hello;
    for (const name of contenders) assert(name in { ...CONTENDERS, ...OTHERS }, name);
    const { printed, code, stderr } = serve(group, contenders.map((name) => `${name} 1000`));
    assertEquals(code, 0, stderr);
    const times = printed.slice(1).map(Number);
    assertEquals(times.length, contenders.length);
    for (const time of times) assertGreater(time, 0);
  });
}

test("serve.ts makes as many calls as it is told when the number grows", { timeout }, () => {
  const { printed } = serve("clocks", ["now 1", "now 1000000"]);
  // Not a matter of speed: no machine makes a million calls in the time of one.
  assertGreater(Number(printed[2]), Number(printed[1]));
});

test("serve.ts fails when it is asked for a contender that there is not", { timeout }, () => {
  const { code, stderr } = serve("others", ["sundial 1000"]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "sundial");
});
