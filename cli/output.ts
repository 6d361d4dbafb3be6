/**
 * How reports are printed.
 *
 * @module
 */
import process from "node:process";
import { stripVTControlCharacters, styleText } from "node:util";

/** JSON for machines: bigints as hex strings, since what is a bigint here is an address. */
export function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, item) => typeof item === "bigint" ? `0x${item.toString(16)}` : item,
    2,
  );
}

/** Lines of a name and a value, the values below each other. */
export function pairs(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${bold(name.padEnd(width))}  ${value}`).join("\n");
}

/** Rows below a heading, each column as wide as its widest cell; numbers belong to the right. */
export function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) =>
    Math.max(width(title), ...rows.map((row) => width(row[i] ?? "")))
  );
  const isNumber = head.map((_, i) => rows.every((row) => /^-?[\d.]*$/.test(row[i] ?? "")));
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => {
      const space = " ".repeat((widths[i] ?? 0) - width(cell));
      return isNumber[i] ? space + cell : cell + space;
    }).join("  ").trimEnd();
  return [bold(line(head)), ...rows.map(line)].join("\n");
}

/** Columns on a terminal, which shows no escape sequences. */
export function width(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Bold on a terminal, unless NO_COLOR (no-color.org) is set. */
export function bold(text: string): string {
  return style("bold", text);
}

/** The same in another style. */
export function style(format: "bold" | "dim" | "red" | "green" | "yellow", text: string): string {
  return isStyled() ? styleText(format, text, { validateStream: false }) : text;
}

/** Whether standard output is a terminal that may show styles. */
export function isStyled(): boolean {
  return process.stdout.isTTY && !process.env["NO_COLOR"];
}
