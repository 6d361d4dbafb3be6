/**
 * Runs in the runtime that is measured, with `clocks` or `others` as its argument, and after that the
 * FFI, where not the best is to be taken: says on the first line what it is, then for each line
 * `NAME CALLS` on standard input makes so many calls of that contender, and answers with the
 * nanoseconds that they took.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { bind, type BindOptions, sources } from "../../mod.ts";
import { runtime } from "../../tests/support.ts";
import { contenders } from "./contenders.ts";
import { hasCounter, others } from "./others.ts";
import type { AnyName, Hello } from "./results.ts";
import type { Batch } from "./timed.ts";

const [, , group, ffi] = process.argv as [string, string, string?, BindOptions["ffi"]?];
if (ffi !== undefined) bind({ ffi });
const batches: Readonly<Partial<Record<AnyName, Batch>>> = group === "others"
  ? others()
  : contenders();
const { entries, reason, ...found } = sources();
const hello: Hello = {
  version: process.versions[runtime] ?? "",
  ffi: found.ffi,
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
