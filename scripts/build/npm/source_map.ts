/** The source maps of the package: they lead to TypeScript, which they contain. */
import { readFileSync } from "node:fs";
import { dirname, posix, relative, resolve } from "node:path";
import { ROOT } from "../../runtimes.ts";

/** A source map, as far as it is needed here: <https://tc39.es/ecma426/>. */
interface SourceMap {
  readonly sources: readonly string[];
}

/**
 * The map of the package's `file`: names the sources by where they lie in the repository instead of by
 * where they were when esbuild read them, and adds their text. Undefined for the command, into which no
 * program's own stack leads, and where the code was made for the package.
 *
 * @param text the map that esbuild has made for `path`
 */
export function portableMap(text: string, path: string, file: string): string | undefined {
  const map = JSON.parse(text) as SourceMap;
  const paths = map.sources.map((source) => resolve(dirname(path), source));
  if (COMMAND.test(file) || !paths.some(isOurs)) return undefined;
  const up = posix.relative(posix.dirname(file), ".");
  return JSON.stringify({
    ...map,
    sources: paths.map((path) => posix.join(up, relative(ROOT, path))),
    sourcesContent: paths.map(contentsOf),
  });
}

const COMMAND = /^(chunks\/)?cli[_.]/;

function isOurs(path: string): boolean {
  return path.endsWith(".ts");
}

/**
 * All of it, since tools that miss some complain; but for the images' bytes, which are there already, and
 * for packages, of which esbuild has made something else.
 */
function contentsOf(path: string): string {
  if (!isOurs(path)) return OF_A_PACKAGE;
  return readFileSync(path, "utf8").replaceAll(/"[\w+/=]{1000,}"/g, '"..."');
}

const OF_A_PACKAGE = "// Of a package: see THIRD_PARTY_LICENSES\n"; // an empty text counts as missing
