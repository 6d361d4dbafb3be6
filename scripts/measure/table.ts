/** Tables for a terminal, or for Markdown. */
import { getBorderCharacters, table as drawTable } from "table";

const MARKDOWN_BORDER = {
  ...getBorderCharacters("void"),
  bodyLeft: "|",
  bodyRight: "|",
  bodyJoin: "|",
  joinBody: "-",
  joinLeft: "|",
  joinRight: "|",
  joinJoin: "|",
};

/** A table whose first column says what, and whose others hold figures. The first row is its head. */
export function table(rows: readonly (readonly string[])[], markdown: boolean): string {
  const text = drawTable(rows.map((row) => [...row]), {
    border: markdown ? MARKDOWN_BORDER : getBorderCharacters("norc"),
    columnDefault: { alignment: "right" },
    columns: { 0: { alignment: "left" } },
    drawHorizontalLine: (line, count) =>
      line === 1 || (!markdown && (line === 0 || line === count)),
  }).trimEnd();
  // Markdown learns the alignment from a colon in the second line, from the second column on. With
  // spaces, as deno fmt has them.
  return markdown
    ? text.replace(/(?<=^\|-+\|.*)-\|/gm, ":|")
      .replace(/^\|-.*$/gm, (line) => line.replaceAll("|-", "| ").replaceAll(/-(:?)\|/g, "$1 |"))
    : text;
}
