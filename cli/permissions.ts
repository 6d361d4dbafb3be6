/**
 * Deno's permissions. They are looked up before anything is done that takes one: Deno would ask its
 * user.
 *
 * @module
 */

/** What may be wanted; with neither `path` nor `variable`, all of it. */
export interface Wanted {
  readonly name: "env" | "read" | "run" | "write";
  readonly path?: string;
  readonly variable?: string;
}

const { Deno } = globalThis as unknown as {
  Deno?: { permissions: { querySync(wanted: Wanted): { state: string } } };
};

/** Whether it is permitted. The other runtimes know no such thing. */
export function isGranted(wanted: Wanted): boolean {
  return Deno === undefined || Deno.permissions.querySync(wanted).state === "granted";
}
