/** Makes a file of the package small, and says where its code comes from. */
import { posix } from "node:path";
import { transform } from "esbuild";
import { minify as minifyNames } from "terser";

/** What becomes of a file. */
export interface Minified {
  readonly code: string;
  /** The text of its source map, which the code's last line names; undefined if there was none. */
  readonly map: string | undefined;
}

/**
 * What is ours keeps the names of its functions and classes, so that stack traces can be read. It loses
 * spaces, comments and the names of variables, which a program would parse. Lines stay short, since
 * Node prints the one that threw.
 *
 * @param file its name in the package
 * @param map the text of the source map that esbuild has made, if the file is to have one
 */
export async function minify(file: string, text: string, map?: string): Promise<Minified> {
  const { code, map: small } = await transform(map === undefined ? text : withMap(text, map), {
    minifyWhitespace: true,
    minifySyntax: true,
    target: "esnext",
    format: "esm",
    legalComments: "none",
    sourcemap: map === undefined ? false : "external",
  });
  const mapFile = `${posix.basename(file)}.map`;
  const { code: renamed, map: renamedMap } = await minifyNames(code, {
    module: true,
    compress: false, // nothing may move: engines judge functions by their size, and calls by their place
    mangle: { module: false, toplevel: false, keep_fnames: true, keep_classnames: true },
    format: { max_line_len: 120 },
    ...(map !== undefined && { sourceMap: { content: small, url: mapFile, includeSources: true } }),
  });
  if (renamed === undefined) throw new Error("terser returned nothing");
  return {
    // The names of CommonJS modules lead through the directories of this machine.
    code: renamed.replaceAll(/"(?:\.\.\/)+node_modules\//g, '"'),
    map: map === undefined ? undefined : String(renamedMap),
  };
}

function withMap(text: string, map: string): string {
  const base64 = Buffer.from(map).toString("base64");
  return `${text}\n//# sourceMappingURL=data:application/json;base64,${base64}\n`;
}
