/**
 * What the package.json above a file makes of it, and how Node runs ES modules nevertheless.
 *
 * `npm init` writes `"type": "commonjs"`. Then Node refuses `import` in a `.ts` or `.js` file, which
 * Deno and Bun run. In the processes that `vdso bench` starts, such files are what their syntax says.
 *
 * @module
 */
import type * as FileSystem from "node:fs";
import { readFileSync } from "node:fs";
import type * as Modules from "node:module";
import { dirname, join } from "node:path";
import type * as VirtualMachine from "node:vm";

/** A package.json. */
export interface PackageScope {
  readonly path: string;
  readonly type: string | undefined;
}

/** The nearest one above a file; undefined if there is none. */
export function packageScope(file: string): PackageScope | undefined {
  for (let below = file, at = dirname(file); at !== below; below = at, at = dirname(at)) {
    const path = join(at, "package.json");
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch {
      continue;
    }
    return { path, type: typeOf(text) };
  }
  return undefined;
}

function typeOf(text: string): string | undefined {
  try {
    const { type } = JSON.parse(text) as { type?: unknown };
    return typeof type === "string" ? type : undefined;
  } catch {
    return undefined; // the runtime will say what is wrong with it
  }
}

/** Whether Node would take a module for CommonJS because of its package. */
export function isCommonJsScope(file: string): boolean {
  return /\.[jt]s$/.test(file) && packageScope(file)?.type === "commonjs";
}

/** The URL of a module that, preloaded in Node, has it load such files by their syntax. */
export function syntaxHookUrl(): string {
  const text = `import fs from "node:fs"; import module from "node:module"; ` +
    `import vm from "node:vm"; (${goBySyntax})(fs, module, vm);`;
  return `data:text/javascript;base64,${Buffer.from(text).toString("base64")}`;
}

/** Its text is its only contact with this module. */
function goBySyntax(
  fs: typeof FileSystem,
  module: typeof Modules,
  vm: typeof VirtualMachine,
): void {
  const { registerHooks, stripTypeScriptTypes } = module as Partial<typeof Modules>;
  registerHooks?.({ // from Node 22.15 on
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const { url, format } = found;
      if (format !== "commonjs" && format !== "commonjs-typescript") return found;
      if (!/\.[jt]s$/.test(url) || url.split("/").includes("node_modules") || !isModule(url)) {
        return found;
      }
      return { ...found, format: format.replace("commonjs", "module") };
    },
  });

  function isModule(url: string): boolean {
    let text = fs.readFileSync(new URL(url), "utf8").replace(/^#!.*/, "");
    try {
      if (url.endsWith(".ts")) text = stripTypeScriptTypes?.(text) ?? text;
    } catch { // Node will say what of it cannot be stripped
      return /^\s*(import|export)\b/m.test(text);
    }
    try {
      vm.compileFunction(text, ["exports", "require", "module", "__filename", "__dirname"]);
      return false;
    } catch (error) {
      // What V8 says of import, export, import.meta and await in CommonJS.
      return /outside a module|'export'|await is only valid/.test((error as Error).message);
    }
  }
}
