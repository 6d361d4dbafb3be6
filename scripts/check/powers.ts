/**
 * Refuses `**` in what is published, unless one of its sides is a number literal.
 *
 * Babel turns `a ** b` into Math.pow(a, b) for old targets. That throws for bigints, at import if the
 * power is a constant. A power cannot mix bigints and numbers, so one number literal proves that it
 * is none of bigints. Write bigint powers as shifts: 1n << 63n.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { transform } from "esbuild";
import { ROOT } from "../runtimes.ts";

interface Manifest {
  publish: { include: string[] };
}

/** A call that esbuild makes of a power, up to its first argument. */
const CALL = /\b__pow\(/g;
const LITERAL = /^-?[\d.]+(e[+-]?\d+)?$/;

const { publish } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8")) as Manifest;
const sources = publish.include
  .flatMap((path) => globSync(path.endsWith(".ts") ? path : `${path}/**/*.ts`, { cwd: ROOT }))
  .sort();

/** The arguments of the call whose parenthesis is open before this place. */
function argumentsAt(code: string, start: number): string[] {
  const found = [""];
  for (let at = start, depth = 0; at < code.length; at++) {
    const character = code[at] ?? "";
    if ("([{".includes(character)) depth++;
    if (")]}".includes(character) && depth-- === 0) break;
    if (character === "," && depth === 0) found.push("");
    else found[found.length - 1] += character;
  }
  return found.map((argument) => argument.trim());
}

const problems: string[] = [];
for (const file of sources) {
  const { code } = await transform(readFileSync(join(ROOT, file), "utf8"), {
    loader: "ts",
    supported: { "exponent-operator": false },
  });
  for (const { index, 0: call } of code.matchAll(CALL)) {
    const sides = argumentsAt(code, index + call.length);
    if (!sides.some((side) => LITERAL.test(side))) problems.push(`${file}: ${sides.join(" ** ")}`);
  }
}

if (problems.length > 0) {
  console.error(`Expected a number literal in every power, got:\n${problems.join("\n")}`);
  process.exit(1);
}
console.log(`${sources.length} files have no power of bigints`);
