/** What the tests of examples/ share. */
import { assert } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./support.ts";

/** Deno's flags that the file's first comment names: they must be enough. */
export function denoFlags(file: string): string[] {
  const source = readFileSync(join(ROOT, "examples", file), "utf8");
  const [, flags] = /^ \* +deno run (.*) examples\//m.exec(source) ?? [];
  assert(flags !== undefined, `${file} says how Deno runs it`);
  return flags.split(" ");
}
