/**
 * Node's own FFI: `node:ffi`, from Node 26 on.
 *
 * @module
 */
import { builtin, globals, type Process, readKernelFile } from "./runtime.ts";
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
  settleBeforeExit();
  return { name: "node", open: (library, table) => open(ffi, library, table) };
}

let settles = false;

/**
 * Node 26 frees what V8's compiler knows of an FFI function as soon as the context ends, also while
 * a compiler thread is reading it: one in twenty programs that call `now()` some thousand times and
 * then end would die of SIGSEGV. So the end waits until the compiler has nothing to do, a
 * millisecond as a rule and a hundred at most; to stop V8 would take as long. Nothing of the kind can
 * be done where a Worker is terminated.
 */
function settleBeforeExit(): void {
  if (settles) return;
  settles = true;
  const process = globals.process as Process;
  process.once("exit", () => {
    const never = new Int32Array(new SharedArrayBuffer(4));
    for (let ms = 0; ms < 100; ms++) {
      const before = process.cpuUsage();
      Atomics.wait(never, 0, 0, 1);
      const { user, system } = process.cpuUsage(before);
      if (user + system < IDLE_MICROS && !compilerIsBusy()) return;
    }
  });
}

/** What a millisecond's sleep costs by itself is less; a thread that compiles takes all of it. */
const IDLE_MICROS = 300;

/**
 * Whether one of V8's threads runs, or would if other programs let it: on a busy machine it may get
 * no time for long. It may also sleep in the midst of its work: where threads first wait for each
 * other, the lock's library measures the CPU's clock against sleeps of some milliseconds. By
 * proc_pid_stat(5) and proc_pid_wchan(5); false where /proc may not be read.
 */
function compilerIsBusy(): boolean {
  return threadIds().some((id) => {
    const read = (file: string) => readKernelFile(`/proc/self/task/${id}/${file}`) ?? "";
    const [, state] = / \(node-V8Worker\) (.)/.exec(read("stat")) ?? [];
    return state === "R" || state === "D" || (state === "S" && read("wchan").includes("nanosleep"));
  });
}

function threadIds(): string[] {
  try {
    const fs = builtin("node:fs") as { readdirSync(path: string): string[] };
    return fs.readdirSync("/proc/self/task");
  } catch {
    return []; // a permission that Node has not been given
  }
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
