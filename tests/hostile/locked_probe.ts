/**
 * Locks this process down, and then runs the probe.
 *
 *   RUNTIME tests/hostile/locked_probe.ts [LOCKS]
 *
 * LOCKS: a JSON array of names and arguments, as in ../fixtures/lock_down.ts.
 */
import process from "node:process";
import { type Lock, LOCKS } from "../fixtures/lock_down.ts";

for (const [name, argument] of JSON.parse(process.argv[2] ?? "[]") as Lock[]) {
  (LOCKS[name] as (argument: unknown) => void)(argument);
}
await import("./probe.ts");
