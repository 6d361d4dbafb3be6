// npm test: node26 (pure computation)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { columns, pairs } from "../../cli/output.ts";
import { clip, padEnd, padStart, terminalWidth, width } from "../../cli/width.ts";

const WIDTHS: [text: string, columns: number][] = [
  ["", 0],
  ["plain", 5],
  ["a | b: µ…→█", 11],
  ["日本語", 6],
  ["ﾆﾎﾝ", 3], // halfwidth
  ["Ａ、「」", 8],
  ["한국어", 6],
  ["각", 2], // three code points, one syllable
  ["e\u0301", 1], // a mark
  ["🚀", 2],
  ["👩‍👩‍👧", 2], // joined
  ["👍🏽", 2], // modified
  ["🇯🇵", 2],
  ["❤️", 2], // U+FE0F makes it an emoji
  ["❤", 1],
  ["☕", 2],
  ["a\u200bb", 2], // nothing between
  ["\x1b[1mbold\x1b[22m", 4],
];

test("width() counts the columns that a terminal takes", () => {
  assertEquals(WIDTHS.map(([text]) => width(text)), WIDTHS.map(([, columns]) => columns));
  const { Bun } = globalThis as { Bun?: { stringWidth(text: string): number } };
  if (Bun) {
    for (const [text] of WIDTHS) assertEquals([text, width(text)], [text, Bun.stringWidth(text)]);
  }
});

test("padStart(), padEnd() and clip() go by columns", () => {
  assertEquals([padStart("日本", 6), padEnd("日本", 6), padEnd("日本", 3)], [
    "  日本",
    "日本  ",
    "日本",
  ]);
  assertEquals([clip("日本語", 5), clip("日本語", 6), clip("👍🏽👍🏽", 3)], ["日本", "日本語", "👍🏽"]);
});

test("columns() and pairs() keep what is wide in line", () => {
  assertEquals(columns(["名", "ns"], [["ソート", "1"], ["x", "10"], ["🚀", "2"]]).split("\n"), [
    "名      ns",
    "ソート   1",
    "x       10",
    "🚀       2",
  ]);
  assertEquals(pairs([["日本", "a"], ["x", "b"]]), "日本  a\nx     b");
});

test("terminalWidth() is 80 where there is no terminal, or one that does not know", () => {
  assertEquals([{}, { columns: 0 }, { columns: 132 }].map(terminalWidth), [80, 80, 132]);
});
