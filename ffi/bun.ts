/**
 * Bun's FFI: `bun:ffi`.
 *
 * @module
 */
import { builtin } from "./runtime.ts";
import {
  type Ffi,
  type Functions,
  type NativeType,
  type Signatures,
  symbolTable,
} from "./types.ts";

interface BunFfi {
  dlopen(library: string, symbols: Record<string, BunFunction>): { symbols: unknown };
}
interface BunFunction {
  args: readonly string[];
  returns: string;
}

const TYPES: Readonly<Record<NativeType, string>> = {
  void: "void",
  f64: "f64",
  i32: "i32",
  u32: "u32",
  i64: "i64",
  usize: "u64",
  buffer: "ptr",
};

/** The adapter; throws where Bun was built without its FFI. */
export function bunFfi(): Ffi {
  const ffi = builtin("bun:ffi") as BunFfi | undefined;
  if (!ffi) throw new Error("This Bun has no bun:ffi");
  return {
    name: "bun",
    isShim: false,
    countsLibraries: false,
    open: (library, table) => open(ffi, library, table),
  };
}

function open<S extends Signatures>(ffi: BunFfi, library: string, table: S): Functions<S> {
  const symbols = symbolTable<BunFunction>(table, (parameters, result) => ({
    args: parameters.map((type) => TYPES[type]),
    returns: TYPES[result],
  }));
  return ffi.dlopen(library, symbols).symbols as Functions<S>;
}
