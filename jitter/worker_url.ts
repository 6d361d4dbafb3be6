/**
 * Where the Workers' file is: beside this one, in the same language. In the npm package both are
 * JavaScript.
 *
 * @module
 */

/**
 * For new Worker().
 *
 * @throws {Error} in a bundle that does not know where it is
 */
export function workerUrl(): URL {
  const { url } = import.meta as { url?: string };
  if (url === undefined) throw new Error("A bundle in CommonJS has no Worker to start");
  return new URL(`./vdso_jitter_worker${/\.[jt]s$/.exec(url)?.[0] ?? ".js"}`, url);
}
