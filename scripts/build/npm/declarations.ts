/** The declarations that belong into the package: what can be reached from the entry points. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import type { EntryPoint } from "./manifest.ts";

const IMPORT = /\b(?:from|import)\s*\(?\s*"([^"]+)"/g;

/** Puts them from `stage` into `output`; returns their names. */
export function copyTypes(
  stage: string,
  output: string,
  entries: readonly EntryPoint[],
): string[] {
  const queue = entries.map(({ types }) => types);
  const done = new Set<string>();
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    if (done.has(file)) continue;
    done.add(file);
    const target = join(output, file);
    mkdirSync(dirname(target), { recursive: true });
    const text = readFileSync(join(stage, file), "utf8");
    // An empty file, of a module that exports nothing, would declare none.
    writeFileSync(target, libOf(text) + (text === "" ? "export {};\n" : brokenAfterComments(text)));
    // Not in comments: documentation has examples, and they import.
    for (const [, specifier = ""] of text.replaceAll(/\/\*[^]*?\*\//g, "").matchAll(IMPORT)) {
      // Types of a package would make it a dependency of ours.
      if (!specifier.startsWith(".")) throw new Error(`${file} may not import ${specifier}`);
      queue.push(posix.join(dirname(file), specifier.replace(/\.js$/, ".d.ts")));
    }
  }
  return [...done].sort();
}

/** What a program's own `lib` may lack. In the sources JSR does not take it. */
function libOf(text: string): string {
  return /\bDisposable\b/.test(text) ? '/// <reference lib="esnext.disposable" />\n' : "";
}

/** People read declarations too: `deno pack` leaves what follows a comment on its last line. */
function brokenAfterComments(text: string): string {
  const broken = text.replaceAll(
    /^( *)(\/\*\*.*?)?\*\/ (?=\S)/gm,
    // The last line of a long comment is indented by one more, below its stars.
    (_, indent: string, start = "") => `${indent}${start}*/\n${start ? indent : indent.slice(1)}`,
  );
  return broken === text ? text : brokenAfterComments(broken); // one comment after another
}
