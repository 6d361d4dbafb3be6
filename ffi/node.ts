/**
 * Node's own FFI: `node:ffi`, from Node 26 on.
 *
 * @module
 */
import { waitAtExit } from "./node_exit.ts";
import { builtin, globals } from "./runtime.ts";
import {
  type Ffi,
  type Functions,
  type NativeType,
  type NoFfi,
  type Signatures,
  symbolTable,
} from "./types.ts";

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

/** `process`, as far as it is needed here. */
interface NodeProcess {
  versions: { node: string };
  once(event: "beforeExit" | "exit", listener: () => void): void;
  cpuUsage(): { user: number; system: number };
  emitWarning(warning: string | Error, ...rest: unknown[]): void;
}

/** Node's own: test frameworks put a copy in its place, which warns nobody and never ends. */
function realProcess(): NodeProcess {
  return (builtin("node:process") ?? globals.process) as NodeProcess;
}

/** The adapter, or that this Node has no `node:ffi`. */
export function nodeFfi(): Ffi | NoFfi {
  const process = realProcess();
  const ffi = withoutFfiWarning(process, () => builtin("node:ffi")) as NodeFfi | undefined;
  if (!ffi) return { name: "none", reason: "This Node has no node:ffi, as Node 26 has" };
  return {
    name: "node",
    isShim: false,
    countsLibraries: false,
    open(library, table) {
      const functions = open(ffi, library, table);
      waitAtExit(process); // not where --permission forbids FFI
      return functions;
    },
  };
}

function open<S extends Signatures>(ffi: NodeFfi, library: string, table: S): Functions<S> {
  const symbols = symbolTable<NodeFunction>(table, (parameters, result) => ({
    arguments: parameters.map((type) => TYPES[type]),
    return: TYPES[result],
  }));
  return ffi.dlopen(library, symbols).functions as Functions<S>;
}

/**
 * Node prints an ExperimentalWarning when node:ffi is first asked for. That the library uses an
 * experimental module is its own affair, and no news to the people in front of the screen: so this
 * one warning is dropped, at this one moment. Every other warning passes.
 */
function withoutFfiWarning<T>(process: NodeProcess, load: () => T): T {
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
