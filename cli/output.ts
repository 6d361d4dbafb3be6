/**
 * How reports are printed.
 *
 * @module
 */
import process from "node:process";
import { styleText } from "node:util";
import { isGranted } from "./permissions.ts";
import { padEnd, padStart, width } from "./width.ts";

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
  const widest = Math.max(...rows.map(([name]) => width(name)));
  return rows.map(([name, value]) => `${bold(padEnd(name, widest))}  ${value}`).join("\n");
}

/** Rows below a heading, each column as wide as its widest cell; numbers belong to the right. */
export function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) =>
    Math.max(width(title), ...rows.map((row) => width(row[i] ?? "")))
  );
  const isNumber = head.map((_, i) => rows.every((row) => /^(~?-?[\d.]*|\?)$/.test(row[i] ?? "")));
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => (isNumber[i] ? padStart : padEnd)(cell, widths[i] ?? 0)).join("  ")
      .trimEnd();
  return [bold(line(head)), ...rows.map(line)].join("\n");
}

/** Bold on a terminal that knows how, unless NO_COLOR (no-color.org) is set. */
export function bold(text: string): string {
  return style("bold", text);
}

/** The same in another style. */
export function style(format: "bold" | "dim" | "red" | "green" | "yellow", text: string): string {
  return isStyled() ? styleText(format, text, { validateStream: false }) : text;
}

/** Whether standard output is a terminal that may show styles. */
export function isStyled(): boolean {
  return process.stdout.isTTY && !process.env["NO_COLOR"] && !isDumb();
}

/** Whether the terminal obeys no control sequences: see term(7). */
export function isDumb(): boolean {
  return isGranted({ name: "env", variable: "TERM" }) && process.env["TERM"] === "dumb";
}
