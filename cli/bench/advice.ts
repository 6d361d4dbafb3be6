/**
 * What to do about a file that does not run: the cause and the cure, where a runtime's own message
 * does not say them.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { readText } from "../file_error.ts";
import { packageScope } from "./package_scope.ts";

/** What a runtime says, and what to answer. `undefined` is no answer. */
interface Cause {
  readonly pattern: RegExp;
  readonly advice: (match: RegExpExecArray, file: string) => string | undefined;
}

const CAUSES: readonly Cause[] = [
  {
    // Node | Bun | Deno, without a package.json, with one, and with one that npm has not installed.
    pattern:
      /Cannot find (?:package|module) '@x\/vdso|Import "@x\/vdso[^"]*" not a dependency|Could not (?:find|resolve) "@x\/vdso/,
    advice: (_, file) =>
      `@x/vdso is not installed where ${basename(file)} is: run npm install @x/vdso in ` +
      `${dirname(file)} or above`,
  },
  {
    pattern: /ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX/,
    advice: (_, file) =>
      "Node runs TypeScript by leaving out its types. It has no enum, no namespace with code, no " +
      "parameter property and no import of another kind (the option erasableSyntaxOnly of " +
      `TypeScript finds them). Write that in another way, or ${bundled(file)}`,
  },
  {
    pattern: /SyntaxError: Invalid or unexpected token/,
    advice: (_, file) =>
      /^\s*@\w/m.test(readText(file)) ? `Node knows no decorators: ${bundled(file)}` : undefined,
  },
  {
    pattern: /ERR_UNKNOWN_FILE_EXTENSION.*"(\.\w+)"/,
    advice: ([, extension], file) => `Node runs no ${extension} files: ${bundled(file)}`,
  },
  {
    pattern: /ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING/,
    advice: (_, file) => `Node runs no TypeScript below node_modules: ${bundled(file)}`,
  },
  {
    pattern: /Cannot use import statement outside a module|Unexpected token 'export'/,
    advice: (_, file) => {
      const extension = /\.c([jt]s)$/.exec(file);
      if (extension) {
        return `A .c${extension[1]} file is CommonJS, which has no import and no export: call it ` +
          `.m${extension[1]}, or take require()`;
      }
      const { path, type } = packageScope(file) ?? {};
      return type === undefined
        ? undefined
        : `Node takes files below ${path} for CommonJS, which has no import and no export: set ` +
          `"type": "module" there, or call them .mts and .mjs`;
    },
  },
  {
    pattern: /request for '.*' is from a module not been linked/,
    advice: (_, file) =>
      `Node 22 cannot require() ES modules from a .cts file: call ${
        basename(file)
      } .mts and import, ` +
      "or take a later Node",
  },
  {
    pattern: /\brequire is not defined/,
    advice: () => "An ES module has no require(): import instead, or call the file .cjs",
  },
  {
    pattern: /(?:Cannot find module '|Module not found "file:\/\/)(\/[^'"]+)/,
    advice: ([, path = ""]) => {
      const name = basename(path);
      const is = [`${name}.ts`, `${name}.js`, name.replace(/\.js$/, ".ts"), `${name}/index.ts`]
        .find((other) => other !== name && existsSync(`${dirname(path)}/${other}`));
      return is === undefined
        ? undefined
        : `Node and Deno find a file by its whole name alone: import ${is}, not ${name}`;
    },
  },
  {
    pattern:
      /'@x\/vdso' does not provide an export named '(?:bench|group|measure)'|Export named '(?:bench|group|measure)' not found/,
    advice: () => "bench(), group() and measure() are exports of @x/vdso/bench",
  },
  {
    pattern: /does not provide an export named '?(\w+)/,
    advice: ([, name]) =>
      `If ${name} is a type, say so to Node and Deno: import { type ${name} } from ...`,
  },
  {
    pattern:
      /ERR_UNSUPPORTED_ESM_URL_SCHEME.*'(\w+:)'|Cannot find (?:package|module) '((?:jsr|npm):)/,
    advice: ([, scheme, other], file) =>
      `Only Deno imports from ${scheme ?? other}. For the others, install the package and import ` +
      `it by its name, or leave them out for ${basename(file)}: --runtimes deno`,
  },
  {
    pattern: /ReferenceError: (Deno|Bun) is not defined/,
    advice: ([, name = ""]) =>
      `${name} is there in one runtime alone: --runtimes ${name.toLowerCase()}, or let the ` +
      "benchmark be left out elsewhere by its option skip",
  },
  {
    pattern: /ReferenceError: (bench|group) is not defined/,
    advice: ([, name]) => `${name}() is an export of @x/vdso/bench: import it`,
  },
  {
    pattern: /ReferenceError: (?:describe|test|it|suite) is not defined/,
    advice: () =>
      "It looks like a file of tests, for vitest or jest: benchmarks are declared by " +
      "bench() and group() of @x/vdso/bench",
  },
  {
    // The second is what an import says that the program makes when it runs.
    pattern: /NotCapable: Requires (\w+) access|TypeError: Requires (\w+) access to /,
    advice: ([, what, other]) =>
      `Deno runs it without that permission: --deno-args --allow-${what ?? other}`,
  },
];

function bundled(file: string): string {
  const target = basename(file).replace(/\.\w+$/, ".mjs");
  return `run JavaScript made of it: npx esbuild ${basename(file)} --bundle --format=esm ` +
    `--target=node22 --packages=external --outfile=${target}`;
}

/** Undefined if it is nothing known. */
export function adviceFor(said: string, file: string): string | undefined {
  for (const { pattern, advice } of CAUSES) {
    const match = pattern.exec(said);
    const text = match ? advice(match, file) : undefined;
    if (text !== undefined) return text;
  }
  return undefined;
}

/** Others that measure, by the name of their package: how such a file is run. */
const OTHERS: Readonly<Record<string, (file: string) => string>> = {
  "vitest": () => "npx vitest bench",
  "mitata": (file) => `node ${file}; @x/vdso/bench/mitata gives it this clock`,
  "tinybench": (file) => `node ${file}; @x/vdso/bench/tinybench gives it this clock`,
  ...Object.fromEntries(
    ["benchmark", "bench-node", "benny", "cronometro", "fastbench", "nanobench", "tatami-ng"].map((
      name,
    ) => [name, (file: string) => `node ${file}`]),
  ),
};

const IMPORT =
  /\b(?:from|import|require\()\s*["'](?:npm:)?((?:@[\w.-]+\/)?[\w.-]+)(?:@[^"'/]*)?(\/[^"']*)?["']/g;

/** Of a file that declares no benchmark: whose it looks like. Undefined if it looks like ours. */
export function otherFramework(source: string, file: string): string | undefined {
  const imports = Array.from(source.matchAll(IMPORT), ([, name = "", path = ""]) => [name, path]);
  if (imports.some(([name, path]) => name === "@x/vdso" && path === "/bench")) return undefined;
  const [name] = imports.find(([name = ""]) => Object.hasOwn(OTHERS, name)) ?? [];
  const [what, how] = name !== undefined
    ? [name, OTHERS[name]?.(basename(file))]
    : /\bDeno\.bench\(/.test(source)
    ? ["Deno.bench()", `deno bench ${basename(file)}`]
    : [];
  if (what === undefined) return undefined;
  return `It looks like a file for ${what}: run it so (${how}), or declare its benchmarks by ` +
    "bench() and group() of @x/vdso/bench";
}
