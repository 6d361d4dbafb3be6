/**
 * The end of a program that uses node:ffi.
 *
 * Node 26 frees what V8's compiler knows of an FFI function as soon as the context ends, also while a
 * compiler thread is reading it: one in twenty programs that call `now()` some thousand times and then
 * end would die of SIGSEGV. So the end waits until no compiler thread is at work. Nothing of the kind
 * can be done where a Worker is terminated. docs/node-ffi-exit.md is the report to Node.
 *
 * @module
 */
import { builtin } from "./runtime.ts";

/** `process`, as far as it is needed here. */
interface NodeProcess {
  versions: { node: string };
  once(event: "beforeExit" | "exit", listener: () => void): void;
  cpuUsage(): { user: number; system: number };
}

interface FileSystem {
  readdirSync(path: string): string[];
  readFileSync(path: string, encoding: "utf8"): string;
}

/** As they were at import: fake ones may have taken their place when the library is first called. */
const { Atomics, SharedArrayBuffer } = globalThis;

/** The first version of Node that needs no waiting: none is known yet. */
const MENDED: readonly [major: number, minor: number] = [Infinity, 0];

/** Whether this version of Node frees too early. */
export function freesEarly(version: string, mended = MENDED): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < mended[0] || (major === mended[0] && minor < mended[1]);
}

/** Of all copies of this module in a process: each evaluation of it is one, with vi.resetModules. */
const GUARD = Symbol.for("@x/vdso exit guard");

/** The compiler is done after a few milliseconds; where it gets no CPU, this is the end of waiting. */
const MOST_MS = 1000;
/** The same where only the CPU time of all threads is known: others may be at work for long. */
const MOST_MS_BLIND = 20;
/** What a millisecond's sleep costs by itself is less; a thread that compiles takes all of it. */
const IDLE_MICROS = 300;

/**
 * Waits at the end of this program, or Worker, while V8 compiles.
 *
 * Whatever is needed then is taken now: a test framework may have torn down or mocked it by then.
 *
 * @param process the real one, which is not always the global one: jest has a copy of its own there
 * @param mended the first version of Node that needs no waiting
 */
export function waitAtExit(process: NodeProcess & { [GUARD]?: true }, mended = MENDED): void {
  if (Object.hasOwn(process, GUARD) || !freesEarly(process.versions.node, mended)) return;
  Object.defineProperty(process, GUARD, Object.assign(Object.create(null), { value: true }));
  const { readdirSync, readFileSync } = builtin("node:fs") as FileSystem;
  const { isMainThread } = builtin("node:worker_threads") as { isMainThread: boolean };
  const read = (path: string) => readFileSync(path, "utf8");
  const cpuUsage = process.cpuUsage.bind(process);
  const cpuMicros = () => {
    const { user, system } = cpuUsage();
    return user + system;
  };
  const { wait } = Atomics;
  const never = new Int32Array(new SharedArrayBuffer(4));
  const sleep = () => wait(never, 0, 0, 1);
  let byItself = false;
  process.once("beforeExit", () => byItself = true);
  process.once("exit", () => {
    try {
      // Nothing is freed after process.exit(), but in a Worker.
      if (!byItself && isMainThread) return;
      for (let ms = 0; ms < MOST_MS && compilerIsBusy(readdirSync, read); ms++) sleep();
    } catch {
      // No /proc, or no permission to read it.
      for (let ms = 0, before = cpuMicros(); ms < MOST_MS_BLIND; ms++) {
        sleep();
        const after = cpuMicros();
        if (after - before < IDLE_MICROS) return;
        before = after;
      }
    }
  });
}

/**
 * Whether one of V8's threads runs, or would if other programs let it: on a busy machine it may get
 * no time for long. It may also sleep in the midst of its work: where threads first wait for each
 * other, the lock's library measures the CPU's clock against sleeps of some milliseconds. By
 * proc_pid_stat(5) and proc_pid_wchan(5).
 */
export function compilerIsBusy(
  list: (directory: string) => string[],
  read: (path: string) => string,
): boolean {
  return list("/proc/self/task").some((id) => {
    const [, state] = / \(node-V8Worker\) (.)/.exec(read(`/proc/self/task/${id}/stat`)) ?? [];
    return state === "R" || state === "D" ||
      (state === "S" && read(`/proc/self/task/${id}/wchan`).includes("nanosleep"));
  });
}
