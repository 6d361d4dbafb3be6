/**
 * Which file code comes from, as the stack knows it.
 *
 * @module
 */

/** V8's own API of stack traces: <https://v8.dev/docs/stack-trace-api>. */
interface V8Error {
  captureStackTrace(target: object, below: () => unknown): void;
  prepareStackTrace?: (error: unknown, sites: readonly CallSite[]) => unknown;
  stackTraceLimit?: number;
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
  const error = Error as unknown as V8Error;
  const restore = NAMES.map((name) => restorer(error, name));
  try {
    error.prepareStackTrace = (_, sites) => sites[0]?.getFileName();
    error.stackTraceLimit = 1;
    const file = stackOf(error);
    return typeof file === "string" ? file : undefined;
  } catch { // Error is frozen
    return fileIn(stackOf(error));
  } finally {
    for (const put of restore) put();
  }
}

const NAMES = ["prepareStackTrace", "stackTraceLimit"] as const;

/** Below callerFile(), whatever that has become; undefined where it cannot be told. */
function stackOf(error: V8Error): unknown {
  const holder: { stack?: unknown } = {};
  try {
    error.captureStackTrace(holder, callerFile);
    return holder.stack;
  } catch {
    return undefined;
  }
}

/** Puts back what is there now. SES has an accessor there, whose descriptor does not have the value. */
function restorer(error: V8Error, name: typeof NAMES[number]): () => void {
  const before = Object.getOwnPropertyDescriptor(error, name);
  if (!before) return () => void Reflect.deleteProperty(error, name);
  if (!before.set) {
    // Without a prototype, on which somebody may have put a getter.
    const own = Object.assign(Object.create(null), before) as PropertyDescriptor;
    return () => void Reflect.defineProperty(error, name, own);
  }
  const { get, set } = before;
  const value: unknown = get?.call(error);
  return () => {
    try {
      set.call(error, value);
    } catch {
      // Then it took no other value before either.
    }
  };
}

/** The first line's, of a stack that is text: `    at now (file:///app/mod.js:1:2)`. */
function fileIn(stack: unknown): string | undefined {
  return /^.*\n +at (?:[^(]* \()?((?:file:\/)?\/.*?):\d+:\d+\)?(?:\n|$)/.exec(String(stack))?.[1];
}
