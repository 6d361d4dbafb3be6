/**
 * Where the Workers' file is: beside this one, in the same language. In the npm package both are
 * JavaScript.
 *
 * @module
 */

/** For new Worker(). */
export const WORKER: URL = new URL(
  `./worker${/\.[jt]s$/.exec(import.meta.url)?.[0] ?? ".js"}`,
  import.meta.url,
);
