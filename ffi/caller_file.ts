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
  const before = NAMES.map((name) =>
    [name, Object.getOwnPropertyDescriptor(error, name), error[name]] as const
  );
  const holder: { stack?: unknown } = {};
  try {
    error.prepareStackTrace = (_, sites) => sites[0]?.getFileName();
    error.stackTraceLimit = 1;
    error.captureStackTrace(holder, callerFile);
    return typeof holder.stack === "string" ? holder.stack : undefined;
  } catch { // Error is frozen
    error.captureStackTrace(holder, callerFile);
    return fileIn(holder.stack);
  } finally {
    for (const [name, descriptor, value] of before) restore(error, name, descriptor, value);
  }
}

const NAMES = ["prepareStackTrace", "stackTraceLimit"] as const;

/** SES puts an accessor there, which must be given back the value: its descriptor has none. */
function restore(
  error: V8Error,
  name: typeof NAMES[number],
  before: PropertyDescriptor | undefined,
  value: unknown,
): void {
  if (!before) Reflect.deleteProperty(error, name);
  else if (before.set) Reflect.set(error, name, value);
  // Without a prototype, on which somebody may have put a getter.
  else Reflect.defineProperty(error, name, Object.assign(Object.create(null), before));
}

/** The first line's, of a stack that is text: `    at now (file:///app/mod.js:1:2)`. */
function fileIn(stack: unknown): string | undefined {
  return /^.*\n +at (?:[^(]* \()?((?:file:\/)?\/.*?):\d+:\d+\)?(?:\n|$)/.exec(String(stack))?.[1];
}
