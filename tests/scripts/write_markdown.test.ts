import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { formatMarkdown, writeMarkdown } from "../../scripts/write_markdown.ts";
import { inDirectory } from "../cli/directory.ts";

test("formatMarkdown() fills lines anew, aligns tables, and leaves what is right", () => {
  const words = Array.from({ length: 30 }, () => "word").join(" ");
  const formatted = formatMarkdown(
    `- ${words.replace(" ", "\n  ")}\n\n| a | long |\n|-|-|\n| 1 | 2 |\n`,
  );
  const [first = "", second = ""] = formatted.split("\n");
  assertEquals([first.length, second.slice(0, 6)], [96, "  word"]);
  assertEquals(formatted.split("\n").at(-4), "| a | long |");
  assertEquals(formatted.split("\n").at(-3), "| - | ---- |");
  assertEquals(formatMarkdown(formatted), formatted);
});

test("writeMarkdown() writes it so", async () => {
  await inDirectory((directory) => {
    const file = join(directory, "page.md");
    writeMarkdown(file, "#  Title\n");
    assertEquals(readFileSync(file, "utf8"), "# Title\n");
  });
});
