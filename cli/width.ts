/**
 * How wide text is on a terminal, and how wide the terminal.
 *
 * @module
 */
import { stripVTControlCharacters } from "node:util";

const WIDTH_WITHOUT_TERMINAL = 80;

/** Columns of a stream. */
export function terminalWidth({ columns }: { readonly columns?: number }): number {
  return columns || WIDTH_WITHOUT_TERMINAL; // some terminals say 0
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Nothing is drawn: marks that belong to what comes before, joiners, what terminals obey. */
const NOTHING = /^[\p{Mark}\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\u{1f3fb}-\u{1f3ff}]*$/u;
const EMOJI = /^[\p{Emoji_Presentation}\p{Regional_Indicator}]|^\p{Emoji}\ufe0f/u;

/**
 * Of East Asian Width W and F (UAX #11), as far as they are no emoji: scripts and blocks, since
 * regular expressions know no such property.
 */
const WIDE =
  /^[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}\p{sc=Yi}\p{sc=Tangut}\p{sc=Nushu}\u2e80-\u303e\u3099-\u30ff\u3190-\u33ff\ua960-\ua97c\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{18b00}-\u{18cff}\u{1f200}-\u{1f265}]/u;
/** Of these scripts, but half as wide. */
const HALF = /^[\uff61-\uffdc\u1160-\u11ff]/;

/** Columns that text takes: two for each wide character, none for what a terminal only obeys. */
export function width(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (/^[\x20-\x7e]*$/.test(plain)) return plain.length;
  return Array.from(graphemes.segment(plain), ({ segment }) => widthOf(segment))
    .reduce((sum, columns) => sum + columns, 0);
}

function widthOf(grapheme: string): number {
  if (NOTHING.test(grapheme)) return 0;
  if (EMOJI.test(grapheme)) return 2;
  return WIDE.test(grapheme) && !HALF.test(grapheme) ? 2 : 1;
}

/** With spaces behind it, up to so many columns. */
export function padEnd(text: string, columns: number): string {
  return text + spaces(text, columns);
}

/** With spaces before it. */
export function padStart(text: string, columns: number): string {
  return spaces(text, columns) + text;
}

function spaces(text: string, columns: number): string {
  return " ".repeat(Math.max(0, columns - width(text)));
}

/** As much of its beginning as so many columns hold. */
export function clip(text: string, columns: number): string {
  let [clipped, used] = ["", 0];
  for (const { segment } of graphemes.segment(text)) {
    used += widthOf(segment);
    if (used > columns) break;
    clipped += segment;
  }
  return clipped;
}
