/** The table of the hostile suite: how it is made, and that docs/reach.md is what the suite writes. */
import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { readFileSync } from "node:fs";
import process from "node:process";
import { attempt, type Row, Unreachable } from "../../../scripts/hostile/place.ts";
import {
  formatCells,
  mergeCells,
  printRows,
  REACH,
  readCells,
} from "../../../scripts/hostile/reach.ts";
import { PLACES } from "../../hostile/places.ts";

const row = (runtime: string, result = "fine"): Row => ({
  runtime,
  entries: "vDSO",
  cost: "25 / 20 / 170",
  result,
});

const BEFORE = [
  ["A place", "Bun 1.0.0", "vDSO", "1 / 2 / 3", "fine", "2026-01-01"],
  ["A place that is no more", "Bun 1.0.0", "vDSO", "1 / 2 / 3", "fine", "2026-01-01"],
  ["Another place", "Deno 1.0.0", "vDSO", "1 / 2 / 3", "fine", "2026-01-01"],
  ["Another place", "Node 1.0.0", "vDSO", "1 / 2 / 3", "fine", "2026-01-01"],
];
const TITLES = ["Another place", "A new place", "A place"];

test("mergeCells() replaces all rows of a place, keeps others, and drops what is no place", () => {
  const visits = [
    { title: "Another place", rows: [row("Deno 2.0.0")] },
    { title: "A new place", rows: [row("Bun 2.0.0", "failed:\n  a | b"), row("Deno 2.0.0")] },
  ];
  assertEquals(mergeCells(BEFORE, visits, TITLES, "2026-02-02"), [
    ["Another place", "Deno 2.0.0", "vDSO", "25 / 20 / 170", "fine", "2026-02-02"],
    ["A new place", "Bun 2.0.0", "vDSO", "25 / 20 / 170", "failed: a \\| b", "2026-02-02"],
    ["A new place", "Deno 2.0.0", "vDSO", "25 / 20 / 170", "fine", "2026-02-02"],
    ["A place", "Bun 1.0.0", "vDSO", "1 / 2 / 3", "fine", "2026-01-01"],
  ]);
});

test("readCells() reads what formatCells() writes", () => {
  const cells = mergeCells(BEFORE, [{ title: "A place", rows: [row("", "a | b |")] }], TITLES, "");
  assertEquals(readCells(formatCells(cells)), cells);
  assertEquals(readCells(formatCells([])), []);
  assertEquals(readCells("# No table\n"), []);
});

test("printRows() has a line a row, and each place once", () => {
  assertEquals(
    printRows([{ title: "A place", rows: [row("Bun 2.0.0"), { ...row("Deno 2.0.0"), cost: "" }] }]),
    "\nA place\n" +
      "  Bun 2.0.0        | vDSO | 25 / 20 / 170 | fine\n" +
      "  Deno 2.0.0       | vDSO | fine",
  );
});

test("attempt() tells what failed, and what cannot be had, which REQUIRE_HOSTILE forbids", async () => {
  const before = process.env.REQUIRE_HOSTILE;
  const outcome = async (error?: Error) => {
    const made = await attempt("Bun 2.0.0", () => {
      if (error) throw error;
      return row("Bun 2.0.0");
    });
    return [made.runtime, made.outcome, made.result];
  };
  try {
    delete process.env.REQUIRE_HOSTILE;
    assertEquals(await outcome(), ["Bun 2.0.0", undefined, "fine"]);
    assertEquals(await outcome(new Error("no\n  good")), [
      "Bun 2.0.0",
      "failed",
      "failed: no good",
    ]);
    const far = new Unreachable("too far");
    assertEquals(await outcome(far), ["Bun 2.0.0", "skipped", "skipped: too far"]);
    process.env.REQUIRE_HOSTILE = "1";
    assertEquals(await outcome(far), ["Bun 2.0.0", "failed", "failed: too far"]);
  } finally {
    if (before === undefined) delete process.env.REQUIRE_HOSTILE;
    else process.env.REQUIRE_HOSTILE = before;
  }
});

test("every place has a name and a title of its own", () => {
  for (const property of ["name", "title"] as const) {
    const values = PLACES.map((place) => place[property]);
    assertEquals(values.filter((value, at) => values.indexOf(value) !== at), []);
  }
  for (const { name } of PLACES) assertMatch(name, /^[a-z0-9][\w.=-]*$/); // words for --only
});

test("docs/reach.md is what the suite writes, and tells of every place", {
  skip: process.arch !== "x64" && "it is written on x86_64, from which more can be reached",
}, () => {
  const text = readFileSync(REACH, "utf8");
  const cells = readCells(text);
  assertEquals(formatCells(cells), text);
  const titles = PLACES.map(({ title }) => title);
  assertEquals([...new Set(cells.map(([title]) => title))], titles);
  for (const [title, runtime, , , result = "", date = ""] of cells) {
    assert(!/^(failed|skipped)/.test(result), `${title}, ${runtime}: ${result}`);
    assertMatch(date, /^20\d\d-\d\d-\d\d$/);
  }
});
