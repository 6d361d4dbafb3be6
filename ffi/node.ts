/**
 * Node's own FFI: `node:ffi`, from Node 26 on.
 *
 * @module
 */
import { builtin, globals, type Process } from "./runtime.ts";
import type { Ffi, Functions, NativeType, NoFfi, Signatures } from "./types.ts";

interface NodeFfi {
  dlopen(library: string, symbols: Record<string, NodeFunction>): { functions: unknown };
}
interface NodeFunction {
  arguments: readonly string[];
  return: string;
}

const TYPES: Readonly<Record<NativeType, string>> = {
  void: "void",
  f64: "f64",
  i32: "i32",
  u32: "u32",
  i64: "i64",
  usize: "u64",
  buffer: "buffer",
};

/** The adapter, or that this Node has no `node:ffi`. */
export function nodeFfi(): Ffi | NoFfi {
  const ffi = withoutFfiWarning(() => builtin("node:ffi")) as NodeFfi | undefined;
  if (!ffi) return { name: "none", reason: "This Node has no node:ffi, as Node 26 has" };
  return { name: "node", bareNames: true, open: (library, table) => open(ffi, library, table) };
}

function open<S extends Signatures>(ffi: NodeFfi, library: string, table: S): Functions<S> {
  const symbols: Record<string, NodeFunction> = {};
  for (const [name, [parameters, result]] of Object.entries(table)) {
    symbols[name] = { arguments: parameters.map((type) => TYPES[type]), return: TYPES[result] };
  }
  return ffi.dlopen(library, symbols).functions as Functions<S>;
}

/**
 * Node prints an ExperimentalWarning when node:ffi is first asked for. That the library uses an
 * experimental module is its own affair, and no news to the people in front of the screen: so this
 * one warning is dropped, at this one moment. Every other warning passes.
 */
function withoutFfiWarning<T>(load: () => T): T {
  const process = globals.process as Process;
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] === "ExperimentalWarning" && String(warning).startsWith("FFI ")) return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
