/**
 * A line that tells how far things are, on a terminal and nowhere else.
 *
 * @module
 */
import process from "node:process";
import { isDumb } from "./output.ts";
import { clip, terminalWidth } from "./width.ts";

const WIDTH = 40;
const CLEAR_LINE = "\r\x1b[K"; // ECMA-48, EL

let shown = false;

/** Draws a bar over the last one, with some words behind it. */
export function showProgress(part: number, words = ""): void {
  if (!process.stderr.isTTY || isDumb()) return;
  const filled = Math.round(WIDTH * Math.min(part, 1));
  const bar = "█".repeat(filled) + "░".repeat(WIDTH - filled);
  const text = `${bar} ${Math.floor(100 * part)} %  ${words}`.trimEnd();
  // A line that wraps could not be cleared.
  process.stderr.write(CLEAR_LINE + clip(text, terminalWidth(process.stderr) - 1));
  shown = true;
}

/** Takes it away. */
export function clearProgress(): void {
  if (shown) process.stderr.write(CLEAR_LINE);
  shown = false;
}
