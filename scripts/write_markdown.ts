/** Writes Markdown as `deno fmt` has it, whatever lengths the figures in it have. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { ROOT, RUNTIMES } from "./runtimes.ts";

export function formatMarkdown(text: string): string {
  const deno = RUNTIMES.find(({ name }) => name === "deno")?.bin ?? "deno";
  const words = ["fmt", "--ext", "md", "-"];
  return execFileSync(deno, words, { cwd: ROOT, input: text, encoding: "utf8" });
}

export function writeMarkdown(path: string, text: string): void {
  writeFileSync(path, formatMarkdown(text));
}
