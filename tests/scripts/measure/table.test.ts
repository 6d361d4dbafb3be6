import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { table } from "../../../scripts/measure/table.ts";

test("table() writes Markdown as deno fmt has it", () => {
  const rows = [["clock", "deno", "bun"], ["now()", "20.2", "19.5"]];
  assertEquals(table(rows, true).split("\n"), [
    "| clock | deno |  bun |",
    "| ----- | ---: | ---: |",
    "| now() | 20.2 | 19.5 |",
  ]);
});
