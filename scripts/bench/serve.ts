/**
 * Runs in the runtime that is measured, with `clocks` or `others` as its argument: says on the first
 * line what it is, then for each line `NAME CALLS` on standard input makes so many calls of that
 * contender, and answers with the nanoseconds that they took.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { sources } from "../../mod.ts";
import { runtime } from "../../tests/support.ts";
import { contenders } from "./contenders.ts";
import { hasCounter, others } from "./others.ts";
import type { AnyName, Hello } from "./results.ts";
import type { Batch } from "./timed.ts";

const batches: Readonly<Partial<Record<AnyName, Batch>>> = process.argv[2] === "others"
  ? others()
  : contenders();
const { ffi, entries, reason } = sources();
const hello: Hello = {
  version: process.versions[runtime] ?? "",
  ffi,
  source: entries.clock_gettime,
  ...(reason !== undefined && { reason }),
  entries,
  hasCounter: hasCounter(),
  contenders: Object.keys(batches) as AnyName[],
};
console.log(JSON.stringify(hello));

for await (const line of createInterface({ input: process.stdin })) {
  const [name = "", calls] = line.split(" ");
  const batch = batches[name as AnyName];
  if (!batch) throw new RangeError(`Expected a contender, got ${JSON.stringify(name)}`);
  console.log(batch(Number(calls)));
}
