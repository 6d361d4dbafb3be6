/**
 * Deno's FFI: `Deno.dlopen`, behind `--allow-ffi`.
 *
 * @module
 */
import {
  type Ffi,
  type Functions,
  type NativeType,
  type NoFfi,
  type Signatures,
  symbolTable,
} from "./types.ts";

// Declared here, so that the other runtimes' compilers can read this file too.
interface DenoNamespace {
  dlopen(library: string, symbols: Record<string, DenoFunction>): { symbols: unknown };
  permissions: { querySync(descriptor: DenoFfiPermission): { state: string; partial?: boolean } };
}
interface DenoFunction {
  parameters: readonly NativeType[];
  result: NativeType;
}
interface DenoFfiPermission {
  name: "ffi";
  path?: string;
}

/**
 * The adapter, or why there is none. Asks with `querySync`, which never prompts, before anything
 * that could.
 *
 * @param path the one library that will be opened, for a grant of `--allow-ffi=PATH`
 */
export function denoFfi(path?: string, deno: DenoNamespace = denoGlobal()): Ffi | NoFfi {
  if (!grants(deno, path)) return { name: "none", reason: refusal(path) };
  return {
    name: "deno",
    isShim: false,
    countsLibraries: true,
    open(library, table) {
      // A program may have dropped the permission since, and then Deno.dlopen would prompt.
      if (!grants(deno, path)) throw new Error(refusal(path));
      return open(deno, library, table);
    },
  };
}

/** Every library, by whatever name. */
function grantsAll(deno: DenoNamespace): boolean {
  const { state, partial } = deno.permissions.querySync({ name: "ffi" });
  // `partial`: granted, but some path is denied. Deno then looks for a bare name such as libc.so.6 in
  // the current directory, where a stranger's file may lie, instead of leaving it to dlopen(3).
  return state === "granted" && partial !== true;
}

function grants(deno: DenoNamespace, path: string | undefined): boolean {
  return grantsAll(deno) ||
    (path !== undefined && deno.permissions.querySync({ name: "ffi", path }).state === "granted");
}

function refusal(path: string | undefined): string {
  return path === undefined
    ? "Deno grants no FFI to every library: run with --allow-ffi, " +
      "or bind({ shim }) under --allow-ffi=PATH"
    : `Deno grants no FFI to ${path}: run with --allow-ffi=${path}`;
}

function open<S extends Signatures>(deno: DenoNamespace, library: string, table: S): Functions<S> {
  const symbols = symbolTable<DenoFunction>(
    table,
    (parameters, result) => ({ parameters, result }),
  );
  return deno.dlopen(library, symbols).symbols as Functions<S>;
}

function denoGlobal(): DenoNamespace {
  return (globalThis as unknown as { Deno: DenoNamespace }).Deno;
}
