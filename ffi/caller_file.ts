/**
 * Which file code comes from, as the stack knows it.
 *
 * @module
 */

/** V8's own API of stack traces: <https://v8.dev/docs/stack-trace-api>. */
interface V8Error {
  captureStackTrace(target: object, below: () => unknown): void;
}
interface CallSite {
  getFileName(): string | null;
}

/**
 * The file of the function that calls this, in Node: a path or a `file:` URL.
 *
 * Bundles into CommonJS have no `import.meta.url` (esbuild), or the path of the machine that built them
 * (Bun), and Bun renames `module`; `node -e` and `node -` define a global `module`, and that one lies in
 * the current directory, where anybody may have put a file. The stack says `[eval]` there. Not by
 * getCallSites(): it costs a program's start 1 ms to load node:util.
 */
export function callerFile(): string | undefined {
  const before = NAMES.map((name) => Object.getOwnPropertyDescriptor(Error, name));
  const holder: { stack?: readonly CallSite[] } = {};
  try {
    Object.assign(Error, {
      prepareStackTrace: (_: unknown, sites: readonly CallSite[]) => sites,
      stackTraceLimit: 1,
    });
    (Error as unknown as V8Error).captureStackTrace(holder, callerFile);
    return holder.stack?.[0]?.getFileName() ?? undefined;
  } catch {
    return undefined; // Error is frozen
  } finally {
    NAMES.forEach((name, i) => restore(name, before[i]));
  }
}

const NAMES = ["prepareStackTrace", "stackTraceLimit"];

function restore(name: string, before: PropertyDescriptor | undefined): void {
  if (before) Reflect.defineProperty(Error, name, before);
  else Reflect.deleteProperty(Error, name);
}
