/** Rows of results that are made up. */
// npm test: node26 (pure computation)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { type FileResult, inRows } from "../../../cli/bench/rows.ts";

let processes = 0;

/** What a process has come to: of `A one` the group A and the name one. */
function process(runtime: string, file: string, ...names: string[]): FileResult[] {
  const run = ++processes;
  return names.map((full) => {
    const [name = "", ...groups] = full.split(" ").reverse();
    const result = { name, group: groups.reverse(), params: {}, mode: "throughput" as const };
    return { file, runtime, run, result, occurrence: 0 };
  });
}

function order(results: readonly FileResult[]): string[] {
  return inRows(results).map(([{ file, result: { group, name } }]) =>
    [file, ...group, name].join(" ")
  );
}

test("inRows() puts results of one benchmark together, in the order of their declarations", () => {
  const rows = inRows([
    ...process("deno", "a", "A one", "two", "A three"),
    ...process("bun", "a", "A one", "two", "A three"),
  ]);
  assertEquals(
    rows.map((row) => [row[0].result.name, ...row.map(({ runtime }) => runtime)]),
    [["one", "deno", "bun"], ["two", "deno", "bun"], ["three", "deno", "bun"]],
  );
});

test("inRows() has what a later process alone declares in its place there", () => {
  const cases: [first: string[], second: string[], rows: string[]][] = [
    [["one", "two"], ["new", "one", "two"], ["new", "one", "two"]],
    [["one", "two"], ["one", "new", "newer", "two"], ["one", "new", "newer", "two"]],
    [["one", "two"], ["one", "two", "new"], ["one", "two", "new"]],
    [["one"], ["new"], ["one", "new"]],
    // No group comes twice.
    [["A one", "B two"], ["A one", "A new", "B two"], ["A one", "A new", "B two"]],
    [["A one", "A two", "B three"], ["A one", "C new", "B three"], [
      "A one",
      "A two",
      "C new",
      "B three",
    ]],
    [["A B one", "A B two", "A three"], ["A B one", "A new"], [
      "A B one",
      "A B two",
      "A new",
      "A three",
    ]],
  ];
  for (const [first, second, rows] of cases) {
    const results = [...process("deno", "a", ...first), ...process("bun", "a", ...second)];
    assertEquals(order(results), rows.map((name) => `a ${name}`));
  }
});

test("inRows() takes processes of one runtime apart", () => {
  const results = [
    ...process("deno", "a", "one", "two"),
    ...process("deno", "a", "new", "one", "two"),
    // What comes behind it is another process.
    ...process("deno", "a", "alone"),
    ...process("deno", "a", "one", "two"),
  ];
  assertEquals(order(results), ["a new", "a one", "a two", "a alone"]);
});

test("inRows() keeps the rows of a file together", () => {
  const results = [
    ...process("deno", "a", "one"),
    ...process("bun", "a", "new"),
    ...process("deno", "b", "one"),
    ...process("deno", "a", "one", "newer"),
    ...process("bun", "a", "newest"),
  ];
  assertEquals(order(results), ["a one", "a newer", "a new", "a newest", "b one"]);
});
