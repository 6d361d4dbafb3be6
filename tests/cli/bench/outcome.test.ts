// npm test: node26 (pure computation)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import type { BenchResult } from "../../../bench/mod.ts";
import { OutcomeBuilder } from "../../../cli/bench/outcome.ts";

const RESULT = { name: "a" } as BenchResult;
const EXIT = "Ended with exit status 1";

/** A process that has got to the second of its benchmarks. */
function halfway(): OutcomeBuilder {
  const builder = new OutcomeBuilder();
  builder.take({ kind: "run", names: ["a", "b"] });
  builder.take({ kind: "result", result: RESULT });
  return builder;
}

test("OutcomeBuilder tells which benchmark runs", () => {
  const seen: unknown[] = [];
  const builder = new OutcomeBuilder((...progress) => seen.push(progress));
  builder.take({ kind: "run", names: ["a", "b"] });
  builder.take({ kind: "result", result: RESULT });
  builder.take({ kind: "result", result: RESULT });
  assertEquals(seen, [["a", 0, 2], ["b", 1, 2]]);
});

test("OutcomeBuilder finds nothing wrong once everything has run", () => {
  const builder = halfway();
  builder.take({ kind: "result", result: RESULT });
  builder.take({ kind: "end", declared: 2 });
  builder.timeout(1000); // its servers kept it
  const { failure, results, declared } = builder.end("Was killed by SIGKILL");
  assertEquals([failure, results.length, declared], [undefined, 2, 2]);
});

test("OutcomeBuilder leaves it to the exit status what a file's own exit means", () => {
  const ended = (status: number | null, how = `Ended with exit status ${status}`) => {
    const builder = halfway();
    builder.take({ kind: "result", result: RESULT });
    builder.take({ kind: "exit", declared: 2 });
    const { failure, declared } = builder.end(how, status);
    return [failure, declared];
  };
  assertEquals(ended(0), [undefined, 2]);
  assertEquals(ended(1), [EXIT, 0]);
  assertEquals(ended(null, "Was killed by SIGKILL"), ["Was killed by SIGKILL", 0]);
  const early = halfway();
  early.take({ kind: "exit", declared: 2 });
  assertEquals(early.end("Ended with exit status 0", 0).failure, '"b" came to no result');
});

test("OutcomeBuilder says how far a process got, and keeps the first reason", () => {
  assertEquals(halfway().end(EXIT).failure, `${EXIT} in "b"`);
  assertEquals(halfway().end(EXIT).results.length, 1);
  assertEquals(new OutcomeBuilder().end(EXIT).failure, EXIT);
  const thrown = halfway();
  thrown.take({
    kind: "failed",
    error: "Error: why\n    at b (b.ts)\n    at data:text/javascript,x",
  });
  assertEquals(thrown.end(EXIT).failure, '"b" threw Error: why\n    at b (b.ts)');
  const hung = halfway();
  hung.timeout(1500);
  assertEquals(hung.end("Was killed by SIGKILL").failure, '"b" took more than 1.5 s: killed');
  const early = new OutcomeBuilder();
  early.timeout(1000);
  const before = "What comes before the benchmarks took more than 1 s: killed";
  assertEquals(early.end(EXIT).failure, before);
});

test("OutcomeBuilder goes on after a benchmark that threw, and counts it", () => {
  const builder = new OutcomeBuilder();
  const benchmark = { name: "a", group: ["g"], params: { n: 1 }, mode: "latency" as const };
  const result = benchmark as unknown as BenchResult;
  builder.take({ kind: "run", names: ["g a", "g a"] });
  builder.take({ kind: "thrown", benchmark, error: "null" });
  builder.take({ kind: "result", result });
  builder.take({ kind: "end", declared: 2 });
  const { thrown, results, failure } = builder.end(EXIT);
  assertEquals(failure, undefined);
  assertEquals(thrown, [{ benchmark, occurrence: 0, reason: '"g a", n 1 threw null' }]);
  assertEquals(results, [{ benchmark, occurrence: 0 }, { benchmark: result, occurrence: 1 }]);
});

test("OutcomeBuilder takes what is skipped for done, in its place, and counts it", () => {
  const benchmark = { name: "a", group: ["g"], params: {}, mode: "throughput" as const };
  const [skipped, result] = [{ ...benchmark, reason: "why" }, benchmark as unknown as BenchResult];
  const seen: unknown[] = [];
  const builder = new OutcomeBuilder((...progress) => seen.push(progress));
  builder.take({ kind: "run", names: ["g a", "g a"] });
  builder.take({ kind: "skipped", benchmark: skipped });
  builder.take({ kind: "result", result });
  builder.take({ kind: "end", declared: 2 });
  const { results, failure, declared } = builder.end("Ended with exit status 0");
  assertEquals(results, [
    { benchmark: skipped, occurrence: 0 },
    { benchmark: result, occurrence: 1 },
  ]);
  assertEquals([failure, declared], [undefined, 2]);
  assertEquals(seen, [["g a", 0, 2], ["g a", 1, 2]]);
});

test("OutcomeBuilder says which benchmarks did not run", () => {
  const builder = new OutcomeBuilder();
  builder.take({ kind: "run", names: ["a", "b", "c"] });
  assertEquals(builder.end(EXIT).failure, `${EXIT} in "a"\nDid not run: "b", "c"`);
});

test("OutcomeBuilder takes an end without all results for a failure", () => {
  const builder = halfway();
  builder.take({ kind: "end", declared: 2 });
  assertEquals(builder.end("Ended with exit status 0").failure, '"b" came to no result');
});

test("OutcomeBuilder takes a broken message for a failure, and what comes after it all the same", () => {
  const builder = halfway();
  builder.takeBroken("x\n".repeat(100));
  builder.takeBroken("second");
  builder.take({ kind: "result", result: RESULT });
  builder.take({ kind: "end", declared: 2 });
  const { failure, results } = builder.end("Ended with exit status 0");
  assertEquals(results.length, 2);
  assertEquals(
    failure,
    `Printed what looks like a message of vdso, and is none: ${"x\\n".repeat(30)}...`,
  );
  const killed = halfway();
  killed.takeBroken("noise");
  assertEquals(killed.end(EXIT).failure, `${EXIT} in "b"`);
});

test("OutcomeBuilder keeps nothing of a line that a terminal would obey", () => {
  const builder = new OutcomeBuilder();
  builder.print("\x07a\x1b[2J\x1b]0;title\x07\tb\r\x00\x9b\x1b");
  assertEquals(builder.end(EXIT).printed.lines, ["a\tb"]);
});

test("OutcomeBuilder keeps the last lines, without colours", () => {
  const builder = new OutcomeBuilder();
  for (let i = 1; i <= 30; i++) builder.print(`\x1b[31m${i}\x1b[39m`);
  const { lines, count } = builder.end(EXIT).printed;
  assertEquals([lines.length, lines[0], lines.at(-1), count], [20, "11", "30", 30]);
});
