/**
 * Runs in the runtime that is measured: says on the first line what it is, then for each line
 * `NAME CALLS` on standard input makes so many calls of that contender, and answers with the
 * nanoseconds that they took.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { sources } from "../../mod.ts";
import { runtime } from "../../tests/support.ts";
import { contenders } from "./contenders.ts";
import type { ContenderName, Hello } from "./results.ts";

const batches = contenders();
const { ffi, entries: { clock_gettime: source }, reason } = sources();
const hello: Hello = {
  version: process.versions[runtime] ?? "",
  ffi,
  source,
  ...(reason !== undefined && { reason }),
  contenders: Object.keys(batches) as ContenderName[],
};
console.log(JSON.stringify(hello));

for await (const line of createInterface({ input: process.stdin })) {
  const [name = "", calls] = line.split(" ");
  const batch = batches[name as ContenderName];
  if (!batch) throw new RangeError(`Expected a contender, got ${JSON.stringify(name)}`);
  console.log(batch(Number(calls)));
}
