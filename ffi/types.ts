/**
 * What the rest of the library knows of an FFI: one narrow interface.
 *
 * @module
 */

/** C types that travel across the FFI. `buffer` is a `void *` to a JavaScript byte array. */
export type NativeType = "void" | "f64" | "i32" | "u32" | "i64" | "usize" | "buffer";

/** Parameter types, then the result type. */
export type Signature = readonly [parameters: readonly NativeType[], result: NativeType];

/** The C functions to resolve in one library, by name. */
export type Signatures = Readonly<Record<string, Signature>>;

interface JsTypes {
  void: undefined;
  f64: number;
  i32: number;
  u32: number;
  i64: bigint;
  usize: bigint;
  buffer: Uint8Array;
}

type Parameters<P extends readonly NativeType[]> = { [K in keyof P]: JsTypes[P[K]] };

/** The JavaScript functions that {@link Ffi.open} makes of a table of signatures. */
export type Functions<S extends Signatures> = {
  [K in keyof S]: (...args: Parameters<S[K][0]>) => JsTypes[S[K][1]];
};

/** The FFIs of Node. The addon is none, strictly speaking, but takes the place of one. */
export type NodeFfiName = "addon" | "node" | "koffi";

/** The names of the FFIs. */
export type FfiName = "deno" | "bun" | NodeFfiName;

/** Those of Node, best first. */
export const NODE_FFIS: readonly NodeFfiName[] = ["addon", "node", "koffi"];

/**
 * A table for a runtime's dlopen(), which takes options of functions from it. It inherits none: what
 * anybody has written to Object.prototype would make the clock wait for threads (Deno's `nonblocking`),
 * or give it another type.
 */
export function symbolTable<T extends object>(
  signatures: Signatures,
  describe: (parameters: readonly NativeType[], result: NativeType) => T,
): Record<string, T> {
  const table = Object.create(null) as Record<string, T>;
  for (const [name, [parameters, result]] of Object.entries(signatures)) {
    table[name] = Object.assign(Object.create(null) as object, describe(parameters, result));
  }
  return table;
}

/** A runtime's foreign function interface. */
export interface Ffi {
  readonly name: FfiName;
  /** Whether each library that is opened counts as a resource of the program, for its tests say. */
  readonly countsLibraries: boolean;
  /** It is the shim itself: `open` takes no other library, whatever name it gets. */
  readonly isShim: boolean;
  /** dlopen(3) and dlsym(3) of every name in `signatures`; throws what the runtime throws. */
  open<const S extends Signatures>(library: string, signatures: S): Functions<S>;
}

/** No FFI, and why: nothing is thrown until somebody insists on one. */
export interface NoFfi {
  readonly name: "none";
  readonly reason: string;
  readonly cause?: unknown;
}
